"""From a metric's own unit to [0, 1]."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from laserdb.errors import InputError, UsageError
from laserdb.evals.records import Result

Range = tuple[float, float]
"""The worst and the best value of a metric; the worst may be the larger one (error rates)."""

# Names as lm-evaluation-harness, bigcode-evaluation-harness, FastChat and AlpacaEval write them.
_UNIT = re.compile(
    r"accuracy|acc|acc_norm|acc_mutual_info|acc_(?:all|bytes|greedy)|.*_acc(?:_norm)?|(?:quasi_|flexible_)?exact(?:_match)?"
    r"|em|f1|.*_f1|f1_.*|pass@\d+|pass_at_\d+|passed|math_verify|mc[12]|mcc|rouge(?:[12l]|lsum)(?:_acc|_max)?"
    r"|contains|prefix_.*match|correct|win_rate|anls|relaxed_accuracy|likelihood_diff_acc",
    re.IGNORECASE,
)
_KNOWN: Mapping[str, Range] = {
    "mt_bench_rating": (1, 10),
    "mt_bench_win": (0, 1),
    "alpaca_eval_preference": (1, 2),
}
_SLACK = 1e-6


def parse_ranges(texts: Iterable[str]) -> dict[str, Range]:
    """`METRIC=WORST,BEST` options. Raises UsageError."""
    found: dict[str, Range] = {}
    for text in texts:
        metric, sign, values = text.rpartition("=")
        try:
            worst, best = (float(value) for value in values.split(","))
        except ValueError:
            worst = best = 0.0
        if not sign or not metric.strip() or worst == best:
            raise UsageError(f"--range takes METRIC=WORST,BEST, such as rating=1,10, not {text!r}")
        found[metric.strip()] = (worst, best)
    return found


def known_range(metric: str) -> Range | None:
    """The range of a metric that laserdb knows."""
    if metric in _KNOWN:
        return _KNOWN[metric]
    return (0.0, 1.0) if _UNIT.fullmatch(metric.partition(",")[0]) else None


def choose_ranges(results: Iterable[Result], given: Mapping[str, Range]) -> dict[str, Range]:
    """The range of each metric: given, known, or [0, 1] where no score lies beyond.

    Raises InputError that names the first score outside its metric's range, and says how to give another.
    """
    ranges: dict[str, Range] = {}
    for one in results:
        if one.metric not in ranges:
            ranges[one.metric] = given.get(one.metric) or known_range(one.metric) or (0.0, 1.0)
        low, high = sorted(ranges[one.metric])
        if not low - _SLACK <= one.score <= high + _SLACK:
            told = one.metric in given or known_range(one.metric) is not None
            why = f"is not in its range [{low:g}, {high:g}]" if told else "is not in [0, 1]"
            ask = "" if told else ", and its range is not known"
            raise InputError(
                f"{one.where}: the score {one.score:g} of metric {one.metric} {why}{ask}; "
                f"give it: --range {one.metric}=WORST,BEST"
            )
    return ranges


def normalised(score: float, of: Range) -> float:
    """A score in [0, 1], 1 = best."""
    worst, best = of
    return min(1.0, max(0.0, (score - worst) / (best - worst)))
