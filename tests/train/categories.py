"""What trainings of classifiers are tried on: three categories told by their words; trainings broken off."""

from laserdb.labelled import Labelled
from laserdb.progress import Silent
from laserdb.scorers.base import Batch, ScorerOptions, Turn
from laserdb.scorers.category import Category
from laserdb.train.settings import with_settings
from laserdb.train.validation import split_off

WORDS = {"Math": "add sum", "Coding": "code loop", "Generation": "write poem"}
LETTERS = "abcdefgh"


def data(each=24):
    rows = [
        (f"{words} {LETTERS[i % 8]} {LETTERS[i % 5]} {i % 10}", label, f"{label}-{i % 3}")
        for i in range(each)
        for label, words in WORDS.items()
    ]
    return Labelled(*map(tuple, zip(*rows, strict=True)))


def asked(model, **options):
    scorer = Category(ScorerOptions(model=str(model), **options))
    found = scorer.score(Batch([Turn("add sum b"), Turn("code loop c"), Turn("write poem d")]))
    scorer.close()
    return [one.values["category"] for one in found], [one.score for one in found]


class Killed(Silent):
    """Breaks off at a step."""

    def __init__(self, at):
        self.left = at

    def advance(self, n):
        self.left -= n
        if self.left < 0:
            raise KeyboardInterrupt


class Counted(Silent):
    def __init__(self):
        self.begun = []

    def start(self, description, total, unit):
        self.begun.append([description, 0])

    def advance(self, n):
        self.begun[-1][1] += n


SMALL = {
    "rank": "4", "layers": "1", "epochs": "15", "batch_size": "8", "learning_rate": "0.01",
    "head_learning_rate": "0.02",
}  # fmt: skip


def train_adapter(bert, out, progress=None, **more):
    from laserdb.train.category_adapter import AdapterSettings, train_adapter

    settings = with_settings(AdapterSettings(), SMALL | more)
    return train_adapter(
        split_off(data(), None, 0.3, 0), [], out, settings, model=str(bert), progress=progress or Silent()
    )
