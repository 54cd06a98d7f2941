"""Small logs in the layouts that the harnesses write."""

from __future__ import annotations

import json
from pathlib import Path


def write_lines(path: Path, rows) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_json(path: Path, value, indent=None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=indent), encoding="utf-8")
    return path


def sample(doc_id: int, metrics: dict, filter_name: str | None = "none", doc: dict | None = None) -> dict:
    """A line of --log_samples; without a filter as before 0.4.4."""
    row = {
        "doc_id": doc_id,
        "doc": doc or {"question": f"What is {doc_id} + 1?", "answer": str(doc_id + 1)},
        "target": str(doc_id + 1),
        "arguments": {"gen_args_0": {"arg_0": f"Q: What is {doc_id} + 1?\nA:", "arg_1": {"until": ["Q:"]}}},
        "resps": [["2"]],
        "filtered_resps": ["2"],
    }
    if filter_name is not None:
        row |= {"filter": filter_name, "metrics": list(metrics), "doc_hash": "d", "prompt_hash": "p"}
    return row | metrics


def current_layout(folder: Path) -> Path:
    """Two filters of gsm8k, a multiple-choice task, and IFEval's lists, of one model."""
    model, stamp = folder / "org__model-a", "2024-09-18T12-00-01.123456"
    write_json(
        model / f"results_{stamp}.json",
        {"model_name": "org/model-a", "config": {"model_args": "pretrained=org/model-a,dtype=float"}},
    )
    rows = [sample(i, {"exact_match": 0.0}, "strict-match") for i in range(3)]
    rows += [sample(i, {"exact_match": float(i > 0)}, "flexible-extract") for i in range(3)]
    write_lines(model / f"samples_gsm8k_{stamp}.jsonl", rows)
    choice = {"query": "Red and blue?", "choices": {"text": ["green", "purple"], "label": ["A", "B"]}}
    write_lines(
        model / f"samples_my_task_v2_{stamp}.jsonl",
        [sample(7, {"acc": 1, "acc_norm": 0}, doc=choice)],
    )
    lists = {"inst_level_strict_acc": [True, False]}
    write_lines(model / f"samples_ifeval_{stamp}.jsonl", [sample(0, lists, doc={"prompt": "No commas."})])
    return folder


def old_layout(folder: Path) -> Path:
    """0.4.0 to 0.4.2: a JSON list in a file named .jsonl, no filters, nested arguments."""
    args = "pretrained=org/model-b,dtype=float"
    write_json(
        folder / "results.json", {"config": {"model_args": args}, "configs": {"arc_easy": {}, "easy": {}}}
    )
    rows = [sample(i, {"acc": float(i), "acc_norm": 0.0}, None, doc={"id": i}) for i in range(2)]
    for row in rows:
        row["arguments"] = [["Question: why?\nAnswer:", " because"]]
    write_json(folder / "pretrained__org__model-b,dtype__float_arc_easy.jsonl", rows, indent=2)
    return folder


def fastchat(folder: Path) -> Path:
    judged = {"model": "vicuna", "judge": ["gpt-4", "single-v1"], "judgment": "Rating: [[…]]", "tstamp": 1.5}
    write_lines(
        folder / "data/mt_bench/question.jsonl",
        [{"question_id": 81, "category": "writing", "turns": ["Write a post.", "Now shorter."]}],
    )
    return write_lines(
        folder / "data/mt_bench/model_judgment/gpt-4_single.jsonl",
        [
            {"question_id": 81, **judged, "score": 10, "turn": 1},
            {"question_id": 81, **judged, "score": 5.5, "turn": 2},
            {"question_id": 82, **judged, "score": -1, "turn": 1},
        ],
    )


def alpaca(folder: Path) -> Path:
    def row(text, preference):
        return {
            "instruction": text, "output_1": "a", "generator_1": "gpt4", "output_2": "b",
            "generator_2": "mine", "annotator": "weighted", "preference": preference, "dataset": "koala",
        }  # fmt: skip

    rows = [row("Say hi.", 1.25), row("Say bye.", 2), row("Say so.", 0), row("Say no.", None)]
    return write_json(folder / "annotations.json", rows, indent=4)


def bigcode(folder: Path) -> Path:
    def run(i, passed):
        return [
            i,
            {"task_id": 0, "passed": passed, "result": "passed" if passed else "failed", "completion_id": i},
        ]

    write_json(
        folder / "evaluation_results.json",
        {"humanevalsynthesize-python": {"pass@1": 0.5}, "config": {"model": "org/coder", "tasks": "x"}},
    )
    return write_json(
        folder / "logs.json", {"0": [run(0, True), run(1, False)], "1": [run(0, True), run(1, True)]}
    )
