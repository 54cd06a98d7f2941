"""The greedy methods against the same definitions in plain Python, pair by pair."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laserdb import subset
from laserdb.subset import common, farthest, neighbours, similar

# Few directions, so that equal, opposite and zero vectors and exact ties with a threshold occur.
GRID = st.sampled_from([-1.0, 0.0, 0.0, 1.0, 2.0, 3.0])
VECTORS = st.lists(st.tuples(GRID, GRID, GRID), min_size=1, max_size=30)


def cosine(a, b) -> float:
    lengths = math.sqrt(math.fsum(x * x for x in a)) * math.sqrt(math.fsum(x * x for x in b))
    return math.fsum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0


def naive_filter(rows, m, threshold):
    kept = []
    for i, row in enumerate(rows):
        if len(kept) == m:
            break
        if not any(cosine(row, rows[j]) > threshold for j in kept):
            kept.append(i)
    return kept


def pool(n, d, seed=0, copies=0.3):
    """Unit vectors of which many are near copies of others."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)).astype(np.float32)
    near = np.flatnonzero(rng.random(n) < copies)
    noise = rng.uniform(0.1, 0.6, (len(near), 1)) * rng.standard_normal((len(near), d))
    x[near] = x[rng.integers(n, size=len(near))] + noise
    return x / np.linalg.norm(x, axis=1, keepdims=True)


class TestFarApart:
    @settings(max_examples=150, deadline=None)
    @given(VECTORS, st.integers(1, 31), st.sampled_from([-0.5, 0.0, 0.5, 0.9, 1.0]))
    def test_it_is_the_loop(self, rows, m, threshold):
        # Thresholds that are exact cosines of the grid are decided by float64's last bits: not this test's.
        steps = {round(cosine(a, b) - threshold, 9) for a in rows for b in rows}
        if 0.0 in steps:
            threshold += 1e-7
        x = np.array(rows, np.float32)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(similar, "BLOCK", 4)
            found = subset.far_apart(len(x), lambda span: x[span], m, threshold, threads=2)
        assert found.tolist() == naive_filter(rows, m, threshold)

    def test_it_is_the_loop_on_a_larger_pool_on_any_number_of_threads(self):
        x = pool(3000, 24)
        want, rows = [], np.empty((0, 24))
        for i, row in enumerate(x.astype(np.float64)):
            if len(want) < 1500 and not (rows @ row > 0.9).any():
                want.append(i)
                rows = np.vstack([rows, row])
        for threads in (1, 2, 3):
            found = subset.far_apart(3000, lambda span: x[span], 1500, 0.9, threads=threads)
            assert found.tolist() == want
        assert want[-1] > len(want)  # something was left out

    def test_it_fetches_no_more_than_it_takes(self):
        x, asked = pool(20_000, 8, copies=0), []

        def fetch(span):
            asked.append(span.stop)
            return x[span]

        assert subset.far_apart(20_000, fetch, 5, 2.0).tolist() == [0, 1, 2, 3, 4]
        assert asked == [4096]


class TestKCenter:
    @settings(max_examples=100, deadline=None)
    @given(VECTORS, st.integers(1, 31), st.sampled_from([3, 7, 2048]))
    def test_every_choice_is_the_farthest(self, rows, m, block):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(farthest, "BLOCK", block)
            found = subset.k_center(np.array(rows, np.float32), m, threads=2).tolist()
        assert len(found) == len(set(found)) == min(m, len(rows))
        assert found[0] == 0
        for count in range(1, len(found)):
            best = {
                i: max(cosine(row, rows[j]) for j in found[:count])
                for i, row in enumerate(rows)
                if i not in found[:count]
            }
            assert best[found[count]] <= min(best.values()) + 1e-5

    def test_threads_and_blocks_change_nothing(self, monkeypatch):
        one = subset.k_center(pool(900, 16), 300, threads=1).tolist()
        assert subset.k_center(pool(900, 16), 300, threads=3).tolist() == one
        assert one != sorted(one)


def similarity(a, b) -> float:
    return max(0.0, cosine(a, b))


