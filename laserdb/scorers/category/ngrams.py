"""Features of texts for a linear model without a neural net: hashed n-grams, and the look of the text.

All texts of a call are one array of code points, and everything is done to the whole array: a Python loop
over n-grams would cost the speed that such a model is for. Hashes are polynomials modulo 2^64, read off
prefix sums: (P[end] − P[start]) / B^start, division by the odd B being a multiplication.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.uint32]
    Hashes = NDArray[np.uint64]

CHARS = 400
"""Characters read at either end of a text."""
CHARS_AT_ONCE = 1 << 15
"""Characters handled as one array: few enough for the processor's cache."""
ORDERS = (3, 4, 5)
GROUPS = (*(f"chars{n}" for n in ORDERS), "words", "pairs", "first", "last")
"""The groups of n-grams; each counts 1/√n per occurrence in a text that has n of the group."""
_EDGE = 4  # words that count as first, and as last
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_SALTS = {name: np.uint64(0xC2B2AE3D27D4EB4F * (2 * i + 1) % (1 << 64)) for i, name in enumerate(GROUPS)}
_LENGTHS = (30, 60, 120, 240, 480, 960, 1920, 3840)
_COUNTED = "?!`{}();:=+-*/^<>%$\\#|_\"'.,[]@&~"
FORMAT = (
    "length", *(f"length>{n}" for n in _LENGTHS), "lines", "blank lines", "digits", "capitals", "not ASCII",
    "spaces", "fenced", "ends ?", "ends :", *(f"count {sign}" for sign in _COUNTED),
)  # fmt: skip
"""The features of a text's look, in order."""

Group = tuple["NDArray[np.int32]", "Hashes"]
"""The text of each n-gram, ascending, and its hash."""


