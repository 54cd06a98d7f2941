"""What the judge of `instruction_following` is asked, in three kinds of calls (LASER, Figures 21 to 23)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from laserdb.backends.base import Message, Part, Prompt
from laserdb.scorers.base import Turn
from laserdb.scorers.constraints import Constraint, ConstraintType
from laserdb.scorers.judge import chat

_KINDS: Mapping[ConstraintType, str] = {
    ConstraintType.LETTER_CASE: "capitals, lowercase, how many words in capitals",
    ConstraintType.PLACEHOLDER_AND_POSTSCRIPT: "placeholders in brackets, a postscript at the end",
    ConstraintType.REPEAT_PROMPT: "the request is to be repeated before it is answered",
    ConstraintType.OUTPUT_COMBINATION: "several answers, or parts with something between them",
    ConstraintType.CHOOSE_OUTPUT: "the answer is to be one of some given options",
    ConstraintType.OUTPUT_FORMAT: "JSON, Markdown, bullet points, a title, sections, highlighted parts",
    ConstraintType.KEYWORD_INCLUDED: "words that must occur",
    ConstraintType.KEYWORD_AVOIDED: "words that must not occur",
    ConstraintType.KEYWORD_FREQUENCY: "how often a word, letter or sign must occur",
    ConstraintType.LANGUAGE: "the language, or languages, to answer in",
    ConstraintType.LENGTH: "how many words, sentences, paragraphs or lines",
    ConstraintType.PUNCTUATION: "signs to use or not to use, quotation marks around it all",
    ConstraintType.START_AND_ENDING: "how the answer must begin or end",
    ConstraintType.WRITING_STYLE: "tone, voice or audience, such as formal, funny, for children",
    ConstraintType.WRITING_TYPE: "the kind of text, such as an essay, a letter, a poem, a list of ideas",
    ConstraintType.TOPIC: "what the text is to be about",
}

FIND = (
    "You mark the constraints that a user's prompt puts on the answer: what the answer must be like, apart from "
    "being right. Copy the words that express a constraint from the prompt, exactly and as few as possible, as its "
    '"span", and give its "type", which is one of these:\n\n'
    + "\n".join(f"- {kind}: {told}" for kind, told in _KINDS.items())
    + "\n\nName each constraint once, in the order of the prompt. A prompt that only asks for something, without "
    'saying what the answer must be like, has none. Answer with one JSON object with the key "constraints": a list, '
    'empty if there is none, of objects with the keys "span" and "type".'
)
FIND_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "constraints": {
            "type": "array",
            "maxItems": 24,
            "items": {
                "type": "object",
                "properties": {
                    "span": {"type": "string"},
                    "type": {"type": "string", "enum": [str(kind) for kind in ConstraintType]},
                },
                "required": ["span", "type"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["constraints"],
    "additionalProperties": False,
}
_SHOTS: Sequence[tuple[str, Sequence[tuple[str, ConstraintType]]]] = (
    (
        "Draft a cheerful invitation to our street party in at most 120 words. Mention the words lantern and brass "
        'band, and close with "See you on Saturday!"',
        (
            ("cheerful", ConstraintType.WRITING_STYLE),
            ("invitation", ConstraintType.WRITING_TYPE),
            ("our street party", ConstraintType.TOPIC),
            ("at most 120 words", ConstraintType.LENGTH),
            ("Mention the words lantern and brass band", ConstraintType.KEYWORD_INCLUDED),
            ('close with "See you on Saturday!"', ConstraintType.START_AND_ENDING),
        ),
    ),
    ("How do tides come about?", ()),
    (
        "Is a tomato a fruit? Answer in Spanish, in capital letters only, with one of: SÍ, NO, DEPENDE.",
        (
            ("in Spanish", ConstraintType.LANGUAGE),
            ("in capital letters only", ConstraintType.LETTER_CASE),
            ("with one of: SÍ, NO, DEPENDE", ConstraintType.CHOOSE_OUTPUT),
        ),
    ),
    (
        "give me 5 bullet points on keeping bees for a ten-year-old. don't use commas or the word sting, and have the "
        "letter b at least 20 times",
        (
            ("5 bullet points", ConstraintType.OUTPUT_FORMAT),
            ("keeping bees", ConstraintType.TOPIC),
            ("for a ten-year-old", ConstraintType.WRITING_STYLE),
            ("don't use commas", ConstraintType.PUNCTUATION),
            ("or the word sting", ConstraintType.KEYWORD_AVOIDED),
            ("the letter b at least 20 times", ConstraintType.KEYWORD_FREQUENCY),
        ),
    ),
)

VERIFY = """You check whether a response keeps to what it was asked to be like. You are shown a prompt, the \
response to it, and numbered questions about the response. Answer each question strictly by the response as it \
stands: true if it does what the question asks about, wholly, otherwise false. Answer with one JSON object: the \
number of each question, and true or false."""
RATE = """You rate how well an assistant's response serves the user. You are shown the user's prompt and the response. \
Consider what the user wants, whether the response gives it, rightly and completely, and whether it keeps to \
everything that the prompt says about the answer's form and content. Then give a score from 1 (useless) to 10 (could \
not be better). Most responses are neither. Answer with one JSON object: "analysis", one or two sentences, and \
"score", a whole number."""
RATE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "analysis": {"type": "string"},
        "score": {"type": "integer", "enum": list(range(1, 11))},
    },
    "required": ["analysis", "score"],
    "additionalProperties": False,
}


