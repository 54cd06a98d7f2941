"""The examples of docs/scorers.md are judges."""

import json
import re
from pathlib import Path

import pytest

from laserdb.engine.catalog import scorer_class
from laserdb.scorers.base import Batch, Turn
from tests.scorers.scripted import scripted

PAGE = (Path(__file__).parents[3] / "docs" / "scorers.md").read_text()
POLITE, SURE = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def judge(tmp_path):
    def made(text):
        path = tmp_path / "judge.toml"
        path.write_text(text)
        return scorer_class(str(path))

    return made


def test_the_first_example(judge):
    answer = json.dumps({"reason": "Dear Sir.", "politeness": 4})
    scorer = scripted(judge(POLITE)(), lambda *_: answer)
    (told,) = scorer.score(Batch([Turn("Tips?", "Dear Sir, no.", "Brainstorming")]))
    assert (told.score, told.values["reason"]) == (0.75, "Dear Sir.")
    user = scorer.backend.asked[0][0][1]
    assert "Dry facts" in "".join(part.text for part in user.content)


def test_the_second_example(judge):
    kind = judge(SURE)
    assert len(kind.spec.prompts) == 2
    scorer = kind()
    assert scorer.worth({"each": [0.5, 1.0], "p": []}, {"raw": "[]"}).score == 0.75


def test_every_scorer_of_the_page_exists():
    from laserdb import plugins

    named = {
        name for line in re.findall(r"^## ([a-z_, ]+)$", PAGE, re.MULTILINE) for name in line.split(", ")
    }
    assert named == {"deita_quality", "deita_complexity", "prm", "code_quality", "instruction_following",
                     "ifd", "perplexity"}  # fmt: skip
    assert named <= set(plugins.names(plugins.SCORERS))
