"""Languages: their names in instructions, and which one a text is in (py3langid, offline)."""

from __future__ import annotations

SAMPLE = 2000
"""Characters that are enough to tell a text's language."""

NAMES = {
    "english": "en",
    "spanish": "es",
    "portuguese": "pt",
    "arabic": "ar",
    "hindi": "hi",
    "french": "fr",
    "russian": "ru",
    "german": "de",
    "japanese": "ja",
    "italian": "it",
    "bengali": "bn",
    "bangla": "bn",
    "ukrainian": "uk",
    "thai": "th",
    "urdu": "ur",
    "tamil": "ta",
    "telugu": "te",
    "bulgarian": "bg",
    "korean": "ko",
    "polish": "pl",
    "hebrew": "he",
    "persian": "fa",
    "farsi": "fa",
    "vietnamese": "vi",
    "nepali": "ne",
    "swahili": "sw",
    "kiswahili": "sw",
    "kannada": "kn",
    "marathi": "mr",
    "gujarati": "gu",
    "punjabi": "pa",
    "malayalam": "ml",
    "finnish": "fi",
    "chinese": "zh",
    "mandarin": "zh",
    "dutch": "nl",
    "swedish": "sv",
    "norwegian": "no",
    "danish": "da",
    "greek": "el",
    "turkish": "tr",
    "czech": "cs",
    "slovak": "sk",
    "hungarian": "hu",
    "romanian": "ro",
    "croatian": "hr",
    "serbian": "sr",
    "indonesian": "id",
    "malay": "ms",
    "catalan": "ca",
    "latin": "la",
    "tagalog": "tl",
    "icelandic": "is",
    "lithuanian": "lt",
    "latvian": "lv",
    "estonian": "et",
    "slovenian": "sl",
    "irish": "ga",
    "welsh": "cy",
    "basque": "eu",
    "afrikaans": "af",
    "albanian": "sq",
    "armenian": "hy",
    "georgian": "ka",
    "mongolian": "mn",
    "sinhala": "si",
    "khmer": "km",
    "lao": "lo",
}
"""A language's English name → its ISO 639-1 code."""

_ALIKE = {"no": {"nb", "nn"}, "ms": {"id"}, "id": {"ms"}, "hr": {"sr", "bs"}, "sr": {"hr", "bs"}}


def detect(text: str) -> str | None:
    """ISO 639-1 code of the text's language; None if it has no letters."""
    import py3langid

    sample = text[:SAMPLE]
    if not any(c.isalpha() for c in sample):
        return None
    # Capitals mislead a detector that has seen running text.
    code, _ = py3langid.classify(sample.lower() if sample.isupper() else sample)
    return str(code)


def is_language(text: str, code: str) -> bool | None:
    """Whether the text is in the language; True for one without letters, as nothing speaks against it."""
    found = detect(text)
    return found is None or found == code or found in _ALIKE.get(code, ())
