"""Answers graded by a judge: FastChat's MT-Bench (single grading) and AlpacaEval's annotations.

FastChat, `data/BENCH/model_judgment/JUDGE_single.jsonl`: `question_id`, `model`, `judge`, `judgment`,
`score` (1 to 10; -1 where the judge's answer couldn't be read), `turn`, `tstamp`. `JUDGE_pair.jsonl` has
`model_1`, `model_2`, and who won with either of them shown first, `g1_winner` and `g2_winner` (`model_1`,
`model_2`, `tie`, `error`): a win counts if both agree, else it is a tie. The questions are in
`data/BENCH/question.jsonl`: `question_id`, `category`, `turns`. AlpacaEval, `annotations.json`: a list of
`instruction`, `output_1`, `generator_1` (the reference), `output_2`, `generator_2`, `preference` (1 = first,
2 = second, 1.5 or 0 = a tie; weighted annotators give what lies between).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from laserdb.evals.records import (
    Bad,
    Item,
    ReadOptions,
    Record,
    Result,
    Row,
    number_of,
    rows_of,
    text_of,
)

ALPACA = "alpaca_eval"
RATING = "mt_bench_rating"
WINS = "mt_bench_win"


def is_fastchat(row: Mapping[str, Any]) -> bool:
    """Whether a row is a judgement of FastChat's."""
    return "question_id" in row and ("judge" in row or "judgment" in row or "g1_winner" in row)


def is_question(row: Mapping[str, Any]) -> bool:
    """Whether a row is one of FastChat's questions."""
    return "question_id" in row and isinstance(row.get("turns"), list)


def is_alpaca(row: Mapping[str, Any]) -> bool:
    """Whether a row is an annotation of AlpacaEval's."""
    return "preference" in row and "generator_2" in row


def read_fastchat(path: Path, rows: Iterable[Row], options: ReadOptions) -> Iterator[Record]:
    """A result per question and turn (item `81-1`), and the questions found beside the judgements.

    Of comparisons it is the share of its games that a model won, a tie counting half.
    """
    dataset = options.dataset or bench_name(path)
    games: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        value = row.value
        if not isinstance(value, dict) or not is_fastchat(value):
            yield _unfit(row, "no judgement of FastChat's")
        elif "g1_winner" in value:
            points = _points(value)
            if isinstance(points, str):
                yield Bad(row.where, points)
                continue
            for model, point in points.items():
                games.setdefault((_turn(value), model), []).append(point)
        else:
            yield _rating(row, value, dataset, options)
    for (item, model), won in games.items():
        score = sum(won) / len(won)
        yield Result(dataset, item, options.model or model, options.metric or WINS, score, str(path))
    questions = path.parent.parent / "question.jsonl"
    if questions.is_file():
        yield from read_questions(questions, rows_of(questions), ReadOptions(dataset=dataset))


def _rating(row: Row, value: Mapping[str, Any], dataset: str, options: ReadOptions) -> Record:
    model, question = options.model or text_of(value.get("model")), text_of(value["question_id"])
    score = number_of(value.get("score"))
    if model is None or question is None:
        return Bad(row.where, "model or question_id is empty")
    if score is None or score == -1:
        return Bad(row.where, "no score: the judge's answer couldn't be read")
    return Result(dataset, _turn(value), model, options.metric or RATING, score, row.where)


def _points(value: Mapping[str, Any]) -> dict[str, float] | str:
    """What each of two models gets for a comparison, or why there is nothing to get."""
    models = text_of(value.get("model_1")), text_of(value.get("model_2"))
    winners = value.get("g1_winner"), value.get("g2_winner")
    if models[0] is None or models[1] is None or text_of(value["question_id"]) is None:
        return "model_1, model_2 or question_id is empty"
    if not set(winners) <= {"model_1", "model_2", "tie"}:
        return "no winner: the judge's answer couldn't be read"
    won = {"model_1": 1.0, "model_2": 0.0}.get(str(winners[0]), 0.5) if winners[0] == winners[1] else 0.5
    return {models[0]: won, models[1]: 1 - won}


def _turn(value: Mapping[str, Any]) -> str:
    return f"{text_of(value['question_id'])}-{text_of(value.get('turn')) or '1'}"


def read_questions(path: Path, rows: Iterable[Row], options: ReadOptions) -> Iterator[Record]:
    """An item per turn of each question."""
    dataset = options.dataset or path.parent.name
    for row in rows:
        if not isinstance(row.value, dict) or not is_question(row.value):
            yield _unfit(row, "no question of FastChat's")
            continue
        question = text_of(row.value["question_id"])
        for turn, text in enumerate(row.value["turns"], start=1):
            if isinstance(text, str) and text.strip():
                yield Item(dataset, f"{question}-{turn}", text.strip())


def read_alpaca(path: Path, rows: Iterable[Row], options: ReadOptions) -> Iterator[Record]:
    """A result per annotation: how far the model's answer was preferred to the reference."""
    for row in rows:
        value = row.value
        if not isinstance(value, dict) or not is_alpaca(value):
            yield _unfit(row, f"no annotation of AlpacaEval's in {path.name}")
            continue
        instruction, model = value.get("instruction"), options.model or text_of(value["generator_2"])
        preference = number_of(value["preference"])
        if not isinstance(instruction, str) or not instruction.strip() or model is None:
            yield Bad(row.where, "instruction or generator_2 is empty")
        elif preference is None:
            yield Bad(row.where, "no preference: the annotator's answer couldn't be read")
        else:
            # AlpacaEval has no ids; its order differs between runs.
            item_id = hashlib.md5(instruction.strip().encode(), usedforsecurity=False).hexdigest()[:16]
            dataset = options.dataset or ALPACA
            score = 1.5 if preference == 0 else preference
            yield Result(
                dataset, item_id, model, options.metric or "alpaca_eval_preference", score, row.where
            )
            yield Item(dataset, item_id, instruction.strip())


def bench_name(path: Path) -> str:
    """`mt_bench` of data/mt_bench/model_judgment/gpt-4_single.jsonl; else the file's stem."""
    if path.parent.name == "model_judgment" and path.parent.parent.name:
        return path.parent.parent.name
    return path.name.partition(".")[0]


def _unfit(row: Row, reason: str) -> Bad:
    return row.value if isinstance(row.value, Bad) else Bad(row.where, reason)
