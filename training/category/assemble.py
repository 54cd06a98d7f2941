"""Put the training texts together: OUT/train.jsonl and OUT/valid.jsonl, no text twice.

    python training/category/assemble.py [MORE.jsonl …] OUT

The labels of the files here win over those of MORE. Self-instruct and Dolly are kept back for validation,
and whatever of them is in MORE is left out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
FILES = ("real", "everyday", "tasks", "world", "open", "mixed")
KEPT_BACK = ("self_instruct", "self-instruct", "dolly")


def main(more: list[str], out: Path) -> None:
    seen: set[str] = set()
    parts: dict[str, list[str]] = {"train": [], "valid": []}
    for path in [*(HERE / f"{name}.jsonl" for name in FILES), *map(Path, more)]:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            key = " ".join(row["text"].split()).lower()
            kept_back = row["source"].startswith(KEPT_BACK)
            if key in seen or (kept_back and path.parent != HERE):
                continue
            seen.add(key)
            told = {name: row[name] for name in ("text", "label", "source")}
            parts["valid" if kept_back else "train"].append(json.dumps(told, ensure_ascii=False) + "\n")
    for name, lines in parts.items():
        (out / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
        print(f"{name}: {len(lines)} texts")


if __name__ == "__main__":
    main(sys.argv[1:-1], Path(sys.argv[-1]))
