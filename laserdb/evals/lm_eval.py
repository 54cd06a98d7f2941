"""Logs of lm-evaluation-harness (`--log_samples`): a line per document, filter and task.

Layouts: `MODEL/samples_TASK_TIME.jsonl` beside `MODEL/results_TIME.json` (since 0.4.3), and
`MODELARGS_TASK.jsonl` beside `results.json` (0.4.0 to 0.4.2, where a .jsonl file holds one JSON list).
Fields: `doc_id`, `doc`, `target`, `arguments`, `resps`, `filtered_resps`, since 0.4.4 also `filter` and
`metrics` (names), and a field per metric.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from laserdb.evals.ranges import known_range
from laserdb.evals.records import Bad, Item, ReadOptions, Record, Result, Row, number_of, text_of

_NAME = re.compile(r"samples_(?P<task>.+?)(?:_\d{4}-\d\d-\d\dT[\d.:-]+)?")
_FIELDS = {
    *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"),
    *("doc_hash", "prompt_hash", "target_hash", "schema_version", "task_name", "model_name"),
}
_QUESTIONS = ("instruction", "question", "problem", "prompt", "query", "goal", "input", "text", "sentence")
_OPTIONS = ("options", "choices", "endings")
# Of several ways to read an answer out of a reply, the one that doesn't grade its form.
_PREFERRED_FILTER = "flexible-extract"


def matches(row: Mapping[str, Any]) -> bool:
    """Whether a row is one of these logs."""
    return "doc_id" in row and ("doc" in row or "filtered_resps" in row or "resps" in row)


def read(path: Path, rows: Iterable[Row], options: ReadOptions) -> Iterator[Record]:
    """Results and items of one file; of several filters one is read (`options.filter`)."""
    task, model = names(path)
    task, model = options.dataset or task, options.model or model
    if model is None:
        yield Bad(str(path), "neither a results file beside it nor its folder names the model; give --model")
        return
    held: dict[str, list[Record]] = {}
    order: list[str] = []
    for row in rows:
        if not isinstance(row.value, dict) or not matches(row.value):
            reason = row.value.reason if isinstance(row.value, Bad) else "no sample of lm-evaluation-harness"
            yield Bad(row.where, reason)
            continue
        name = str(row.value.get("filter", "none"))
        if name not in held:
            held[name] = []
            order.append(name)
        held[name] += _records(row, task, model, options)
    if options.filter is not None and options.filter not in held:
        yield Bad(str(path), f"no filter {options.filter!r} (there are: {', '.join(order) or 'none'})")
        return
    if order:
        chosen = options.filter or (_PREFERRED_FILTER if _PREFERRED_FILTER in held else order[0])
        yield from held[chosen]


def names(path: Path) -> tuple[str, str | None]:
    """Task and model of a log, by its name, its folder and the results file beside it."""
    stem = path.name.partition(".jsonl")[0].partition(".json")[0]
    results = _results_beside(path)
    if match := _NAME.fullmatch(stem):
        model = results.get("model_name") or _model_of(results)
        folder = path.parent.name
        return match["task"], str(model) if model else folder.replace("__", "/") or None
    tasks = sorted(results.get("configs") or results.get("results") or {}, key=len, reverse=True)
    task = next((t for t in tasks if stem == t or stem.endswith(f"_{t}")), None)
    prefix = stem.removesuffix(task).rstrip("_") if task else stem
    named = re.search(r"(?:pretrained|model|path)__(.+?)(?:,|$)", prefix)
    model = _model_of(results) or (named and named[1].replace("__", "/"))
    return task or stem, str(model) if model else None


def _results_beside(path: Path) -> Mapping[str, Any]:
    """The newest results file of the folder that isn't newer than the log itself, if any can be read."""
    stamp = re.search(r"_(\d{4}-\d\d-\d\dT[\d.:-]+?)\.json", path.name)
    exact = [path.parent / f"results_{stamp[1]}.json"] if stamp else []
    for candidate in [*exact, *sorted(path.parent.glob("results*.json"), reverse=True)]:
        try:
            found = json.loads(candidate.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            return found
    return {}


def _model_of(results: Mapping[str, Any]) -> str | None:
    """The model in the configuration of a results file."""
    config = results.get("config")
    arguments = config.get("model_args") if isinstance(config, dict) else None
    if isinstance(arguments, dict):
        arguments = ",".join(f"{key}={value}" for key, value in arguments.items())
    found = re.search(r"(?:^|,)(?:pretrained|model|path)=([^,]+)", str(arguments or ""))
    return found[1] if found else None


def _records(row: Row, task: str, model: str, options: ReadOptions) -> Iterator[Record]:
    sample: Mapping[str, Any] = row.value
    item_id = text_of(sample["doc_id"])
    if item_id is None:
        yield Bad(row.where, "doc_id is empty")
        return
    metric = options.metric or _first_metric(sample, options)
    if metric is None or metric not in sample:
        there = ", ".join(_metrics(sample)) or "none"
        wanted = f"no metric {metric!r}" if metric else "no metric of a known range"
        yield Bad(row.where, f"{wanted} (there are: {there}); choose one with --metric, and give its --range")
        return
    score = number_of(sample[metric])
    if score is None:
        yield Bad(row.where, f"{metric} is no number: {str(sample[metric])[:40]!r}")
        return
    yield Result(task, item_id, model, metric, score, row.where)
    instruction = _instruction(sample)
    if instruction:
        doc = sample.get("doc")
        level = doc.get("level", doc.get("difficulty")) if isinstance(doc, dict) else None
        found = re.search(r"\d+(?:\.\d+)?", str(level)) if level is not None else None
        level = float(found[0]) if found else None
        yield Item(task, item_id, instruction, level=level, reference=_reference(sample))


def _metrics(sample: Mapping[str, Any]) -> list[str]:
    named = sample.get("metrics")
    if isinstance(named, list) and named:
        return [str(name) for name in named]
    return [name for name in sample if name not in _FIELDS]


def _first_metric(sample: Mapping[str, Any], options: ReadOptions) -> str | None:
    """The first metric that the task lists whose range is known: the harness lists the main one first."""
    for name in _metrics(sample):
        if (name in options.ranges or known_range(name)) and number_of(sample.get(name)) is not None:
            return name
    return None


def _instruction(sample: Mapping[str, Any]) -> str | None:
    """The document's own question with its options; if it has none the prompt, worked examples and all."""
    doc = sample.get("doc")
    if isinstance(doc, dict):
        for name in _QUESTIONS:
            if isinstance(doc.get(name), str) and doc[name].strip():
                context = (
                    doc.get("passage")
                    or doc.get("context")
                    or doc.get("input" if name == "instruction" else "")
                )
                parts = [context if isinstance(context, str) else "", doc[name], _options(doc)]
                return "\n".join(part.strip() for part in parts if part and part.strip())
    return _prompt(sample.get("arguments"))


def _options(doc: Mapping[str, Any]) -> str:
    found = next((doc[name] for name in _OPTIONS if doc.get(name)), None)
    if isinstance(found, dict):  # ARC and CommonsenseQA: {"text": [...], "label": [...]}
        found = found.get("text")
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        return ""
    return "\n".join(f"{chr(65 + i)}. {one}" for i, one in enumerate(found[:26]))


def _prompt(arguments: object) -> str | None:
    """The first argument of the first request: nested lists, or `gen_args_0` → `arg_0` since 0.4.3."""
    while isinstance(arguments, dict | list) and arguments:
        values = list(arguments.values()) if isinstance(arguments, dict) else arguments
        arguments = values[0]
    return arguments.strip() or None if isinstance(arguments, str) else None


def _reference(sample: Mapping[str, Any]) -> str | None:
    """The right answer: `target`, or the continuation that it numbers where each choice is a request.

    Of several right answers the first. None where a number names a choice that the log doesn't hold.
    """
    target, requests = sample.get("target"), sample.get("arguments")
    if isinstance(target, list):
        target = target[0] if target else None
    if isinstance(requests, dict):
        requests = list(requests.values())
    if not isinstance(requests, list) or len(requests) < 2:
        return text_of(target)
    place = number_of(target)
    if place is None:
        return text_of(target)
    chosen = requests[int(place)] if place in range(len(requests)) else None
    parts = list(chosen.values()) if isinstance(chosen, dict) else chosen
    return text_of(parts[1]) if isinstance(parts, list) and len(parts) > 1 else None
