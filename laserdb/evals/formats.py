"""Which log a file is, by looking at its first rows, and its records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from laserdb.errors import InputError
from laserdb.evals import code_logs, judgements, lm_eval, tables
from laserdb.evals.records import SUFFIXES, Bad, ReadOptions, Record, Row, kind_of, rows_of

Reader = Callable[[Path, Iterable[Row], ReadOptions], Iterator[Record]]

_LOOKED_AT = 20  # rows


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of log: how its rows are known, and how they are read."""

    name: str
    matches: Callable[[Mapping[str, Any]], bool]
    read: Reader


FORMATS = (
    Format("lm-evaluation-harness", lm_eval.matches, lm_eval.read),
    Format("FastChat judgements", judgements.is_fastchat, judgements.read_fastchat),
    Format("FastChat questions", judgements.is_question, judgements.read_questions),
    Format("AlpacaEval annotations", judgements.is_alpaca, judgements.read_alpaca),
    Format("completions", code_logs.is_completion, code_logs.read_completions),
    Format("table", tables.matches, tables.read),
    Format("bigcode-evaluation-harness logs", code_logs.is_logs, code_logs.read_logs),
)


def find_files(paths: Sequence[Path]) -> list[tuple[Path, bool]]:
    """The files to read, in order, and whether each was named (not found in a folder). Raises InputError."""
    found: list[tuple[Path, bool]] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and kind_of(p) in SUFFIXES)
            if not inside:
                raise InputError(f"{path}: the folder holds no {', '.join(SUFFIXES)} file")
            found += [(p, False) for p in inside]
        elif path.is_file():
            if kind_of(path) not in SUFFIXES:
                raise InputError(f"{path}: unknown kind of file (there are: {', '.join(SUFFIXES)})")
            found.append((path, True))
        else:
            raise InputError(f"{path}: no such file or folder")
    return list(dict(reversed(found)).items())[::-1]


def read_all(files: Sequence[tuple[Path, bool]], options: ReadOptions) -> Iterator[Record]:
    """The records of all files. A JSON line may go on in the next file, as in parts cut by size."""
    rest, where = b"", ""
    for path, named in files:
        cut: list[Row] = []
        rows = _without_cut(rows_of(path, rest), cut)
        rest = b""
        yield from read_one(path, rows, options, named=named)
        if cut:
            rest, where = cut[0].value, cut[0].where
    if rest:
        yield Bad(where, "not JSON: the file ends in the middle of a line")


def read_one(path: Path, rows: Iterator[Row], options: ReadOptions, *, named: bool) -> Iterator[Record]:
    """The records of one file; of files in a folder those that are no logs are passed over."""
    begun = list(islice(rows, _LOOKED_AT))
    looked = [row.value for row in begun if isinstance(row.value, dict)]
    for one in FORMATS:
        if any(one.matches(value) for value in looked):
            yield from one.read(path, chain(begun, rows), options)
            return
    if any(code_logs.is_averages(value) for value in looked):
        if named:
            yield Bad(str(path), "holds averages, no results per item; name the logs (logs.json) instead")
        return
    if not named and kind_of(path) == ".json":
        return
    if begun and not looked and isinstance(begun[0].value, Bad):
        yield begun[0].value
    elif begun:
        keys = ", ".join(map(str, list(looked[0])[:6])) if looked else "no objects"
        yield Bad(begun[0].where, f"no evaluation log that laserdb knows (it has: {keys})")


def _without_cut(rows: Iterator[Row], cut: list[Row]) -> Iterator[Row]:
    for row in rows:
        if isinstance(row.value, bytes):
            cut.append(row)
        else:
            yield row
