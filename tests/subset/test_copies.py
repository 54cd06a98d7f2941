"""Near copies by vectors, against the definition pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laserdb import subset
from laserdb.subset import copies
from tests.subset.test_subset import VECTORS, cosine, pool


def naive(rows, threshold):
    """(copy, partner): the partner is the most similar row kept before, of equals the first."""
    kept, found = [], []
    for i, row in enumerate(rows):
        near = [(cosine(row, rows[j]), -j) for j in kept if cosine(row, rows[j]) >= threshold]
        if near:
            found.append((i, -max(near)[1]))
        else:
            kept.append(i)
    return found


@settings(max_examples=100)
@given(VECTORS, st.sampled_from([0.1, 0.3, 0.9, 1.0]), st.sampled_from([3, 2048]))
def test_it_is_the_definition(rows, threshold, block):
    steps = {round(cosine(a, b) - threshold, 9) for a in rows for b in rows}
    if 0.0 in steps and threshold < 1:
        threshold += 1e-4
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copies, "BLOCK", block)
        found = subset.near_copies(np.array(rows, np.float32), threshold, threads=2)
    want = naive(rows, threshold - 1e-9)
    assert found.rows.tolist() == [row for row, _ in want]
    for row, partner, value, (_, expected) in zip(*(part.tolist() for part in found), want, strict=True):
        assert value == pytest.approx(cosine(rows[row], rows[partner]), abs=1e-5)
        # Equally similar ones may be told apart by float32's last bit.
        assert value == pytest.approx(cosine(rows[row], rows[expected]), abs=1e-5)


def test_cells_find_nearly_all_of_them_on_any_number_of_threads(monkeypatch):
    x = pool(4000, 16)
    exact = subset.near_copies(x.copy(), 0.9)
    monkeypatch.setattr(copies, "EXACT", 100)
    monkeypatch.setattr(copies, "IN_CELL", 800)
    cells = subset.near_copies(x.copy(), 0.9, threads=1)
    assert len(exact.rows) > 300
    # The hardest case: the pool has no clusters that copies could keep to.
    assert len(set(cells.rows) & set(exact.rows)) > 0.8 * len(exact.rows)
    again = subset.near_copies(x.copy(), 0.9, threads=3)
    assert all(np.array_equal(one, other) for one, other in zip(cells, again, strict=True))
    assert (cells.partners < cells.rows).all()
    assert not set(cells.partners) & set(cells.rows)


def test_no_rows_and_zeros():
    assert len(subset.near_copies(np.empty((0, 3), np.float32), 0.9).rows) == 0
    assert len(subset.near_copies(np.zeros((4, 3), np.float32), 0.9).rows) == 0
