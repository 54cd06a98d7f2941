"""Random conversations of every shape: all counted, all found again, SQL and Python agree."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from laserdb.warehouse import Warehouse
from laserdb.warehouse.ingest import IngestOptions, ingest
from laserdb.warehouse.ingest.batch import LINES, Batch
from laserdb.warehouse.ingest.rows import STAGED, convert
from laserdb.warehouse.ingest.stage import Stager

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ASKED = TEXT.filter(lambda text: text.strip() != "")
NAMES = {"user": "human", "assistant": "gpt", "system": "system", "tool": "observation"}


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Messages with at least one that a user wrote; mostly in turns, sometimes in any order."""
    if draw(st.booleans()):
        texts = draw(st.lists(ASKED, min_size=1, max_size=6))
        said = [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(texts)]
        return ([{"role": "system", "content": draw(TEXT)}] if draw(st.booleans()) else []) + said
    roles = draw(st.lists(st.sampled_from(["user", "assistant", "system", "tool"]), max_size=6))
    said = [{"role": role, "content": draw(TEXT)} for role in roles]
    return [*said, {"role": "user", "content": draw(ASKED)}]


@st.composite
def rows(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]] | None]:
    """A line of a file, and the messages that it stands for; None for one that can't be read."""
    metadata = draw(st.dictionaries(st.text("abc", min_size=1), st.integers() | TEXT | st.none(), max_size=2))
    shape = draw(st.sampled_from(["messages", "sharegpt", "alpaca", "qa", "broken"]))
    if shape == "broken":
        return draw(st.sampled_from(["{", "[]", '{"text": "x"}', "null", '{"question": ""}'])), None
    if shape in ("messages", "sharegpt"):
        said = draw(conversations())
        row: dict[str, Any] = {"messages": said}
        if shape == "sharegpt":
            row = {"conversations": [{"from": NAMES[one["role"]], "value": one["content"]} for one in said]}
    else:
        asked, answer = draw(ASKED), draw(st.none() | TEXT)
        said = [{"role": "user", "content": asked}]
        said += [] if answer is None else [{"role": "assistant", "content": answer}]
        names = ("instruction", "output") if shape == "alpaca" else ("question", "answer")
        row = dict(zip(names, (asked, answer), strict=True))
    return json.dumps({**metadata, **row}, ensure_ascii=draw(st.booleans())), said


def rebuilt(warehouse: Warehouse) -> list[list[dict[str, Any]]]:
    """The messages of every sample, from the tables."""
    with warehouse.read() as session:
        samples = session.rows("SELECT sample_id, system, messages FROM samples ORDER BY sample_id")
        turns = session.rows("SELECT sample_id, instruction, response FROM turns ORDER BY turn_id")
    found = []
    for sample, system, messages in samples:
        if messages is not None:
            found.append(json.loads(messages))
            continue
        said = [] if system is None else [{"role": "system", "content": system}]
        for of, instruction, response in turns:
            if of == sample:
                said.append({"role": "user", "content": instruction})
                said += [] if response is None else [{"role": "assistant", "content": response}]
        found.append(said)
    return found


@settings(max_examples=25, deadline=None)
@given(st.lists(rows(), max_size=8))
def test_every_row_is_accounted_for(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("property") / "rows.jsonl"
    path.write_bytes("".join(line + "\n" for line, _ in lines).encode())
    warehouse = Warehouse(":memory:")
    try:
        summary = ingest(warehouse, [str(path)], IngestOptions())
        assert summary.read == len(lines) == summary.samples + summary.duplicates + summary.rejects
        assert summary.rejects == sum(said is None for _, said in lines)
        found = rebuilt(warehouse)
        assert len(found) == summary.samples
        given_ = [said for _, said in lines if said is not None]
        # What was kept is what was given, in the same order, but for the duplicates.
        at = 0
        for said in found:
            at = given_.index(said, at) + 1
        assert ingest(warehouse, [str(path)], IngestOptions()).samples == 0
    finally:
        warehouse.close()


@settings(max_examples=25, deadline=None)
@given(st.lists(rows(), min_size=1, max_size=8))
def test_sql_and_python_agree(lines):
    texts = [line for line, _ in lines]
    expected = convert([(at, text, text) for at, text in enumerate(texts, 1)], "s", {})
    warehouse = Warehouse(":memory:")
    try:
        with warehouse.write() as session:
            table = pa.table({"line": range(1, len(texts) + 1), "text": texts}).cast(LINES)
            staged, rejects = Stager(session, "s", {}).stage(Batch(table))
    finally:
        warehouse.close()
    found = (
        [] if staged is None else sorted(staged.select(STAGED.names).to_pylist(), key=lambda row: row["line"])
    )
    for row in [*found, *expected.staged]:
        row["metadata"] = json.loads(row["metadata"])
    assert found == expected.staged
    assert sorted(rejects, key=lambda reject: reject.line) == expected.rejects