def pieces(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of texts of about `CHARS_AT_ONCE` characters as they are read."""
    start = total = 0
    for i, text in enumerate(texts):
        length = min(len(text), 2 * CHARS) + 2
        if i > start and total + length > CHARS_AT_ONCE:
            yield start, i
            start, total = i, 0
        total += length
    if len(texts):
        yield start, len(texts)


def joined(texts: Sequence[str]) -> str:
    """Both ends of every text, each between NULs."""
    cut = [t if len(t) <= 2 * CHARS else f"{t[:CHARS]}\n{t[-CHARS:]}" for t in texts]
    return "\0" + "\0".join(t.replace("\0", " ") for t in cut) + "\0"


def code_points(text: str) -> Codes:
    """A text as code points; lone surrogates, which JSON can carry, are let through."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def groups_of(text: str) -> dict[str, Group]:
    """The n-grams of each group in joined texts. Case and which digit it is make no difference."""
    codes = code_points(text.lower())
    owner = np.cumsum(codes == 0, dtype=np.int32) - 1  # NULs belong to the text behind them
    blank = (codes <= 32) | (codes == 0x3000) | (codes == 0xA0)
    digit = (codes >= 48) & (codes <= 57)
    plain = np.where(blank, np.uint32(32), np.where(digit, np.uint32(48), codes))
    sums, back = _prefixes(plain)
    found: dict[str, Group] = {}
    for name, n in zip(GROUPS, ORDERS, strict=False):
        starts = _within_words(blank, n)
        hashes = (sums[starts + n] - sums[starts]) * back[starts]
        found[name] = owner[starts + 1], _mixed(hashes, name)
    found |= _words(plain, blank, owner, sums, back)
    return found


def _within_words(blank: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
    """Where n-grams begin that have blanks at most at their ends."""
    before = np.zeros(len(blank) + 1, dtype=np.int32)
    np.cumsum(blank, out=before[1:])
    count = max(0, len(blank) - n + 1)
    return np.flatnonzero(before[n - 1 : n - 1 + count] == before[1 : 1 + count])


def _words(
    plain: Codes, blank: NDArray[np.bool_], owner: NDArray[np.int32], sums: Hashes, back: Hashes
) -> dict[str, Group]:
    """Words (runs of letters and digits, or one sign), pairs of neighbours, the first and the last few."""
    letter = ((plain >= 97) & (plain <= 122)) | (plain == 48) | ((plain >= 128) & ~_sign(plain))
    letter &= ~blank
    sign = ~letter & ~blank
    before = np.concatenate([[False], letter[:-1]])
    after = np.concatenate([letter[1:], [False]])
    starts = np.flatnonzero((letter & ~before) | sign)
    ends = np.flatnonzero((letter & ~after) | sign) + 1
    text, hashes = owner[starts], (sums[ends] - sums[starts]) * back[starts]
    same = text[1:] == text[:-1]
    pairs = (hashes[:-1] * _SALTS["first"] + hashes[1:])[same]
    count = np.bincount(text, minlength=int(owner[-1]) if len(owner) else 0)
    begin = np.concatenate([[0], np.cumsum(count)])
    place = np.arange(len(text)) - begin[text]
    first, last = place < _EDGE, place >= count[text] - _EDGE
    return {
        "words": (text, _mixed(hashes, "words")),
        "pairs": (text[1:][same], _mixed(pairs, "pairs")),
        "first": (text[first], _mixed(hashes[first], "first")),
        "last": (text[last], _mixed(hashes[last], "last")),
    }


def _sign(codes: Codes) -> NDArray[np.bool_]:
    """Punctuation beyond ASCII: Latin-1 signs, general, CJK and full-width punctuation."""
    return (
        ((codes >= 0xA1) & (codes <= 0xBF))
        | ((codes >= 0x2000) & (codes <= 0x2BFF))
        | ((codes >= 0x3001) & (codes <= 0x303F))
        | ((codes >= 0xFF01) & (codes <= 0xFF0F))
        | ((codes >= 0xFF1A) & (codes <= 0xFF20))
    )


def _mixed(hashes: Hashes, group: str) -> Hashes:
    mixed = (hashes ^ (hashes >> np.uint64(31))) * _MIX + _SALTS[group]
    return (mixed ^ (mixed >> np.uint64(29))) * _MIX


def _prefixes(codes: Codes) -> tuple[Hashes, Hashes]:
    """Prefix sums of code · B^place, (n + 1,), and B^−place, (n,)."""
    size = 1 << max(17, len(codes).bit_length())
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * _powers(_BASE, size)[: len(codes)], out=sums[1:])
    return sums, _powers(_INVERSE, size)[: len(codes)]


@lru_cache(maxsize=8)
def _powers(base: int, size: int) -> Hashes:
    powers = np.full(size, base, dtype=np.uint64)
    powers[0] = 1
    return np.cumprod(powers, dtype=np.uint64)


def sparse(group: Group, count: int, buckets: int) -> Any:
    """A group as a SciPy CSR matrix (count, buckets): occurrences, over the root of how many there are."""
    from scipy.sparse import csr_matrix

    text, hashes = group
    each = np.bincount(text, minlength=count)[:count]
    pointers = np.concatenate([[0], np.cumsum(each)]).astype(np.int32)
    weights = np.repeat((1 / np.sqrt(np.maximum(each, 1))).astype(np.float32), each)
    indices = (hashes & np.uint64(buckets - 1)).astype(np.int32)
    return csr_matrix((weights, indices, pointers), shape=(count, buckets))


def looks(texts: Sequence[str], text: str) -> NDArray[np.float32]:
    """The features `FORMAT` of each text, float32 (n, len(FORMAT)); `text` is `joined(texts)`."""
    codes = code_points(text)
    owner = np.cumsum(codes == 0, dtype=np.int32) - 1
    count = len(texts)

    def per(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.bincount(owner[mask], minlength=count)[:count].astype(np.float64)

    read = np.maximum(per(codes != 0), 1)
    length = np.array([len(t) for t in texts], dtype=np.float64)
    newline = codes == 10
    twice = newline & np.concatenate([[False], newline[:-1]])
    # Every sign at once: a column each of one table over the ASCII characters.
    ascii_ = codes < 128
    table = np.bincount(owner[ascii_] * 128 + codes[ascii_], minlength=(count + 1) * 128)
    signs = table[: count * 128].reshape(count, 128)[:, [ord(sign) for sign in _COUNTED]]
    ends = [t.rstrip()[-1:] for t in texts]
    columns = [
        np.log1p(length), *((length > n).astype(np.float64) for n in _LENGTHS),
        np.log1p(per(newline)), np.log1p(per(twice)),
        per((codes >= 48) & (codes <= 57)) / read, per((codes >= 65) & (codes <= 90)) / read,
        per(codes >= 128) / read, per(codes == 32) / read,
        np.array(["```" in t for t in texts], dtype=np.float64),
        np.array([end in ("?", "？", "؟") for end in ends], dtype=np.float64),
        np.array([end in (":", "：") for end in ends], dtype=np.float64),
    ]  # fmt: skip
    return np.column_stack([*columns, np.log1p(signs)]).astype(np.float32)
