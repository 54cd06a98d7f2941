"""Scorers for tests that run the command line or workers: named as `tests.engine.scorers:Slow`."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from laserdb.engine import loop
from laserdb.scorers.base import Answer, Batch, Failed, Identity, Scored, Scorer, Unit


class Slow(Scorer):
    """The length of a text after `--set ms=…` milliseconds a batch; texts with "bad" in them fail.

    Appends every `--set flush=…` seconds, so that short tests see many appends, and
    adds a byte to the file `--set log=…` at each batch.
    """

    name = "slow"
    summary = "length, slowly"
    unit = Unit.TURN
    batch_size = 4
    parameters = dict.fromkeys(("ms", "flush", "log", "once"), "for tests")

    @property
    def columns(self):
        return {"words": "INTEGER"}

    @property
    def identity(self) -> Identity:
        return Identity(self.name, "none", "1")

    def load(self) -> None:
        loop.FLUSH_SECONDS = float(self.options.params.get("flush", "0.05"))

    def score(self, batch: Batch) -> Sequence[Answer]:
        time.sleep(float(self.options.params.get("ms", "10")) / 1000)
        if "log" in self.options.params:
            with open(self.options.params["log"], "ab") as file:
                file.write(b".")
        return [self.one(turn.instruction) for turn in batch.turns]

    def one(self, text: str) -> Answer:
        return Failed("bad_text") if "bad" in text else Scored(float(len(text)), {"words": len(text.split())})


class Suicidal(Slow):
    """Kills its own process at the text "die", once per file given as `--set once=…`; always without it."""

    name = "suicidal"

    def one(self, text: str) -> Answer:
        once = self.options.params.get("once")
        if "die" in text and not (once and Path(once).exists()):
            if once:
                Path(once).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().one(text)


class Broken(Slow):
    """Has a bug."""

    name = "broken"

    def one(self, text: str) -> Answer:
        raise RuntimeError("out of cheese")