class TestFacilityLocation:
    @settings(max_examples=60, deadline=None)
    @given(VECTORS, st.integers(1, 31))
    def test_every_choice_wins_most(self, rows, m):
        found = subset.facility_location(np.array(rows, np.float32), m, 40).tolist()
        assert len(found) == len(set(found)) == min(m, len(rows))
        covered = [0.0] * len(rows)

        def to(i, j):
            return 1.0 if i == j else similarity(rows[i], rows[j])

        for choice in found:
            gains = [
                math.fsum(max(0.0, to(i, j) - covered[i]) for i in range(len(rows))) for j in range(len(rows))
            ]
            assert gains[choice] >= max(gains) - 1e-4
            covered = [max(covered[i], to(i, choice)) for i in range(len(rows))]

    def test_cells_find_nearly_all_neighbours(self, monkeypatch):
        x = common.unit_rows(pool(3000, 12))
        exact, _ = neighbours.neighbour_graph(x, 8)
        monkeypatch.setattr(neighbours, "EXACT", 100)
        cells, value = neighbours.neighbour_graph(x, 8)
        common_ones = [len(set(a) & set(b)) for a, b in zip(exact.tolist(), cells.tolist(), strict=True)]
        assert np.mean(common_ones) > 5
        rows = np.arange(3000)[:, None]
        assert np.allclose(np.einsum("ijk,ijk->ij", x[cells], x[rows]), value, atol=1e-5)


class TestDpp:
    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 1000), st.integers(1, 8), st.sampled_from([0.0, 0.5, 0.7]))
    def test_every_choice_raises_the_determinant_most(self, seed, m, trade):
        rng = np.random.default_rng(seed)
        x, score = pool(12, 4, seed, copies=0), rng.random(12)
        found = subset.greedy_map(x.copy(), score, m, trade, 0.3).tolist()
        r = np.exp(trade / (2 * (1 - trade)) * (score - score.max()))
        x = x.astype(np.float64)
        kernel = r[:, None] * np.exp((x @ x.T - 1) / 0.3) * r
        for count, choice in enumerate(found):
            chosen = found[:count]
            value = {
                i: np.linalg.slogdet(kernel[np.ix_([*chosen, i], [*chosen, i])])[1]
                for i in range(12)
                if i not in chosen
            }
            assert value[choice] >= max(value.values()) - 1e-3

    def test_copies_come_last_by_score(self):
        x = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32)
        assert subset.greedy_map(x, [0.1, 0.9, 0.5, 0.2], 4).tolist() == [1, 3, 2, 0]

    def test_cells_bound_the_memory(self, monkeypatch):
        from laserdb.subset import determinantal

        monkeypatch.setattr(determinantal, "MEMORY", 40_000)
        x = pool(300, 8)
        found = subset.greedy_map(x, np.random.default_rng(0).random(300), 100)
        assert len(set(found.tolist())) == 100


TAGS = st.lists(st.lists(st.sampled_from("abcdef"), max_size=4), min_size=1, max_size=20)


class TestTags:
    @given(TAGS, st.integers(1, 25))
    def test_a_cover(self, tags, m):
        found = subset.tag_cover(tags, m).tolist()
        assert len(found) == len(set(found)) == min(m, len(tags))
        # InsTag's algorithm, written down again.
        left, want = list(range(len(tags))), []
        while any(tags[i] for i in left):
            covered: set = set()
            for i in list(left):
                if set(tags[i]) - covered:
                    covered |= set(tags[i])
                    want.append(i)
                    left.remove(i)
        assert found == (want + left)[:m]

    @settings(max_examples=60, deadline=None)
    @given(TAGS, st.integers(1, 25), st.integers(0, 100))
    def test_every_choice_brings_most_information(self, tags, m, seed):
        rng = np.random.default_rng(seed)
        names = sorted({name for found in tags for name in found})
        score = rng.integers(1, 5, len(tags)).tolist()
        vectors = rng.standard_normal((len(names), 3)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        found = subset.information_gain(tags, score, vectors, names, m, 0.3).tolist()
        with_tags = [i for i, one in enumerate(tags) if one]
        assert len(found) == min(m, len(with_tags))
        weights = {}
        for k, a in enumerate(names):
            row = {
                b: 1.0 if a == b else float(vectors[k] @ vectors[j])
                for j, b in enumerate(names)
                if a == b or vectors[k] @ vectors[j] >= 0.3
            }
            weights[a] = {b: w / sum(row.values()) for b, w in row.items()}

        def value(rows):
            state = dict.fromkeys(names, 0.0)
            for i in rows:
                for tag in set(tags[i]):
                    for b, w in weights[tag].items():
                        state[b] += w * score[i]
            return math.fsum(amount**0.8 for amount in state.values())

        for count in range(len(found)):
            others = [i for i in with_tags if i not in found[:count]]
            best = max(value([*found[:count], i]) for i in others)
            assert value(found[: count + 1]) >= best - 1e-6
