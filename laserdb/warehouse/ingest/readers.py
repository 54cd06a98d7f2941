"""From an input to batches of rows, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

import pyarrow as pa

from laserdb.warehouse.ingest import split, streams, tabular
from laserdb.warehouse.ingest.batch import Batch
from laserdb.warehouse.ingest.files import Checked
from laserdb.warehouse.ingest.formats import Format
from laserdb.warehouse.session import Session

SEEKING = {Format.PARQUET: tabular.parquet, Format.ARROW: tabular.arrow}


def batches(session: Session, checked: Checked, advance: Callable[[int], None]) -> Iterator[Batch]:
    """The rows of an input in order; `advance` is told the bytes read. Raises InputError."""
    if checked.format is None:
        return
    name = checked.input.name
    try:
        with checked.input.open() as stream:
            if checked.format in SEEKING:
                yield from seeking(session, checked, stream, advance)
            else:
                with streams.unpacked(stream, name, advance) as text:
                    yield from streaming(session, checked, text)
    except pa.ArrowException as error:
        raise tabular.unreadable(error, name) from error


def streaming(session: Session, checked: Checked, stream: BinaryIO) -> Iterator[Batch]:
    if checked.format is Format.CSV:
        return tabular.csv_rows(session, stream, checked.head)
    if checked.format is Format.LINES:
        return split.lines(stream)
    return split.elements(stream, array=checked.format is Format.ARRAY)


def seeking(
    session: Session, checked: Checked, stream: BinaryIO, advance: Callable[[int], None]
) -> Iterator[Batch]:
    """Formats whose reader jumps about: progress goes by rows."""
    assert checked.format is not None
    size = checked.input.size or 0
    with streams.seekable(stream, checked.input.name, advance) as (file, copied):
        # Making a copy has counted the bytes already.
        yield from SEEKING[checked.format](
            session, file, lambda part: None if copied else advance(round(part * size))
        )
