from __future__ import annotations

import pytest

from laserdb import plugins
from laserdb.errors import UsageError


def test_built_in_scorers_are_entry_points():
    assert {"tokens", "category", "difficulty", "checks", "embedding"} <= set(plugins.names(plugins.SCORERS))


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(UsageError, match=r"unknown scorer 'dificulty'; did you mean difficulty\?"):
        plugins.load(plugins.SCORERS, "dificulty", "scorer")
