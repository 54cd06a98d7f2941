"""A figure of correlations as SVG: a row per data set, a dot per scorer, a bar for its interval."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

_LEFT, _WIDTH, _ROW, _TOP, _BELOW = 190, 460, 30, 34, 44
_COLOURS = ("#0b6bcb", "#b35309", "#3d7a3d", "#8a3ffc", "#6b7280")


def correlations(sections: Mapping[str, Mapping[str, Any]], title: str) -> str:
    """The SVG of Spearman with the targets, by data set, their mean, and with levels and length.

    Of what `report` returns.
    """
    names = list(sections)
    rows = sorted({name for one in sections.values() for name in one["target"]["by_dataset"]})
    values = {
        scorer: {
            **{row: one["target"]["by_dataset"].get(row, {}).get("spearman", {}) for row in rows},
            "mean": one["target"]["mean_over_datasets"],
            "people's levels": one.get("level", {}).get("mean_over_datasets", {}),
            "length": one.get("length", {}).get("mean_over_datasets", {}),
        }
        for scorer, one in sections.items()
    }
    # What isn't known of any scorer has no row.
    below = [row for row in ("mean", "people's levels", "length") if any(v[row] for v in values.values())]
    told = [v for by_row in values.values() for c in by_row.values() for v in c.values() if v is not None]
    low, high = min([-0.1, *told]), max([0.5, *told])
    height = _TOP + _ROW * (len(rows) + len(below)) + _BELOW + 18 * len(names)

    def x(value: float) -> str:
        return f"{_LEFT + _WIDTH * (value - low) / (high - low):.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 30}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="10" y="20" font-size="14">{escape(title)}</text>',
    ]
    bottom = _TOP + _ROW * (len(rows) + len(below))
    for tick in (t / 10 for t in range(-10, 11)):
        if low <= tick <= high:
            colour = "#888" if tick == 0 else "#e4e4e4"
            parts.append(
                f'<line x1="{x(tick)}" x2="{x(tick)}" y1="{_TOP}" y2="{bottom}" stroke="{colour}"/>'
                f'<text x="{x(tick)}" y="{bottom + 16}" text-anchor="middle" fill="#444">{tick:.1f}</text>'
            )
    for number, row in enumerate([*rows, *below]):
        y = _TOP + _ROW * number + _ROW / 2
        weight = ' font-weight="bold"' if number >= len(rows) else ""
        parts.append(f'<text x="{_LEFT - 10}" y="{y + 4}" text-anchor="end"{weight}>{escape(row)}</text>')
        for index, scorer in enumerate(names):
            at = y + (index - (len(names) - 1) / 2) * min(7.0, 20 / len(names))
            parts.append(_mark(values[scorer][row], x, at, _COLOURS[index % len(_COLOURS)], scorer))
    for index, scorer in enumerate(names):
        y = bottom + 36 + 18 * index
        parts.append(
            f'<circle cx="{_LEFT}" cy="{y}" r="4" fill="{_COLOURS[index % len(_COLOURS)]}"/>'
            f'<text x="{_LEFT + 10}" y="{y + 4}">{escape(scorer)}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])


def _mark(one: Mapping[str, float | None], x: Any, y: float, colour: str, scorer: str) -> str:
    value, low, high = one.get("value"), one.get("low"), one.get("high")
    if value is None:
        return ""
    bar = ""
    if low is not None and high is not None:
        bar = f'<line x1="{x(low)}" x2="{x(high)}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>'
    tip = f"<title>{escape(scorer)}: {value}</title>"
    return f'{bar}<circle cx="{x(value)}" cy="{y}" r="3.5" fill="{colour}">{tip}</circle>'
