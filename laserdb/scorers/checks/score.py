"""From findings to a score: the registry of checks, the weight of each reason, the formula.

    score = grade × Π over findings of (1 − severity × (1 − WEIGHTS[reason]))

A product, because faults are independent reasons to distrust an answer: each one lowers the score by its
own factor, none is made good by another's absence, the order doesn't matter and the result stays in [0, 1].
A weight is what remains of the score at full severity: 0 for what is no answer at all, near 1 for blemishes.

`grade` = 1 − GRADED × (1 − fullness × figures_used) is the part that gives no reason: among answers without
fault to an open request (explain, list, write an essay …) it puts the fuller ones a little higher, among
solutions of word problems those that use all the numbers given. Both are 1 wherever they don't apply, so
that a short direct answer ("Honolulu") loses nothing. A refusal counts the same whatever it refuses: it isn't
graded, and what it lacks besides is no further fault.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from laserdb.scorers.checks import (
    arithmetic,
    code,
    examples,
    grounding,
    instructed,
    language,
    markup,
    phrases,
    problems,
    programs,
    repetition,
    request,
    solutions,
    text,
)
from laserdb.scorers.checks.view import Finding, View

CODE_VERSION = "3"
"""Part of the scorer's identity: bump it whenever any text's score or reasons change."""

GRADED = 0.15
"""How much of the score the graded part can take."""

WEIGHTS = MappingProxyType(
    {
        "empty": 0.0,
        "refusal": 0.2,
        "echo": 0.2,
        "wrong_language": 0.3,
        "repetition": 0.3,
        "python_syntax": 0.3,
        "code_syntax": 0.4,
        "missing_name": 0.4,
        "no_result": 0.4,
        "failed_example": 0.3,
        "undefined_name": 0.5,
        "broken_constraint": 0.4,
        "no_code": 0.4,
        "false_arithmetic": 0.4,
        "no_number": 0.4,
        "negative_result": 0.4,
        "answer_mismatch": 0.4,
        "unfounded_number": 0.4,
        "fractional_count": 0.4,
        "ungrounded": 0.4,
        "json_syntax": 0.4,
        "cut_off": 0.5,
        "unclosed_fence": 0.5,
        "too_short": 0.6,
        "missing_items": 0.6,
        "wrong_length": 0.7,
        "unbalanced_latex": 0.7,
        "no_full_stop": 0.75,
        "ai_boilerplate": 0.75,
        "unbalanced_brackets": 0.9,
        "filler": 0.95,
    }
)
"""Reason → the factor that remains of the score when the finding is fully severe."""

MOOT_IF_REFUSED = frozenset(
    {
        "too_short",
        "wrong_length",
        "missing_items",
        "no_code",
        "no_number",
        "json_syntax",
        "broken_constraint",
        "missing_name",
    }
)
"""Reasons that say no more than that the request wasn't met."""

Check = Callable[[View], Finding | None]

CHECKS: tuple[Check, ...] = (
    instructed.broken_constraint,
    phrases.refusal,
    phrases.ai_boilerplate,
    phrases.filler,
    text.cut_off,
    text.no_full_stop,
    text.echo,
    repetition.repetition,
    language.wrong_language,
    markup.unclosed_fence,
    markup.unbalanced_latex,
    markup.unbalanced_brackets,
    code.python_syntax,
    code.code_syntax,
    code.json_syntax,
    programs.missing_name,
    programs.no_result,
    programs.useless_function,
    programs.undefined_name,
    examples.failed_example,
    code.no_code,
    arithmetic.false_arithmetic,
    problems.negative_result,
    problems.no_number,
    solutions.answer_mismatch,
    solutions.unfounded_number,
    solutions.fractional_count,
    grounding.ungrounded,
    request.wrong_length,
    request.missing_items,
    request.too_short,
)
"""Every check but `empty`, which rules the others out; add one here and its weight above."""


def judge(instruction: str, response: str) -> tuple[float, list[Finding]]:
    """The score of a turn in [0, 1] and what was found, gravest first."""
    score, findings, _ = judge_fully(instruction, response)
    return score, findings


def judge_fully(instruction: str, response: str) -> tuple[float, list[Finding], instructed.Verdicts]:
    """As `judge`, with the constraints that rules found and whether each is followed."""
    view = View(instruction, response)
    if (finding := text.empty(view)) is not None:
        return WEIGHTS["empty"], [finding], ()
    findings = [finding for check in CHECKS if (finding := check(view)) is not None]
    refused = any(finding.reason == "refusal" for finding in findings)
    if refused:
        findings = [finding for finding in findings if finding.reason not in MOOT_IF_REFUSED]
    findings.sort(key=factor)
    score = 1.0 if refused else _grade(view)
    for finding in findings:
        score *= factor(finding)
    return round(score, 6), findings, instructed.verdicts(view)


def _grade(view: View) -> float:
    return 1 - GRADED * (1 - request.fullness(view) * solutions.coherence(view))


def factor(finding: Finding) -> float:
    """What the finding leaves of the score."""
    return 1 - finding.severity * (1 - WEIGHTS[finding.reason])
