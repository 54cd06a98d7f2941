"""Run by `make package` with an installed wheel and its run-time dependencies alone: no pytest, no torch."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

LASERDB = str(Path(sys.executable).with_name("laserdb"))


def call(*arguments: str, code: int = 0) -> str:
    """Run the installed command line; its output, or its one line of error."""
    done = subprocess.run([LASERDB, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stderr if code else done.stdout


def main() -> None:
    """The whole way without an extra, and what is said where one is missing."""
    assert find_spec("torch") is None, "this environment is meant to have no torch"
    assert "ingest" in call("--help")
    with tempfile.TemporaryDirectory() as folder:
        db, data, out = (str(Path(folder, name)) for name in ("pool.duckdb", "faq.jsonl", "train.jsonl"))
        Path(data).write_text(
            '{"instruction": "2 + 2?", "output": "4"}\n{"instruction": "3 + 3?", "output": "6"}\n'
        )
        assert json.loads(call("ingest", db, data, "--json"))["samples"] == 2
        for scorer in ("category", "checks"):
            missing = call("score", db, scorer, code=1)
            assert "pip install 'laserdb[score]'" in missing, missing
        assert json.loads(call("select", db, "longest", "-m", "1", "--json"))["selected"] == 1
        assert json.loads(call("export", db, "longest-1", out, "--json"))["files"][0]["rows"] == 1
        assert {one["name"] for one in json.loads(call("strategies", "--json"))["strategies"]} >= {"laser"}
        assert len(json.loads(call("scorers", "--json"))["scorers"]) >= 5
    print("the wheel works on its own")


main()
