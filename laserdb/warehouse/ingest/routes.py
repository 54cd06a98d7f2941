"""The way that common rows take: JSON text → samples by one SQL statement per shape.

DuckDB's `json_structure` says which keys of which types a row has. A pool has few structures, so the
shape is decided once for each of them, and all rows of a shape are read by one statement. Rows that
don't fit (no route, or not what the structure promised) are left out; `stage` gives them to Python.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from laserdb.sqltext import identifier, literal
from laserdb.warehouse.ingest.keys import SPACES
from laserdb.warehouse.ingest.roles import ASSISTANT, SYSTEM, USER
from laserdb.warehouse.ingest.rows import parse
from laserdb.warehouse.ingest.shapes import CONVERSATIONS, SCALARS, Kind, RowError, Shape, detect

KINDS = {"VARCHAR": Kind.TEXT, "BOOLEAN": Kind.BOOL, "NULL": Kind.NULL, "JSON": Kind.OBJECT}
# A row with more keys than this is no common one.
MAX_KEYS = 200
BLANK_LINE = "chr(10) || chr(10)"


@dataclass(frozen=True, slots=True)
class Route:
    """How to read all rows of one shape; `role` and `content` are the keys of its messages."""

    shape: Shape
    role: str = ""
    content: str = ""
    # Number of keys of each message.
    width: int = 0
    # The keys besides those of the shape, in order, and the number of all keys.
    metadata: tuple[str, ...] = ()
    n_keys: int = 0


def find_route(structure: str | None, mapping: Mapping[str, str]) -> Route | None:
    """The route for rows of a JSON structure, if there is one."""
    try:
        found = parse(structure) if structure else None
        if not isinstance(found, dict):
            return None
        kinds = {key: kind_of(key, value) for key, value in found.items()}
        shape = detect(kinds, mapping)
    except RowError:
        return None
    metadata = tuple(key for key in found if key not in shape.keys)
    if not is_plain(shape, kinds) or not can_be_named(*shape.keys, *metadata):
        return None
    if shape.messages is None:
        return Route(shape, metadata=metadata, n_keys=len(found))
    names = message_keys(found[shape.messages])
    return None if names is None else Route(shape, *names, metadata, len(found))


def kind_of(key: str, value: Any) -> Kind:
    """The kind that a part of a JSON structure stands for."""
    if isinstance(value, list):
        return Kind.NULL if value == ["NULL"] else Kind.LIST
    if isinstance(value, dict):
        return Kind.OBJECT
    # Text in a conversation's key may be a list written as text: only a look at the row tells.
    if value == "VARCHAR" and key in CONVERSATIONS:
        return Kind.LIST
    return KINDS.get(value, Kind.NUMBER)


def is_plain(shape: Shape, kinds: Mapping[str, Kind]) -> bool:
    """Whether the shape's values have the types that SQL expects."""
    if shape.split or (shape.messages and kinds[shape.messages] is not Kind.LIST):
        return False
    texts = (shape.prompt, shape.input, shape.output, shape.data_id)
    if any(kinds[key] not in SCALARS | {Kind.NULL} for key in texts if key):
        return False
    return shape.system is None or kinds[shape.system] in (Kind.TEXT, Kind.NULL)


def can_be_named(*keys: str) -> bool:
    """Whether the keys can be fields of one struct (which differ in more than case), and stand in a path."""
    same = len({key.lower() for key in keys}) == len(keys)
    return same and len(keys) <= MAX_KEYS and not any(set(key) & set('\0"\\') or not key for key in keys)


def message_keys(structure: Any) -> tuple[str, str, int] | None:
    """The keys of role and content, and the number of keys; None unless that is all there is."""
    if not isinstance(structure, list) or not isinstance(structure[0], dict):
        return None
    filled = {key for key, kind in structure[0].items() if kind != "NULL"}
    for role, content in (("role", "content"), ("from", "value"), ("role", "value"), ("from", "content")):
        if filled == {role, content} and structure[0][role] == structure[0][content] == "VARCHAR":
            return role, content, len(structure[0])
    return None


def staged_sql(route: Route, source: str) -> str:
    """SQL that reads the table `lines` (line, text), rows of one route, and gives `rows.STAGED` and `fits`.

    What doesn't fit isn't filtered here: DuckDB would push the filter down and parse each row twice.
    """
    build = messages_sql if route.shape.messages else prompt_sql
    return f"""
        SELECT line, coalesce(nullif(data_id, ''), {literal(source)} || '-' || line) AS data_id,
            system, NULL::VARCHAR AS messages, metadata, instructions, responses,
            coalesce(
                regular AND unique_keys AND NOT regexp_matches(metadata, 'NaN|Infinity')
                AND len(list_filter(instructions, lambda t: regexp_matches(t, '[^{SPACES}]'))) > 0,
                false
            ) AS fits
        FROM ({build(route)})
    """


