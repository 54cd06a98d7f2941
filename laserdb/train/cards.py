"""Model cards: figures written by the training, the rest by people, in one Markdown file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

_BEGIN, _END = "<!-- written by laserdb train: begin -->", "<!-- written by laserdb train: end -->"
_REST = """## Data and licences

(name the data, where it is from, and its licences)

## Limits

(what it is bad at)
"""


def write_card(head: Path, title: str, generated: str) -> Path:
    """Write the card beside a head, `NAME.md`; in a card that exists only the generated part is replaced."""
    path = head.with_suffix(".md")
    part = f"{_BEGIN}\n{generated.strip()}\n{_END}"
    text = path.read_text(encoding="utf-8") if path.exists() else f"# {title}\n\n{_BEGIN}\n{_END}\n\n{_REST}"
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    text = before + part + after if begin and end else f"{text.rstrip()}\n\n{part}\n"
    path.write_text(text, encoding="utf-8")
    return path


def file_list(paths: Sequence[Path]) -> str:
    """Bullet list of file names with size and hash, without their folders."""
    lines = []
    for path in paths:
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:16]
        lines.append(f"- `{path.name}`, {len(content):,} bytes, sha256 `{digest}…`")
    return "\n".join(lines)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; floats get three decimals."""

    def cell(value: object) -> str:
        return f"{value:.3f}" if isinstance(value, float) else str(value)

    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell(value) for value in line)} |" for line in lines)
