"""Near duplicates and evaluation texts in the pool."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from laserdb.database import Database
from laserdb.engine.similar_texts import grams, shingles, words
from laserdb.errors import UsageError
from laserdb.warehouse import Warehouse
from tests.pools import FakeSample, fill

pytest.importorskip("rensa")

STORY = (
    "The old lighthouse keeper climbed the stairs every evening to light the lamp, and while he climbed "
    "he counted aloud, one step after the other, so that he would notice if a stair had been taken by the sea"
)
RECIPE = (
    "Whisk four eggs with sugar until pale, fold in the sieved flour, melt butter with dark chocolate over "
    "hot water, combine both and bake in a buttered tin for twenty minutes until the edges are firm"
)
QUESTION = (
    "A farmer has seventeen sheep and all but nine of them run away during a heavy storm at night. "
    "How many sheep does the farmer have left in the morning after the storm?"
)


@pytest.fixture
def database(tmp_path):
    rows = [
        ("story", "Tell a story.", STORY),
        ("recipe", "Give a recipe.", RECIPE),
        ("copy", "Tell a story.", STORY.replace("old ", "").upper() + "!"),
        ("sheep", f"Solve this riddle: {QUESTION}", "Nine."),
        ("short", "Hi", "Yo"),
        ("short2", "Hi!", "Yo"),
    ]
    path = tmp_path / "pool.jsonl"
    lines = [json.dumps({"id": i, "instruction": a, "output": b}) for i, a, b in rows]
    path.write_text("\n".join(lines))
    made = Database(Warehouse(":memory:"))
    made.ingest(str(path))
    yield made
    made.close()


def marks(database):
    with database.warehouse.read() as session:
        return session.rows(
            "SELECT s.data_id, m.kind, m.partner FROM marks m JOIN samples s USING (sample_id) ORDER BY 1, 2"
        )


def chosen(database, name):
    with database.warehouse.read() as session:
        found = session.rows(
            "SELECT data_id FROM selected JOIN samples USING (sample_id) WHERE selection = ? ORDER BY 1",
            [name],
        )
    return [one for (one,) in found]


def test_words_and_grams():
    assert words("Don't STOP, 3.5!") == ["don", "t", "stop", "3", "5"]
    assert list(grams(["a", "b", "c"], 2)) == ["a b", "b c"]
    assert shingles(["a", "b"]) == ["a b"]


def test_a_near_copy_is_marked_and_left_out(database):
    found = database.dedup(threshold=0.6)
    assert (found.marked, found.samples) == (1, 6)
    assert marks(database) == [("copy", "duplicate", "story")]
    database.select("random", 6)
    assert chosen(database, "random-6") == ["recipe", "sheep", "short", "short2", "story"]
    database.select("random", 6, name="all", keep_marked=True)
    assert len(chosen(database, "all")) == 6


def test_marks_are_made_anew_and_cleared(database):
    database.dedup(threshold=0.6)
    assert database.dedup(threshold=1.0).marked == 0
    assert marks(database) == []
    database.dedup(threshold=0.6)
    database.dedup(clear=True)
    assert marks(database) == []


def test_a_shared_passage_is_contamination(database, tmp_path):
    file = tmp_path / "test.jsonl"
    file.write_text(json.dumps({"question": "Something else"}) + "\n" + json.dumps({"question": QUESTION}))
    found = database.decontaminate([file])
    assert (found.marked, found.items) == (1, 2)
    assert marks(database) == [("sheep", "contaminated", "test.jsonl:2")]
    with database.warehouse.read() as session:
        ((evidence, similarity),) = session.rows("SELECT evidence, similarity FROM marks")
    assert evidence == "a farmer has seventeen sheep and all but nine of them run away"
    assert similarity == 1
    # The same again changes nothing; other files add to it.
    database.decontaminate([file])
    other = tmp_path / "other.txt"
    other.write_text(RECIPE)
    database.decontaminate([other])
    assert [row[0] for row in marks(database)] == ["recipe", "sheep"]
    database.decontaminate([other], clear=True)
    assert [row[0] for row in marks(database)] == ["recipe"]


def test_a_near_text_without_a_shared_passage_is_contamination(database, tmp_path):
    parts = STORY.split()
    # Every twelfth word is another one: no thirteen words in a row are the same.
    changed = " ".join("changed" if n % 12 == 11 else word for n, word in enumerate(parts))
    file = tmp_path / "near.txt"
    file.write_text(changed)
    database.decontaminate([file], threshold=0.3)
    assert ("story", "contaminated", "near.txt:1") in marks(database)


@pytest.mark.parametrize("kind", ["json", "csv", "parquet", "jsonl.gz", "txt"])
def test_kinds_of_files(database, tmp_path, kind):
    file = tmp_path / f"eval.{kind}"
    if kind == "json":
        file.write_text(json.dumps([{"turns": [{"text": QUESTION}]}]))
    elif kind == "csv":
        file.write_text(f'id,question\n1,"{QUESTION}"\n')
    elif kind == "parquet":
        pq.write_table(pa.table({"q": [QUESTION], "n": [1]}), file)
    elif kind == "txt":
        file.write_text(QUESTION + "\n")
    else:
        with gzip.open(file, "wt") as out:
            out.write(json.dumps(QUESTION))
    assert database.decontaminate([file]).marked == 1


def test_files_that_cannot_be_read(database, tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"a": 1}\n{"a"')
    with pytest.raises(UsageError, match=r"can't read .*bad.jsonl: line 2"):
        database.decontaminate([bad])
    with pytest.raises(UsageError, match=r"can't read .*none"):
        database.decontaminate([tmp_path / "none.jsonl"])
    with pytest.raises(UsageError, match="--against FILE"):
        database.decontaminate([])
    with pytest.raises(UsageError, match="threshold"):
        database.dedup(threshold=0)


class TestByEmbedding:
    @pytest.fixture
    def pool(self):
        vectors = [(1.0, 0.0), (0.0, 1.0), (0.999, 0.01), None, (0.9, 0.5), (0.0, 2.0)]
        made = Database(Warehouse(":memory:"))
        fill(made.warehouse, [FakeSample(vector=vector) for vector in vectors])
        yield made
        made.close()

    def test_samples_whose_vectors_are_near_are_marked(self, pool):
        found = pool.dedup(by="embedding")
        assert (found.marked, found.samples) == (2, 5)
        with pool.warehouse.read() as session:
            rows = session.rows("SELECT sample_id, kind, partner, evidence FROM marks ORDER BY 1")
        assert rows == [
            (3, "duplicate", "id-1", "fake-embedder"),
            (6, "duplicate", "id-2", "fake-embedder"),
        ]
        assert pool.select("random", 6).selected == 4
        assert pool.explain("random-6", "id-3")["verdict"] == "left out: marked as duplicate, like id-1"
        assert pool.dedup(by="embedding", threshold=0.8).marked == 3

    def test_both_ways_side_by_side(self, pool):
        # All questions read "question N": by their texts they are all different, until the bar is low.
        pool.dedup(by="embedding")
        by_text = pool.dedup(threshold=0.01).marked
        with pool.warehouse.read() as session:
            ways = dict(session.rows("SELECT sample_id, evidence IS NULL FROM marks"))
        assert ways[3] is False
        assert ways[6] is False
        assert sum(ways.values()) >= by_text - 2
        pool.dedup(by="embedding", threshold=1.0)
        with pool.warehouse.read() as session:
            assert session.rows("SELECT sample_id FROM marks WHERE evidence IS NOT NULL") == [(6,)]
        pool.dedup(clear=True)
        assert marks(pool) == []

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"by": "sound"}, "unknown way to compare 'sound'"),
            ({"by": "embedding", "threshold": 0.0}, "threshold must lie above 0"),
            ({"by": "embedding", "embedder": "other"}, "unknown embedder 'other'"),
        ],
    )
    def test_wrong_calls(self, pool, options, message):
        with pytest.raises(UsageError, match=message):
            pool.dedup(**options)

    def test_without_vectors(self, database):
        with pytest.raises(UsageError, match="no sample has a vector; run: laserdb score :memory: embedding"):
            database.dedup(by="embedding")
