"""Check for repetition: loops of characters, words, sentences or lines."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from laserdb.scorers.checks.view import Finding, View, excerpt

GRAM = 5
"""Length in words of the sequences that are compared."""
RUN = 25
"""Times that a character must stand in a row to be a loop."""
_RUN = re.compile(r"([^\s\-=_*#.~+|0-9…·•─━═ㅋwW])\1{" + str(RUN - 1) + ",}")
_ASKED = re.compile(
    r"\b(?:repeat|times|lyrics|song|chorus|chant|mantra|refrain|poem|again and again|stutter|table)"
)


def repetition(view: View) -> Finding | None:
    """Much of the text says the same words again.

    Judged by the share of five-word sequences that occurred before, so that a loop is seen whatever
    its period; then by whole sentences. Verse and tables that were asked for may repeat.
    """
    finding = _repeats(view)
    # Looked for last, since it is long and few texts repeat themselves.
    return None if finding is None or _ASKED.search(view.ask_lower) else finding


def _repeats(view: View) -> Finding | None:
    # A run stands within one word; looking for long words first spares most texts the slow pattern.
    if max(map(len, view.prose.split()), default=0) >= RUN and (run := _RUN.search(view.prose)):
        return Finding("repetition", f"“{excerpt(run[0], 20)}” runs on")
    words = view.prose_words
    if view.is_code or len(words) < 12 or 2 * sum(map(len, words)) < len(view.prose):
        return None
    # Repeated sequences take repeated words; this spares most texts the longer computation.
    share = _repeated_share(words) if len(set(words)) <= 0.65 * len(words) else 0.0
    if share >= 0.4:
        return Finding(
            "repetition", f"{share:.0%} of the word sequences are repeats", min(1.0, 0.5 + share / 2)
        )
    return _repeated_sentence(view)


def _repeated_share(words: list[str]) -> float:
    grams = list(zip(*(words[i:] for i in range(GRAM)), strict=False))
    return 1 - len(set(grams)) / len(grams)


def _repeated_sentence(view: View) -> Finding | None:
    """A sentence of some length that stands there three times, or twice in a row."""
    long = [s for s in view.sentences if len(s) >= 30 and s.count(" ") >= 5 and s[0] not in "|#"]
    if len(long) < 2 or len(set(long)) == len(long):
        return None
    for before, after in pairwise(long):
        if before == after and before.count(" ") >= 7:
            return Finding("repetition", f"twice in a row: “{excerpt(before)}”", 0.6)
    sentence, count = Counter(long).most_common(1)[0]
    if count >= (3 if sentence.count(" ") >= 11 else 4) and count >= 0.2 * len(long):
        return Finding("repetition", f"{count} times: “{excerpt(sentence)}”", 0.6)
    return None
