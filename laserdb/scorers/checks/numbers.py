"""English number words, as instructions and passages spell small numbers."""

from __future__ import annotations

_UP_TO_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth"

UP_TO_TWENTY = _UP_TO_TWENTY.split()
ORDINALS = _ORDINALS.split()
