"""A template's header: the comment lines on top that say what it does and which parameters it takes.

    -- purpose: one line for `laserdb strategies`
    -- source: where it comes from
    -- needs: category, difficulty, quality, tokens, embedding
    -- param gamma = 80: percentile of p below which a cluster's best sample is dropped
    -- columns: reason, category, cluster

`needs` names the scorers whose results the template reads (`quality` stands for whatever the table
`routes` names). A parameter's default is a JSON value; its type is the type that `--set` accepts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from laserdb.errors import StrategyError, UsageError
from laserdb.plugins import SCORERS, names, unknown
from laserdb.sqltext import identifier, literal

FIELD = re.compile(r"^--\s*(purpose|source|needs)\s*:\s*(.*)$")
PARAM = re.compile(r"^--\s*param\s+([A-Za-z_]\w*)\s*=\s*(.*)$")
NEEDS = frozenset(
    {"category", "difficulty", "quality", "tokens", "embedding"}
    # Scorers whose results a strategy reads from their own tables.
    | {"deita_quality", "deita_complexity", "ifd", "alpagasus", "instag"}
)
RESERVED = frozenset({"m", "seed", "pool", "candidate", "source_caps"})


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter that `--set` may change."""

    name: str
    default: Any
    help: str


# What every strategy takes, whatever its header says: the engine sees to it.
COMMON: Mapping[str, Param] = {
    "source_caps": Param(
        "source_caps",
        None,
        'most of one source, in samples or as a share of m: 0.2, or {"faq": 500, "*": 0.2}',
    )
}


@dataclass(frozen=True, slots=True)
class Header:
    """What a template says of itself."""

    purpose: str = ""
    source: str = ""
    needs: tuple[str, ...] = ()
    params: Mapping[str, Param] = field(default_factory=dict)


def parse_header(text: str, where: str) -> Header:
    """Read the leading comment lines of a template. Raises StrategyError naming all that is wrong."""
    fields: dict[str, str] = {}
    params: dict[str, Param] = {}
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("--"):
            break
        if match := FIELD.match(line):
            fields[match[1]] = match[2].strip()
        elif match := PARAM.match(line):
            try:
                params[match[1]] = parse_param(match[1], match[2])
            except ValueError as error:
                problems.append(f"{where}:{number}: {error}")
    needs = tuple(word.strip() for word in fields.get("needs", "").split(",") if word.strip())
    strange = [word for word in needs if word not in NEEDS]
    if strange:
        known = NEEDS | set(names(SCORERS))
        problems += [f"{where}: {unknown('need', word, known)}" for word in strange if word not in known]
    if problems:
        raise StrategyError("; ".join(problems))
    return Header(fields.get("purpose", ""), fields.get("source", ""), needs, params)


def parse_param(name: str, text: str) -> Param:
    """`NAME = JSON: help`. Raises ValueError for a default that isn't JSON or a reserved name."""
    if name in RESERVED:
        raise ValueError(f"{name} is given to every template and can't be a parameter of its own")
    try:
        default, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError:
        raise ValueError(f"the default of {name} isn't JSON: {text}") from None
    return Param(name, default, text[end:].strip().lstrip(":").strip())


# What a sample must have to be a candidate of a strategy that needs a scorer.
CONDITIONS: Mapping[str, str] = {
    "category": "category IS NOT NULL",
    "difficulty": "f IS NOT NULL",
    "quality": "q IS NOT NULL",
    "tokens": "tokens IS NOT NULL",
    "embedding": "embedded",
}


def scored_by(scorer: str) -> str:
    """SQL: some turn of the sample has a score of this scorer."""
    scores = f"turns JOIN {identifier('score_' + scorer)} s USING (turn_id)"
    return f"sample_id IN (SELECT turns.sample_id FROM {scores} WHERE s.score IS NOT NULL)"  # noqa: S608 - quoted


def candidate_condition(header: Header, params: Mapping[str, Any]) -> str:
    """SQL over `pool`: samples with all that the strategy needs, and at most `max_tokens` if it has that."""
    conditions = [CONDITIONS.get(need) or scored_by(need) for need in header.needs]
    if params.get("max_tokens") is not None:
        conditions.append(f"tokens <= {literal(params['max_tokens'])}")
    return " AND ".join(conditions) or "true"


def resolve_params(header: Header, given: Mapping[str, str], strategy: str) -> dict[str, Any]:
    """All parameters with the given values; of `COMMON` ones only those that are given.

    Raises UsageError that lists every unknown or ill-typed one.
    """
    problems: list[str] = []
    values = {param.name: param.default for param in header.params.values()}
    known = {**header.params, **COMMON}
    for name, text in given.items():
        if name not in known:
            problems.append(unknown(f"parameter of {strategy}", name, known))
            continue
        try:
            values[name] = convert(text, known[name].default)
        except ValueError as error:
            problems.append(f"--set {name}: {error}")
    if problems:
        raise UsageError("; ".join(problems))
    return values


def convert(text: str, default: Any) -> Any:
    """A `--set` value in the type of the default; an object's keys must be among the default's."""
    if isinstance(default, str):
        return text
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        if default is None:
            return text
        raise ValueError(f"expected a value like {json.dumps(default)}, not {text!r}") from None
    number = isinstance(default, int | float) and not isinstance(default, bool)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = isinstance(default, float) or isinstance(value, int) or not number
    if default is not None and not (number and is_number and whole) and type(value) is not type(default):
        raise ValueError(f"expected a value like {json.dumps(default)}, not {text!r}")
    if isinstance(default, dict):
        strange = [key for key in value if key not in default]
        if strange:
            raise ValueError("; ".join(unknown("key", key, default) for key in strange))
        if not all(type(item) in (int, float) and item >= 0 for item in value.values()):
            raise ValueError("the values must be numbers ≥ 0")
        return default | {key: float(item) for key, item in value.items()}
    return value
