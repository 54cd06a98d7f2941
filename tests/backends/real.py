"""The mark of tests that need the real encoder."""

from importlib.util import find_spec

import pytest

_MISSING = [m for m in ("sentence_transformers", "all_minilm_l6_v2") if find_spec(m) is None]


def needs_minilm(test):
    reason = f"not installed: {', '.join(_MISSING)} (extras score, offline)"
    return pytest.mark.models(pytest.mark.skipif(bool(_MISSING), reason=reason)(test))
