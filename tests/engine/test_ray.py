"""Scoring on a local Ray of two processors."""

from __future__ import annotations

import pytest

from laserdb.engine.ray_actors import RayOptions
from laserdb.errors import ScoringError
from tests.engine.test_workers import exact, pool

ray = pytest.importorskip("ray", reason="the extra ray is not installed: pip install 'laserdb[ray]'")

pytestmark = [
    pytest.mark.ray,
    # Ray's own processes and sockets outlive it by a moment.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def cluster():
    import os
    import sys

    modules = {"env_vars": {"PYTHONPATH": os.pathsep.join([os.getcwd(), *filter(None, sys.path)])}}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env=modules)
    yield
    ray.shutdown()


def test_an_actor_killed_in_the_middle_costs_a_retry(file_warehouse, tmp_path):
    database = pool(file_warehouse, 60, "die")
    params = {"ms": "5", "once": str(tmp_path / "died")}
    (summary,) = database.score(
        ["tests.engine.scorers:Suicidal"], ray=RayOptions(min_actors=2), params=params
    )
    assert (tmp_path / "died").exists()
    assert (summary.scored, summary.failed, summary.pending) == (55, 6, 0)
    assert exact(file_warehouse, "suicidal") == (61, 61, "complete", 55, 6)


def test_actors_grow_to_their_maximum_and_the_limit_is_kept(file_warehouse):
    database = pool(file_warehouse, 60)
    options = RayOptions(min_actors=1, max_actors=2)
    (summary,) = database.score(["tests.engine.scorers:Slow"], ray=options, limit=50)
    assert (summary.scored + summary.failed, summary.pending) == (50, 10)
    assert exact(file_warehouse)[:3] == (50, 50, "partial")


def test_what_breaks_in_an_actor_is_told(file_warehouse):
    with pytest.raises(ScoringError, match="scorer broken failed: RuntimeError: out of cheese"):
        pool(file_warehouse, 9).score(["tests.engine.scorers:Broken"], ray=RayOptions())
