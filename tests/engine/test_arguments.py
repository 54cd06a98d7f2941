"""What `score` and `estimate` may be given."""

from __future__ import annotations

import pytest

from laserdb.engine.arguments import parted, scorer_names
from laserdb.engine.presets import PRESETS
from laserdb.engine.score import ScoreOptions
from laserdb.errors import UsageError
from laserdb.scorers.base import ScorerOptions


def test_each_argument_finds_its_part():
    found = parted({"model": "m", "params": {"a": "1"}, "limit": 3, "workers": 2})
    assert found == (ScorerOptions(model="m", params={"a": "1"}), ScoreOptions(limit=3, workers=2))


def test_none_is_the_default():
    assert parted({"params": None, "batch_size": None, "where": None}) == (ScorerOptions(), ScoreOptions())


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="colour"):
        parted({"colour": "red"})


def test_a_preset_comes_before_other_scorers_and_none_twice():
    assert scorer_names(["ifd", "checks"], "cpu") == [*PRESETS["cpu"].scorers, "ifd"]
    assert scorer_names(["ifd"], None) == ["ifd"]


@pytest.mark.parametrize(("scorers", "preset"), [([], None), ([], "cpus")])
def test_nothing_to_run(scorers, preset):
    with pytest.raises(UsageError, match=r"at least one scorer|unknown preset 'cpus'; did you mean cpu\?"):
        scorer_names(scorers, preset)
