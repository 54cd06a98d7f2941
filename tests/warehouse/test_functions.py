"""Reading vectors: right, in order, and without leaving DuckDB's settings changed."""

from __future__ import annotations

import numpy as np
import pytest

from laserdb.errors import StrategyError
from laserdb.warehouse.functions import embedders, vectors_of
from tests.pools import FakeSample, fill


def test_vectors_come_in_the_order_asked_for(warehouse):
    fill(warehouse, [FakeSample(vector=None if i == 3 else [i, -i]) for i in range(9)])
    with warehouse.read() as session:
        before = session.value("SELECT current_setting('memory_limit')")
        found = vectors_of(session, [9, 1, 5], "fake-embedder")
        assert found.dtype == np.float32
        assert found.tolist() == [[8, -8], [0, 0], [4, -4]]
        assert session.value("SELECT current_setting('memory_limit')") == before
        with pytest.raises(StrategyError, match="1 of 2 samples have no vector of fake-embedder"):
            vectors_of(session, [1, 4], "fake-embedder")
        assert embedders(session) == {"fake-embedder": 8}


def test_a_limit_of_the_users_own_is_kept(warehouse):
    fill(warehouse, [FakeSample(vector=[1.0, 2.0])])
    with warehouse.read() as session:
        session.run("SET memory_limit = '3 GiB'")
        before = session.value("SELECT current_setting('memory_limit')")
        vectors_of(session, [1], "fake-embedder")
        assert session.value("SELECT current_setting('memory_limit')") == before