def find_prompt(instruction: str) -> Prompt:
    """Asks for the constraints that an instruction expresses."""
    shots = [
        message
        for text, found in _SHOTS
        for message in (Message("user", _asked(text)), Message("assistant", _marked(found)))
    ]
    text = (Part("Prompt:\n"), Part(instruction, cuttable=True))
    return (Message("system", FIND), *shots, Message("user", text))


def verify_prompt(turn: Turn, constraints: Sequence[Constraint]) -> Prompt:
    """Asks whether a response keeps to these constraints."""
    questions = "".join(
        f'{i}. Does the response follow the constraint "{one.span}" ({str(one.type).replace("_", " ")})?\n'
        for i, one in enumerate(constraints, 1)
    )
    return chat(VERIFY, *_turn(turn), f"\n\nQuestions:\n{questions}")


def verify_schema(n: int) -> Mapping[str, Any]:
    """An answer to each of n questions."""
    numbers = [str(i + 1) for i in range(n)]
    return {
        "type": "object",
        "properties": {number: {"type": "boolean"} for number in numbers},
        "required": numbers,
        "additionalProperties": False,
    }


def rate_prompt(turn: Turn) -> Prompt:
    """Asks for a rating of a response to an instruction without constraints."""
    return chat(RATE, *_turn(turn))


def fixed() -> Sequence[str]:
    """All that the judge is shown whatever the turn."""
    shots = [text + _marked(found) for text, found in _SHOTS]
    schemas = [json.dumps(schema) for schema in (FIND_SCHEMA, verify_schema(1), RATE_SCHEMA)]
    return [FIND, *shots, VERIFY, RATE, *schemas]


def _turn(turn: Turn) -> tuple[str | Part, ...]:
    return (
        "Prompt:\n<prompt>\n",
        Part(turn.instruction, cuttable=True),
        "\n</prompt>\n\nResponse:\n<response>\n",
        Part(turn.response or "", cuttable=True),
        "\n</response>",
    )


def _asked(text: str) -> str:
    return f"Prompt:\n{text}"


def _marked(found: Sequence[tuple[str, ConstraintType]]) -> str:
    constraints = [{"span": span, "type": str(kind)} for span, kind in found]
    return json.dumps({"constraints": constraints}, ensure_ascii=False)
