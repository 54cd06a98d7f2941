"""Logs of code that was run: bigcode-evaluation-harness and human-eval.

bigcode-evaluation-harness keeps a result per problem only for tasks that write `logs.json` (HumanEvalPack):
an object of task id → list of [completion id, {"task_id", "passed", "result", "completion_id"}]; its metrics
file (`evaluation_results.json`, `--metric_output_path`) holds averages and, under `config`, the model and the
tasks. human-eval's `…_results.jsonl` has a line per completion: `task_id`, `completion`, `result`, `passed`.
The score of a problem is the share of its completions that passed (pass@1).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from laserdb.evals.records import Bad, ReadOptions, Record, Result, Row, text_of

METRIC = "pass@1"


def is_logs(value: Mapping[str, Any]) -> bool:
    """Whether a document is the harness's `logs.json`."""
    return bool(value) and all(
        isinstance(runs, list) and runs and all(_outcome(run) is not None for run in runs)
        for runs in value.values()
    )


def is_averages(value: Mapping[str, Any]) -> bool:
    """Whether a document is the harness's metrics file, which has no results per problem."""
    metrics = [one for key, one in value.items() if key != "config"]
    return "config" in value and any(
        isinstance(one, dict) and any(str(key).startswith("pass@") for key in one) for one in metrics
    )


def is_completion(row: Mapping[str, Any]) -> bool:
    """Whether a row is the outcome of one completion."""
    return "task_id" in row and isinstance(row.get("passed"), bool)


def read_logs(path: Path, rows: Iterable[Row], options: ReadOptions) -> Iterator[Record]:
    """A result per problem of `logs.json`."""
    for row in rows:
        if isinstance(row.value, Bad) or not isinstance(row.value, dict):
            yield Bad(row.where, "no log of bigcode-evaluation-harness")
            continue
        outcomes = {str(task): [_outcome(run) or False for run in runs] for task, runs in row.value.items()}
        yield from _results(path, outcomes, dict.fromkeys(outcomes, row.where), options)


def read_completions(path: Path, rows: Iterable[Row], options: ReadOptions) -> Iterator[Record]:
    """A result per problem, over all its completions."""
    outcomes: dict[str, list[bool]] = {}
    places: dict[str, str] = {}
    for row in rows:
        task = (
            text_of(row.value["task_id"])
            if isinstance(row.value, dict) and is_completion(row.value)
            else None
        )
        if task is None:
            yield row.value if isinstance(row.value, Bad) else Bad(row.where, "lacks task_id or passed")
            continue
        outcomes.setdefault(task, []).append(row.value["passed"])
        places.setdefault(task, row.where)
    yield from _results(path, outcomes, places, options)


def _results(
    path: Path, outcomes: Mapping[str, list[bool]], places: Mapping[str, str], options: ReadOptions
) -> Iterator[Record]:
    dataset, model = _names(path)
    dataset, model = options.dataset or dataset, options.model or model
    if dataset is None or model is None:
        lacking = " and ".join(
            name for name, value in (("--dataset", dataset), ("--model", model)) if value is None
        )
        yield Bad(str(path), f"no metrics file beside it names the task and the model; give {lacking}")
        return
    for task, passed in outcomes.items():
        score = sum(passed) / len(passed)
        yield Result(dataset, task, model, options.metric or METRIC, score, places[task])


def _names(path: Path) -> tuple[str | None, str | None]:
    """Task and model by the metrics file in the same folder."""
    for candidate in sorted(path.parent.glob("*.json")):
        try:
            found = json.loads(candidate.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict) and is_averages(found):
            config = found["config"] if isinstance(found["config"], dict) else {}
            tasks = [key for key in found if key != "config"]
            return tasks[0] if len(tasks) == 1 else None, text_of(config.get("model"))
    return None, None


def _outcome(run: object) -> bool | None:
    entry = run[1] if isinstance(run, list) and len(run) == 2 else run
    passed = entry.get("passed") if isinstance(entry, dict) else None
    return passed if isinstance(passed, bool) else None
