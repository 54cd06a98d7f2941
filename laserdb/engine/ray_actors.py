"""Scoring with Ray: the scorer runs in actors anywhere on a cluster, the driver fetches and appends."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from types import TracebackType
from typing import Any

from laserdb.engine.batching import Work
from laserdb.engine.caller import Caller, Outcome, first_line
from laserdb.engine.interrupt import Interrupt
from laserdb.errors import MissingExtra, ScoringError
from laserdb.progress import Progress
from laserdb.scorers.base import Batch, Scorer, ScorerOptions

# Batches an actor has in hand: one at work, one waiting, so that it never idles for the network.
IN_FLIGHT = 2
# So many losses without a batch done in between, and it isn't bad luck.
LOSSES = 5


@dataclass(frozen=True, slots=True)
class RayOptions:
    """Which cluster, and how many actors; None for `max_actors`: as many as it has room for now."""

    address: str | None = None
    gpus_per_actor: float = 0.0
    min_actors: int = 1
    max_actors: int | None = None


class ScoringActor:
    """What runs on the cluster: a loaded scorer and the same batch logic as everywhere."""

    def __init__(self, kind: type[Scorer], options: ScorerOptions) -> None:
        self.scorer = kind(options)
        self.caller = Caller(self.scorer, patient_sleep)

    def load(self) -> bool:
        """Get the model ready; not in the constructor, whose errors Ray tells only as a lost actor."""
        self.scorer.load()
        return True

    def score(self, batch: Batch) -> list[Outcome]:
        """One outcome per text."""
        return self.caller.score(batch)


def patient_sleep(seconds: float) -> bool:
    """Wait; nobody interrupts an actor."""
    time.sleep(seconds)
    return False


class Actors:
    """Between `min_actors` and `max_actors` actors; a lost one is replaced, its batches repeated."""

    def __init__(self, scorer: Scorer, options: RayOptions, progress: Progress, interrupt: Interrupt) -> None:
        if find_spec("ray") is None:
            raise MissingExtra("ray", "ray")
        import ray

        self.ray = ray
        self.scorer = scorer
        self.options = options
        self.progress = progress
        self.interrupt = interrupt
        self.loads: dict[Any, int] = {}
        """Actors that are ready, and the batches each has."""
        self.starting: dict[Any, Any] = {}
        """Actors that are being placed or load their model, by the object that tells of it."""
        self.flying: dict[Any, tuple[Any, Work]] = {}
        self.again: deque[Work] = deque()
        self.losses = 0
        self.ours = False

    def __enter__(self) -> Actors:
        ray = self.ray
        if not ray.is_initialized():
            modules = {"env_vars": {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}}
            try:
                ray.init(
                    address=self.options.address,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    runtime_env=modules,
                )
            except (ConnectionError, ValueError, RuntimeError) as error:
                where = self.options.address or "here"
                raise ScoringError(f"can't reach or start Ray ({where}): {first_line(error)}") from error
            self.ours = True
        for _ in range(min(self.options.min_actors, self.most)):
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for actor in [*self.loads, *self.starting.values()]:
            self.ray.kill(actor)
        if self.ours:
            self.ray.shutdown()

    @property
    def most(self) -> int:
        """How many actors there may be."""
        if self.options.max_actors is not None:
            return self.options.max_actors
        have = self.ray.cluster_resources()
        room = have.get("CPU", 1)
        if self.options.gpus_per_actor:
            room = min(room, have.get("GPU", 0) / self.options.gpus_per_actor)
        return max(self.options.min_actors, int(room))

    def start(self) -> None:
        """Ask for one more actor; an autoscaling cluster makes room for it."""
        remote = self.ray.remote(num_cpus=1, num_gpus=self.options.gpus_per_actor)(ScoringActor)
        actor = remote.remote(type(self.scorer), self.scorer.options)
        self.starting[actor.load.remote()] = actor

    def over(self, works: Iterator[Work]) -> Iterator[tuple[Work, list[Outcome]]]:
        """Each batch with its outcomes, as they come back."""
        most, more = self.most, True
        while True:
            more = self.send(works) if more or self.again else False
            if not self.flying and not more and not self.again:
                return
            if more and not self.starting and len(self.loads) < most:
                self.start()
            waiting = [*self.flying, *self.starting]
            done, _ = self.ray.wait(waiting, num_returns=1, timeout=0.5)
            for ref in done:
                found = self.receive(ref)
                if found is not None:
                    yield found
            if self.interrupt.requested():
                self.again.clear()
                more = False

    def send(self, works: Iterator[Work]) -> bool:
        """Hand out batches until every actor has enough; whether there may be more."""
        while True:
            actor = min(self.loads, key=self.loads.__getitem__, default=None)
            if actor is None or self.loads[actor] >= IN_FLIGHT:
                return True
            work = self.again.popleft() if self.again else next(works, None)
            if work is None:
                return False
            self.flying[actor.score.remote(work.batch)] = (actor, work)
            self.loads[actor] += 1

    def receive(self, ref: Any) -> tuple[Work, list[Outcome]] | None:
        """Take what has come back: results, an actor that is ready, or the news of a loss."""
        from ray.exceptions import RayActorError, RayTaskError

        actor, work = self.flying.pop(ref, (self.starting.pop(ref, None), None))
        try:
            found = self.ray.get(ref)
        except RayActorError as error:
            self.lose(actor, work, error)
            return None
        except RayTaskError as error:
            raise ScoringError(first_line(error.cause or error)) from error
        if work is None:
            self.loads[actor] = 0
            return None
        self.losses = 0
        self.loads[actor] -= 1
        return work, found

    def lose(self, actor: Any, work: Work | None, error: Exception) -> None:
        """An actor is gone: its batches go to others, and another actor takes its place."""
        if work is not None:
            self.again.append(work)
        if work is not None and self.loads.pop(actor, None) is None:
            # Already known from another batch of the same actor.
            return
        self.losses += 1
        if self.losses >= LOSSES:
            raise ScoringError(
                f"scorer {self.scorer.name}: its actors are lost again and again: {first_line(error)}"
            )
        self.progress.note("an actor was lost; another one takes over its work")
        self.start()