def parsed_sql(route: Route) -> str:
    """The rows of `lines`, parsed; and what tells rows with a key given twice."""
    return f"""
        SELECT line, from_json(text, {literal(structure_of(route))}) AS r,
            -- JSON functions take the first of two equal keys, everybody else the last.
            len(json_keys(text)) = {route.n_keys} AS unique_keys, {message_keys_sql(route)} AS n_message_keys
        FROM lines
    """


def metadata_sql(route: Route) -> str:
    """The other keys as a JSON object, their values' JSON text as it came."""
    if not route.metadata:
        return "'{}'"
    pairs = (
        f"{literal(json.dumps(key, ensure_ascii=False) + ':')} || coalesce({value(key)}, 'null')"
        for key in route.metadata
    )
    return "'{' || " + " || ',' || ".join(pairs) + " || '}'"


def message_keys_sql(route: Route) -> str:
    """How many keys all messages of a row have."""
    if route.shape.messages is None:
        return "0"
    path = literal(f'$."{route.shape.messages}"[*]')
    return f"len(flatten(json_keys(text, {path})))"


def structure_of(route: Route) -> str:
    """The structure that from_json is to read: texts, and a list of role and content."""
    messages = [{route.role: "VARCHAR", route.content: "VARCHAR"}]
    fields = {key: messages if key == route.shape.messages else "VARCHAR" for key in route.shape.keys}
    return json.dumps({**fields, **dict.fromkeys(route.metadata, "JSON")})


def value(key: str | None) -> str:
    """The parsed value of a key, NULL if the shape has none."""
    return "NULL::VARCHAR" if key is None else f"r.{identifier(key)}"


def prompt_sql(route: Route) -> str:
    """One turn from an instruction, joined with its input where that isn't blank."""
    shape = route.shape
    parts = ", ".join(value(key) for key in (shape.prompt, shape.input) if key)
    return f"""
        SELECT line, {value(shape.data_id)} AS data_id, unique_keys, {metadata_sql(route)} AS metadata,
            nullif({value(shape.system)}, '') AS system,
            [array_to_string(
                list_filter([{parts}], lambda t: regexp_matches(t, '[^{SPACES}]')), {BLANK_LINE}
            )] AS instructions,
            [{value(shape.output)}] AS responses, true AS regular
        FROM ({parsed_sql(route)})
    """


def messages_sql(route: Route) -> str:
    """Turns from messages in plain text where user and assistant take turns, the user first."""
    assert route.shape.messages is not None
    messages = value(route.shape.messages)
    role, content = identifier(route.role), identifier(route.content)
    return f"""
        SELECT line, data_id, unique_keys, metadata,
            coalesce(CASE WHEN sides[1] = 's' THEN contents[1] END, own_system) AS system,
            contents[first:len(contents):2] AS instructions,
            list_resize(
                contents[first + 1:len(contents):2], len(contents[first:len(contents):2])
            ) AS responses,
            regexp_full_match(sides, 's?(ua)*u?') AND NOT (sides[1] = 's' AND own_system IS NOT NULL)
                AND list_count(contents) = len(contents)
                AND n_message_keys = {route.width} * len(contents) AS regular
        FROM (
            SELECT *, CASE WHEN sides[1] = 's' THEN 2 ELSE 1 END AS first
            FROM (
                SELECT line, {value(route.shape.data_id)} AS data_id, unique_keys, n_message_keys,
                    {metadata_sql(route)} AS metadata, nullif({value(route.shape.system)}, '') AS own_system,
                    list_transform({messages}, lambda m: m.{content}) AS contents,
                    array_to_string(list_transform({messages}, lambda m: CASE
                        WHEN m.{role} IN {names(USER)} THEN 'u' WHEN m.{role} IN {names(ASSISTANT)} THEN 'a'
                        WHEN m.{role} IN {names(SYSTEM)} THEN 's' ELSE '?' END), '') AS sides
                FROM ({parsed_sql(route)})
            )
        )
    """


def names(roles: frozenset[str]) -> str:
    return "(" + ", ".join(literal(role) for role in sorted(roles)) + ")"
