"""Prompts as tokens: chat templates, and prompts that are too long lose the middle of their long parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from laserdb.backends.base import Message, Part, PermanentError, Prompt, Text
from laserdb.errors import UsageError

GAP = "\n[…]\n"
"""What stands where a text's middle was taken out."""


def messages_of(prompt: Prompt) -> tuple[Message, ...]:
    """The messages of a chat; none for bare text."""
    return () if isinstance(prompt, str) else tuple(m for m in prompt if isinstance(m, Message))


def plain(prompt: Prompt) -> str:
    """A text without its marks; of a chat, all texts in a row."""
    return "".join(part.text for part in _parts(prompt))


def as_dicts(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    """Messages as the dictionaries that templates and servers take."""
    return [{"role": m.role, "content": plain(m.content)} for m in messages]


def opens_answer(messages: tuple[Message, ...]) -> bool:
    """Whether the template shall open the assistant's answer: yes, unless the last message is one."""
    return messages[-1].role != "assistant"


def render(tokenizer: Any, prompt: Prompt, template: Mapping[str, Any] | None = None) -> str | None:
    """A chat prompt as text, special tokens included; None for bare text.

    Templates that know no system role get its text at the head of the first message.
    Raises UsageError if the model has no chat template.
    """
    chat = messages_of(prompt)
    if not chat:
        return None
    if not tokenizer.chat_template:
        raise UsageError("the model has no chat template: it is no instruction-tuned model")
    from jinja2 import TemplateError

    messages = as_dicts(chat)
    keywords = {"tokenize": False, "add_generation_prompt": opens_answer(chat), **(template or {})}
    try:
        text: str = tokenizer.apply_chat_template(messages, **keywords)
    except TemplateError:
        if messages[0]["role"] != "system" or len(messages) < 2:
            raise
        first, second, *rest = messages
        merged = {"role": second["role"], "content": f"{first['content']}\n\n{second['content']}"}
        text = tokenizer.apply_chat_template([merged, *rest], **keywords)
    return text


def encode(tokenizer: Any, prompt: Prompt, template: Mapping[str, Any] | None = None) -> list[int]:
    """Token ids of a prompt; templates write their special tokens themselves."""
    text = render(tokenizer, prompt, template)
    bare = text is None
    written = plain(prompt) if text is None else text
    ids: list[int] = tokenizer(written, add_special_tokens=bare, verbose=False)["input_ids"]
    return ids


def fit(prompt: Prompt, limit: int, count: Callable[[Prompt], int]) -> tuple[Prompt, bool]:
    """The prompt cut to `limit` tokens as told by `count`, and whether it was cut.

    All cuttable parts share one cap on their length in characters, the highest that fits; a longer part
    keeps its two ends, so short ones stay whole. Raises PermanentError `too_long` if the rest alone is.
    """
    if count(prompt) <= limit:
        return prompt, False
    marked = _marked(prompt)
    low, high = 0, max((len(part.text) for part in _parts(marked) if part.cuttable), default=0)
    if not high or count(_capped(marked, 0)) > limit:
        raise PermanentError("too_long", f"more than {limit} tokens without the parts that may be cut")
    while high - low > max(8, low // 64):  # some characters more wouldn't be worth tokenising again
        middle = (low + high) // 2
        if count(_capped(marked, middle)) <= limit:
            low = middle
        else:
            high = middle
    return _capped(marked, low), True


def estimated_tokens(prompt: Prompt) -> int:
    """A cautious guess where no tokenizer is at hand: three bytes per token, and some per message."""
    extra = 16 * (len(messages_of(prompt)) + 1)
    return extra + sum(len(part.text.encode()) // 3 + 1 for part in _parts(prompt))


def _parts(prompt: Prompt) -> list[Part]:
    if isinstance(prompt, str):
        return [Part(prompt)]
    return [p for item in prompt for p in (_parts(item.content) if isinstance(item, Message) else [item])]


def _marked(prompt: Prompt) -> Prompt:
    """The prompt with cuttable parts: its own, else all but system messages."""
    if any(part.cuttable for part in _parts(prompt)):
        return prompt
    if chat := messages_of(prompt):
        return tuple(replace(m, content=(Part(plain(m.content), m.role != "system"),)) for m in chat)
    return tuple(replace(part, cuttable=True) for part in _parts(prompt))


def _capped(prompt: Prompt, cap: int) -> Prompt:
    def cut(text: Text) -> Text:
        return tuple(Part(_ends(p.text, cap)) if p.cuttable else p for p in _parts(text))

    if chat := messages_of(prompt):
        return tuple(replace(m, content=cut(m.content)) for m in chat)
    return tuple(Part(_ends(p.text, cap)) if p.cuttable else p for p in _parts(prompt))


def _ends(text: str, cap: int) -> str:
    if len(text) <= cap + len(GAP):
        return text
    tail = cap // 2
    return text[: cap - tail] + GAP + text[len(text) - tail :]
