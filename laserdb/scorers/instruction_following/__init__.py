"""Scorer `instruction_following`: how many of the expressed constraints a response keeps to (LASER §3.2.2)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from laserdb.backends.base import PermanentError, Prompt, TransientError
from laserdb.scorers.base import Answer, Batch, Failed, Scored, Turn, Unit
from laserdb.scorers.constraints import Constraint, parse, verify
from laserdb.scorers.instruction_following import prompts
from laserdb.scorers.judge import RAW, JudgeScorer, Reply, Said, fixed_text

__all__ = ["InstructionFollowing"]

_GROUNDED = 85.0
"""How much of a span must stand in the instruction, of 100; judges now and then repeat an example instead."""


@dataclass(slots=True)
class _Case:
    """A turn on its way through the calls."""

    turn: Turn
    constraints: list[Constraint] = field(default_factory=list)
    followed: list[bool | None] = field(default_factory=list)
    by: list[str] = field(default_factory=list)
    raw: dict[str, str] = field(default_factory=dict)
    found: bool = False
    rating: int | None = None
    ended: Failed | PermanentError | TransientError | None = None

    @property
    def open(self) -> list[int]:
        """Which constraints no rule could verify."""
        return [i for i, verdict in enumerate(self.followed) if verdict is None]

    @property
    def values(self) -> dict[str, Any]:
        """The scorer's columns as far as they are known."""
        listed = [
            {"type": str(one.type), "span": one.span, "followed": followed, "by": by}
            for one, followed, by in zip(self.constraints, self.followed, self.by, strict=True)
        ]
        return {
            "constraints": json.dumps(listed, ensure_ascii=False) if self.found else None,
            "rating": self.rating,
            "raw": json.dumps(self.raw, ensure_ascii=False),
        }

    def answer(self) -> Answer:
        """n_true · n_true / n_exp, or a tenth of the rating where nothing was asked of the form."""
        if self.ended is not None:
            return self.ended
        if self.rating is not None:
            return Scored(self.rating / 10, self.values)
        kept = sum(verdict is True for verdict in self.followed)
        return Scored(kept * kept / len(self.followed), self.values)


class InstructionFollowing(JudgeScorer):
    """Constraints are found by the judge, verified by rules where they can be, else by the judge.

    Score (DESIGN §4.10): followed · (followed / expressed); without constraints the judge's rating / 10.
    `constraints` lists them all as JSON: type, span, followed, by (rule or judge). A span that isn't in the
    instruction is no constraint of it and is left out. `raw` is a JSON object of the judge's answers.

    Failures: those of an unreadable answer in any of the calls.
    """

    name = "instruction_following"
    summary = "how many of the constraints in an instruction its response follows, by rules and a judge"
    paper = "§3.2.2"
    default_model = "Qwen/Qwen3-14B"
    unit = Unit.TURN
    routed = True
    most_tokens = 1024

    def needs(self) -> tuple[str, ...]:
        return (*super().needs(), "rapidfuzz", "py3langid")

    @property
    def columns(self) -> Mapping[str, str]:
        return {"constraints": "JSON", "rating": "INTEGER", "raw": RAW}

    @property
    def prompt(self) -> str:
        return fixed_text(*prompts.fixed())

    def score(self, batch: Batch) -> Sequence[Answer]:
        cases = [_Case(turn) for turn in batch.turns]
        self.find(cases)
        going = [case for case in cases if case.ended is None]
        self.verify([case for case in going if case.open])
        self.rate([case for case in going if not case.constraints])
        return [case.answer() for case in cases]

    def find(self, cases: Sequence[_Case]) -> None:
        """First call: the constraints that the instructions express, with the verdicts of rules."""

        def took(case: _Case, value: Any) -> None:
            case.found = True
            case.constraints = grounded(value["constraints"], case.turn.instruction)
            for one in case.constraints:
                verdict = verify(one, case.turn.instruction, case.turn.response or "")
                case.followed.append(verdict)
                case.by.append("judge" if verdict is None else "rule")

        self.call(
            cases, "constraints", prompts.FIND_SCHEMA, lambda c: prompts.find_prompt(c.turn.instruction), took
        )

    def verify(self, cases: Sequence[_Case]) -> None:
        """Second call: the constraints that rules can't verify, all of a turn in one question."""
        by_count: dict[int, list[_Case]] = defaultdict(list)
        for case in cases:
            by_count[len(case.open)].append(case)

        def asked(case: _Case) -> Prompt:
            return prompts.verify_prompt(case.turn, [case.constraints[i] for i in case.open])

        def took(case: _Case, value: Any) -> None:
            for number, place in enumerate(case.open, 1):
                case.followed[place] = value[str(number)]

        for count, alike in sorted(by_count.items()):
            self.call(alike, "verification", prompts.verify_schema(count), asked, took)

    def rate(self, cases: Sequence[_Case]) -> None:
        """Third call: responses to instructions without constraints."""

        def took(case: _Case, value: Any) -> None:
            case.rating = value["score"]

        self.call(cases, "rating", prompts.RATE_SCHEMA, lambda c: prompts.rate_prompt(c.turn), took)

    def call(
        self,
        cases: Sequence[_Case],
        name: str,
        schema: Mapping[str, Any],
        prompt: Callable[[_Case], Prompt],
        took: Callable[[_Case, Any], None],
    ) -> None:
        """Ask about each case; note the raw answer under `name`, take in what can be read, end the others."""
        replies: list[Reply] = self.ask([prompt(case) for case in cases], schema)
        for case, reply in zip(cases, replies, strict=True):
            if isinstance(reply, Said):
                case.raw[name] = reply.raw
                took(case, reply.value)
            elif isinstance(reply, TransientError):
                case.ended = reply
            else:
                self.end(case, name, reply)

    def end(self, case: _Case, name: str, reply: Failed | PermanentError) -> None:
        """The turn fails with what is known of it."""
        if isinstance(reply, Failed):
            case.raw[name] = reply.values["raw"]
        case.ended = Failed(reply.kind, f"{name}: {reply.detail}", case.values)


def grounded(found: Sequence[Mapping[str, str]], instruction: str) -> list[Constraint]:
    """The constraints whose words stand in the instruction, each once."""
    from rapidfuzz import fuzz

    text = _plain(instruction)
    constraints: dict[tuple[str, str], Constraint] = {}
    for one in found:
        span = _plain(one["span"])
        if not span or len(span) > len(text) or fuzz.partial_ratio(span, text) < _GROUNDED:
            continue
        constraint = parse(one["type"], one["span"].strip(), instruction)
        if constraint is not None:
            constraints.setdefault((one["type"], span), constraint)
    return list(constraints.values())


def _plain(text: str) -> str:
    """A text without what judges change when they copy it: case, spaces, kinds of quotation marks."""
    return " ".join(text.casefold().translate(_QUOTES).split()).strip(" .,;:!?")


_QUOTES = str.maketrans("“”„«»‘’´`", '"' * 5 + "'" * 4)
