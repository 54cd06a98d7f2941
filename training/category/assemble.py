"""Put the training texts together: OUT/train.jsonl and OUT/valid.jsonl, no text twice.

    python training/category/assemble.py [MORE.jsonl …] OUT

The labels of the files here win over those of MORE. Self-instruct and Dolly are kept back for validation,
and whatever of them is in MORE is left out. What resembles a text that is measured on (of these two or of
heldout.jsonl) is left out as well: nearly half of their pairs of neighbouring words in common.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
FILES = (
    "real", "everyday", "tasks", "world", "open", "mixed", "real2", "turns", "written-a", "written-b",
    "workday", "annotators", "probes",
)  # fmt: skip
KEPT_BACK = ("self_instruct", "self-instruct", "dolly")
CLOSE = 0.45  # Jaccard similarity


def pairs(text: str) -> set[tuple[str, ...]]:
    """Pairs of neighbouring words; a single word stands for itself."""
    words = re.findall(r"\w+", text.lower())
    return set(itertools.pairwise(words)) if len(words) > 1 else {(word,) for word in words}


class Measured:
    """The texts that are measured on, by their pairs of words."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.sets = [pairs(text) for text in texts]
        self.having: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for i, one in enumerate(self.sets):
            for pair in one:
                self.having[pair].append(i)

    def resembles(self, text: str) -> bool:
        """Whether one of them is close to the text."""
        own = pairs(text)
        shared = Counter(i for pair in own for i in self.having.get(pair, ()))
        return any(n / len(own | self.sets[i]) >= CLOSE for i, n in shared.items())


def read(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main(more: list[str], out: Path) -> None:
    rows = [(row, True) for name in FILES for row in read(HERE / f"{name}.jsonl")]
    rows += [(row, False) for path in more for row in read(Path(path))]
    valid = [row for row, here in rows if here and row["source"].startswith(KEPT_BACK)]
    measured = Measured(row["text"] for row in [*valid, *read(HERE / "heldout.jsonl")])
    train = [
        row
        for row, _ in rows
        if not row["source"].startswith(KEPT_BACK) and not measured.resembles(row["text"])
    ]
    for name, part in (("train", train), ("valid", valid)):
        lines: dict[str, str] = {}
        for row in part:
            told = {key: row[key] for key in ("text", "label", "source")}
            lines.setdefault(
                " ".join(row["text"].split()).lower(), json.dumps(told, ensure_ascii=False) + "\n"
            )
        (out / f"{name}.jsonl").write_text("".join(lines.values()), encoding="utf-8")
        print(f"{name}: {len(lines)} texts")


if __name__ == "__main__":
    main(sys.argv[1:-1], Path(sys.argv[-1]))
