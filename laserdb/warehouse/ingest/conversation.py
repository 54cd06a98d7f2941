"""A list of messages → system message and turns, for the conversations that SQL leaves to us.

DuckDB takes the rows that are system?, (user, assistant)*, user? in plain text. Here come tool
calls, content in parts, extra keys, two user messages in a row: whatever real data holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from laserdb.warehouse.ingest.roles import CALL, side
from laserdb.warehouse.ingest.shapes import RowError

BLANK_LINE = "\n\n"
TEXT_PARTS = frozenset({None, "text", "input_text", "output_text"})
CALL_KEYS = ("tool_calls", "function_call")


@dataclass(slots=True)
class Turn:
    """What the user said, and what the assistant answered until the user spoke again."""

    asked: list[str]
    answered: list[str] = field(default_factory=list)

    @property
    def instruction(self) -> str:
        return join(self.asked)

    @property
    def response(self) -> str | None:
        return join(self.answered) if self.answered else None


@dataclass(slots=True)
class Conversation:
    """A conversation; `messages` is set only where system and turns can't give it back exactly."""

    system: str | None
    turns: list[Turn]
    messages: list[dict[str, Any]] | None


@dataclass(slots=True)
class Message:
    """One message with its side, its text, and the form in which it would be stored."""

    side: str
    text: str | None
    stored: dict[str, Any]
    # Role and text say all there is.
    plain: bool


def join(texts: Iterable[str]) -> str:
    """The texts that aren't empty, with a blank line between; one text stays as it is."""
    return BLANK_LINE.join(text for text in texts if text)


def build(messages: list[Any], system: str | None = None) -> Conversation:
    """Make turns of a list of messages; `system` is a system message from a column of its own.

    Raises RowError, whose message names the message at fault (counted from 1).
    """
    if not messages:
        raise RowError("no messages")
    read = [read_message(message, number) for number, message in enumerate(messages, 1)]
    exact = all(message.plain for message in read)
    systems, rest = leading_systems(read)
    # The same text in the column and as a message is one system message.
    texts = [text for text in ([system] if system else []) if text not in systems] + systems
    exact = exact and len(texts) <= 1
    turns, regular = take_turns(rest)
    if not any(turn.instruction.strip() for turn in turns):
        raise RowError("no user message with text")
    stored = None
    if not (exact and regular):
        column = [{"role": "system", "content": system}] if system and system not in systems else []
        stored = column + [message.stored for message in read]
    return Conversation(join(texts) if texts else None, turns, stored)


def leading_systems(messages: list[Message]) -> tuple[list[str], list[Message]]:
    """The texts of the system messages before anyone speaks, and the messages after them."""
    count = next((at for at, message in enumerate(messages) if message.side != "system"), len(messages))
    return [message.text or "" for message in messages[:count]], messages[count:]


def take_turns(messages: list[Message]) -> tuple[list[Turn], bool]:
    """Turns, and whether user and assistant took turns strictly, the user first."""
    turns: list[Turn] = []
    regular = True
    expected = "user"
    for message in messages:
        regular = regular and message.side == expected
        if message.side == "user":
            if turns and expected == "assistant" and not turns[-1].answered:
                turns[-1].asked.append(message.text or "")
            else:
                turns.append(Turn([message.text or ""]))
            expected = "assistant"
        elif message.side == "assistant":
            expected = "user"
            # An assistant that speaks first answers nobody; it stays in the stored messages.
            if turns and message.text is not None:
                turns[-1].answered.append(message.text)
    return turns, regular


def read_message(message: Any, number: int) -> Message:
    """Check one message and bring it to role and content, with its other keys kept."""
    if not isinstance(message, dict):
        raise RowError(f"message {number} is {describe(message)}, not an object")
    role = message.get("role") if message.get("role") is not None else message.get("from")
    if not isinstance(role, str):
        raise RowError(f"message {number} has no role")
    who = side(role)
    if who is None:
        raise RowError(f"unknown role {role[:80]!r} in message {number}")
    content = message.get("content") if message.get("content") is not None else message.get("value")
    extras = {
        key: value
        for key, value in message.items()
        if key not in ("role", "from", "content", "value") and value is not None and value != []
    }
    text, simple = text_of(content, number)
    if who == "user" and text is None:
        raise RowError(f"no text in message {number}")
    if role.strip().lower() in CALL:
        extras["from"] = role
    if who == "assistant" and not text:
        calls = next((extras[key] for key in CALL_KEYS if extras.get(key)), None)
        text = text if calls is None else dump(calls)
    stored = {"role": who, "content": text if simple and content is not None else content, **extras}
    return Message(who, text, stored, plain=simple and not extras and text is not None)


def text_of(content: Any, number: int) -> tuple[str | None, bool]:
    """The text of a message's content, and whether that text is all there is to it."""
    if content is None or isinstance(content, str):
        return content, True
    if isinstance(content, bool | int | float):
        return dump(content), True
    if isinstance(content, dict):
        raise RowError(f"the content of message {number} is an object, not text")
    texts = [text for text in map(part_text, content) if text is not None]
    simple = len(content) == len(texts) == 1 and not has_extras(content[0])
    return ("\n".join(texts) if texts else None), simple


def part_text(part: Any) -> str | None:
    """The text of one content part; None for images and the like."""
    if isinstance(part, str):
        return part
    if isinstance(part, dict) and part.get("type") in TEXT_PARTS and isinstance(part.get("text"), str):
        text: str = part["text"]
        return text
    return None


def has_extras(part: Any) -> bool:
    """Whether a content part says more than its text."""
    return isinstance(part, dict) and any(
        value is not None for key, value in part.items() if key not in ("type", "text")
    )


def dump(value: Any) -> str:
    """Compact JSON text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def describe(value: Any) -> str:
    """What a value is, in the words of our messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "an object"
