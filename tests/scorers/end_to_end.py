"""All scorers that write or read with SmolLM2 through the engine, on whichever backend."""

import json

import laserdb
from laserdb.backends.models import SMOLLM2

TURNS = [
    ("Write a python function that adds two numbers.", "```python\ndef add(a, b):\n    return a + b\n```"),
    ("What is 2 + 2?", "2 and 2.\n\nThat makes 4."),
    (
        "Write a haiku about rain in 3 lines, all in lowercase.",
        "soft rain on the roof\na cat sleeps\nso do i",
    ),
    ("How do tides come about?", "The moon pulls at the water."),
]
JUDGES = ("code_quality", "instruction_following", "alpagasus", "instag")
READERS = ("deita_quality", "deita_complexity", "ifd", "perplexity", "selectit")


def pool(folder):
    """A database with the turns."""
    file = folder / "turns.jsonl"
    file.write_text("".join(json.dumps({"instruction": q, "output": a}) + "\n" for q, a in TURNS))
    database = laserdb.connect(folder / "pool.duckdb")
    database.ingest(file)
    return database


def run(database, scorers, **options):
    """Score everything; returns scorer → rows (score, error, raw) in the order of the turns."""
    params = {"dtype": "float32", "max_model_len": "1536", **options.pop("params", {})}
    params |= {f"{name}.model": SMOLLM2 for name in scorers}
    params |= {f"{name}.max_tokens": "48" for name in scorers if name in JUDGES}
    summaries = database.score(scorers, params=params, all_categories=True, **options)
    assert [(one.scorer, one.scored + one.failed, one.pending) for one in summaries] == [
        (name, len(TURNS), 0) for name in scorers
    ]
    found = {}
    for name in scorers:
        raw = "raw" if name in (*JUDGES, "selectit") else "NULL"
        query = f"SELECT score, error, {raw} FROM score_{name} ORDER BY turn_id"
        found[name] = database.sql(query).fetchall()
        database.close()
    return found


def check(found):
    """Every turn ends with a score or a typed failure, and what a judge wrote is kept either way."""
    for name, rows in found.items():
        assert len(rows) == len(TURNS), name
        for score, error, raw in rows:
            assert (score is None) == (error is not None), (name, score, error)
            if error is not None:
                assert name in JUDGES, (name, error)
                assert error.partition(":")[0] in ("cut_off", "no_revision", "off_schema", "bad_score"), error
            if name in JUDGES:
                assert raw.strip(), (name, error)
