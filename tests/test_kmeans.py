"""laserdb.clustering.kmeans: what its labels must be, whatever the data."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from threadpoolctl import threadpool_info

from laserdb import clustering
from laserdb.clustering import kmeans, points, seeding


def inertia(x, labels):
    """The sum of squared distances to the clusters' means, in float64 and without blocks."""
    x = np.asarray(x, np.float64)
    ids = np.unique(labels, return_inverse=True)[1]
    sums = np.zeros((ids.max() + 1, x.shape[1]))
    np.add.at(sums, ids, x)
    return float(((x - (sums / np.bincount(ids)[:, None])[ids]) ** 2).sum())


def same_partition(one, other):
    pairs = len(set(zip(one.tolist(), other.tolist(), strict=True)))
    return pairs == len(set(one.tolist())) == len(set(other.tolist()))


def planted(clusters, each, d, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.repeat(np.arange(clusters), each))
    x = 10 * rng.standard_normal((clusters, d))[truth] + 0.01 * rng.standard_normal((len(truth), d))
    return x.astype(np.float32), truth


def blobs(n, d, seed=0):
    rng = np.random.default_rng(seed)
    middles = 2 * rng.standard_normal((60, d))
    return (middles[rng.integers(60, size=n)] + rng.standard_normal((n, d))).astype(np.float32)


def uniform(n, d, seed=0):
    return np.random.default_rng(seed).random((n, d), dtype=np.float32)


@pytest.fixture
def large(monkeypatch):
    """Small problems take the way of large ones: coarse cells, small blocks, samples of cells."""
    monkeypatch.setattr(seeding, "AT_ONCE", 0)
    monkeypatch.setattr(seeding, "SAMPLE", 800)


# Few values, so that equal rows, zero rows and both zeros occur; and ordinary and extreme floats.
values = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0]),
    st.floats(-1e6, 1e6, width=32),
    st.floats(-(2.0**120), 2.0**120, width=32),
)
shapes = st.tuples(st.integers(1, 40), st.integers(1, 5))
matrices = st.one_of(
    hnp.arrays(np.float32, shapes, elements=values),
    hnp.arrays(np.float32, shapes, elements=st.sampled_from([0.0, 1.0, -1.0])),
)


class TestProperties:
    @settings(max_examples=150, deadline=None)
    @given(matrices, st.integers(1, 45), st.integers(0, 2**40), st.booleans())
    def test_labels(self, x, k, seed, at_once):
        before = x.copy()
        with pytest.MonkeyPatch.context() as patch:
            if not at_once:
                patch.setattr(seeding, "AT_ONCE", 0)
                patch.setattr(points, "BLOCK", 7)
            labels = kmeans(x, k, seed, threads=2)
        assert labels.dtype == np.int32
        assert labels.shape == (len(x),)
        assert np.array_equal(x, before)
        of_row = {}
        for row, label in zip((x + 0.0).tolist(), labels.tolist(), strict=True):
            assert of_row.setdefault(tuple(row), label) == label  # equal rows share a cluster
        # Every label occurs, or every distinct row has its own.
        assert set(labels.tolist()) == set(range(min(k, len(of_row))))

    @settings(max_examples=40, deadline=None)
    @given(matrices, st.integers(1, 45), st.integers(0, 9), st.sampled_from(clustering.METRICS))
    def test_one_two_and_four_threads_agree_to_the_bit(self, x, k, seed, metric):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(seeding, "AT_ONCE", 0)
            patch.setattr(points, "BLOCK", 5)
            one, two, four = (kmeans(x, k, seed, metric=metric, threads=n) for n in (1, 2, 4))
        assert one.tobytes() == two.tobytes() == four.tobytes()

    @settings(max_examples=40, deadline=None)
    @given(matrices, st.integers(1, 45), st.data())
    def test_one_number_that_is_none_is_an_error_that_names_its_row(self, x, k, data):
        row = data.draw(st.integers(0, len(x) - 1))
        x = x.copy()
        x[row, data.draw(st.integers(0, x.shape[1] - 1))] = data.draw(st.sampled_from([np.nan, np.inf]))
        with pytest.raises(ValueError, match=f"in row {row}$"):
            kmeans(x, k)

    @settings(max_examples=60, deadline=None)
    @given(matrices, st.integers(1, 20))
    def test_cosine(self, x, k):
        labels = kmeans(x, k, metric="cosine")
        assert set(labels.tolist()) <= set(range(k))
        assert len({int(label) for label, row in zip(labels, x, strict=True) if not row.any()}) <= 1

    @pytest.mark.parametrize("shape", [(3000, 8, 40), (3000, 8, 700), (6000, 3, 25)])
    def test_the_number_of_threads_changes_nothing(self, large, shape):
        n, d, k = shape
        x = blobs(n, d)
        one = kmeans(x, k, 3, threads=1)
        assert np.array_equal(one, kmeans(x, k, 3, threads=2))
        assert np.array_equal(one, kmeans(x, k, 3, threads=4))
        assert np.array_equal(one, kmeans(x, k, 3))
        assert not np.array_equal(one, kmeans(x, k, 4))

    def test_calls_side_by_side_agree_and_give_blas_its_threads_back(self, large):
        x = blobs(4000, 32)
        before = threadpool_info()
        alone = kmeans(x, 300, threads=2)
        results = [None] * 4

        def work(i):
            results[i] = kmeans(x[: 1000 * (i + 1)], 300, threads=2)

        callers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert np.array_equal(results[3], alone)
        assert threadpool_info() == before

    def test_an_error_gives_blas_its_threads_back(self, monkeypatch):
        before = threadpool_info()
        monkeypatch.setattr(clustering, "_fit", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            kmeans([[0.0], [1.0]], 1)
        assert threadpool_info() == before


class TestQuality:
    @pytest.mark.parametrize("clusters", [1, 2, 17, 200])
    def test_planted_clusters_are_found(self, clusters):
        x, truth = planted(clusters, 12, 16)
        assert same_partition(kmeans(x, clusters), truth)

    @pytest.mark.parametrize(("clusters", "each"), [(300, 10), (40, 100)])
    def test_planted_clusters_are_found_from_coarse_cells(self, large, clusters, each):
        x, truth = planted(clusters, each, 16)
        assert same_partition(kmeans(x, clusters), truth)

    def test_planted_clusters_far_from_the_origin(self):
        x, truth = planted(50, 12, 16)
        assert same_partition(kmeans(x * 10 + 1e4, 50), truth)

    @pytest.mark.parametrize("factor", [1e-30, 1e-12, 1e12, 1e30])
    def test_scale_does_not_matter(self, factor):
        x, truth = planted(20, 12, 4)
        assert same_partition(kmeans(x * np.float32(factor), 20), truth)

    def test_repeated_rows_weigh_as_often_as_they_occur(self):
        x = np.array([[0.0]] * 90 + [[1.0]] + [[1.4]] * 9, np.float32)
        assert same_partition(kmeans(x, 2), (x[:, 0] > 0).astype(int))
        x = np.array([[0.0]] * 1 + [[1.0]] + [[2.2]] * 90, np.float32)
        assert same_partition(kmeans(x, 2), (x[:, 0] > 1).astype(int))

    def test_cosine_ignores_length(self):
        rng = np.random.default_rng(0)
        x, truth = planted(20, 20, 8)
        longer = x * rng.uniform(0.01, 100, (len(x), 1)).astype(np.float32)
        assert same_partition(kmeans(longer, 20, metric="cosine"), truth)

    @pytest.mark.parametrize("make", [blobs, uniform])
    @pytest.mark.parametrize(("n", "d", "k"), [(2000, 2, 30), (3000, 16, 60), (3000, 16, 500), (4000, 64, 8)])
    def test_inertia_is_that_of_scikit_learn_or_less(self, make, n, d, k):
        cluster = pytest.importorskip("sklearn.cluster")
        x = make(n, d)
        theirs = cluster.KMeans(k, init="k-means++", n_init=1, random_state=0).fit(x)
        assert inertia(x, kmeans(x, k)) <= 1.05 * inertia(x, theirs.labels_)

    @pytest.mark.parametrize("make", [blobs, uniform])
    @pytest.mark.parametrize(("d", "k"), [(2, 30), (16, 60), (16, 500)])
    def test_so_it_is_from_coarse_cells(self, large, make, d, k):
        cluster = pytest.importorskip("sklearn.cluster")
        x = make(3000, d)
        theirs = cluster.KMeans(k, init="k-means++", n_init=1, random_state=0).fit(x)
        assert inertia(x, kmeans(x, k)) <= 1.05 * inertia(x, theirs.labels_)

    def test_more_clusters_cost_less(self):
        x = blobs(2000, 8)
        costs = [inertia(x, kmeans(x, k)) for k in (1, 10, 100, 1000, 2000)]
        assert costs == sorted(costs, reverse=True)
        assert costs[-1] == 0


class TestEdges:
    @pytest.mark.parametrize("empty", [[], np.empty((0, 7)), np.empty((0, 0), np.float32)])
    def test_no_rows(self, empty):
        labels = kmeans(empty, 3)
        assert labels.dtype == np.int32
        assert labels.shape == (0,)

    def test_one_row(self):
        assert kmeans([[1.0, 2.0]], 1).tolist() == [0]
        assert kmeans([[1.0, 2.0]], 10**9).tolist() == [0]

    def test_no_columns(self):
        assert kmeans(np.empty((3, 0)), 2).tolist() == [0, 0, 0]

    def test_as_many_clusters_as_distinct_rows(self):
        assert kmeans([[5], [3], [5], [4], [3]], 3).tolist() == [0, 1, 0, 2, 1]
        assert kmeans([[5], [3], [5], [4], [3]], 8).tolist() == [0, 1, 0, 2, 1]

    @pytest.mark.parametrize("value", [0.0, 1.0, 3e38, 1e-45])
    def test_constant_data(self, value):
        assert kmeans(np.full((3000, 5), value), 4).tolist() == [0] * 3000

    def test_both_zeros_are_equal(self):
        assert kmeans([[0.0, 1.0], [-0.0, 1.0], [2.0, 0.0]], 2).tolist() == [0, 0, 1]

    def test_rows_that_centring_makes_equal_fill_every_cluster(self):
        x = np.array([[1e-20 * i] for i in range(20)] + [[1e3]], np.float32)
        assert set(kmeans(x, 10).tolist()) == set(range(10))

    def test_one_far_row_among_many(self):
        x = np.concatenate([blobs(500, 4), np.full((1, 4), 1e8, np.float32)])
        labels = kmeans(x, 20)
        assert set(labels.tolist()) == set(range(20))
        assert (labels == labels[-1]).sum() == 1

    def test_zero_rows_stay_together_under_cosine(self):
        x = np.concatenate([np.zeros((5, 3)), np.eye(3), 2 * np.eye(3)])
        labels = kmeans(x, 4, metric="cosine")
        assert labels.tolist() == [0, 0, 0, 0, 0, 1, 2, 3, 1, 2, 3]

    def test_equal_hashes_of_unequal_rows_are_noticed(self, monkeypatch):
        x = blobs(100, 4)
        honest, calls = points._hash, []

        def poor(block, factors):
            calls.append(1)
            return honest(block, factors) % np.uint64(5) if len(calls) == 1 else honest(block, factors)

        monkeypatch.setattr(points, "_hash", poor)
        assert kmeans(np.concatenate([x, x]), 100).tolist() == [*range(100), *range(100)]
        assert len(calls) == 2

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, ">f4", ">f8"])
    def test_number_types(self, dtype):
        x = np.round(blobs(300, 4)).astype(dtype)
        assert np.array_equal(kmeans(x, 12), kmeans(x.astype(np.float32), 12))

    def test_layouts(self):
        x = blobs(400, 6)
        labels = kmeans(x, 12)
        assert np.array_equal(kmeans(np.asfortranarray(x), 12), labels)
        assert np.array_equal(kmeans(np.repeat(x, 2, axis=0)[::2], 12), labels)
        assert np.array_equal(kmeans(x.tolist(), np.int64(12), np.int32(0)), labels)
        frozen = x.copy()
        frozen.flags.writeable = False
        assert np.array_equal(kmeans(frozen, 12), labels)


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"k": 0}, "k must be at least 1, not 0"),
            ({"k": -3}, "k must be at least 1, not -3"),
            ({"k": 2.0}, "k must be an integer, not 2.0"),
            ({"k": True}, "k must be an integer, not True"),
            ({"k": None}, "k must be an integer, not None"),
            ({"seed": -1}, "seed must be at least 0, not -1"),
            ({"seed": "a"}, "seed must be an integer, not 'a'"),
            ({"threads": 0}, "threads must be at least 1, not 0"),
            ({"metric": "manhattan"}, "metric must be one of euclidean, cosine, not 'manhattan'"),
            ({"x": [1.0, 2.0]}, "x must have 2 dimensions (n, d), not 1"),
            ({"x": np.zeros((2, 2, 2))}, "x must have 2 dimensions (n, d), not 3"),
            ({"x": 1.0}, "x must have 2 dimensions (n, d), not 0"),
            ({"x": [[1.0, 2.0], [3.0]]}, "x must be a matrix of real numbers with rows of equal length"),
            ({"x": [["a", "b"]]}, "x must be a matrix of real numbers with rows of equal length"),
            ({"x": [[1j]]}, "x must be a matrix of real numbers with rows of equal length"),
            ({"x": None}, "x must be a matrix of real numbers with rows of equal length"),
        ],
    )
    def test_bad_arguments(self, arguments, message):
        with pytest.raises(ValueError, match="must") as caught:
            kmeans(**({"x": [[1.0], [2.0]], "k": 1} | arguments))
        assert str(caught.value) == message

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
    def test_numbers_that_are_none(self, bad):
        x = np.zeros((3000, 3))
        x[2100, 1] = bad
        with pytest.raises(
            ValueError, match=r"^x holds NaN, infinity or a number beyond float32 in row 2100$"
        ):
            kmeans(x, 2)


class TestDevice:
    """The way through torch, here on the processor: what a GPU runs is the same code."""

    def test_torch_reckons_what_numpy_does(self, large):
        pytest.importorskip("torch")
        from laserdb.clustering.products import Products

        rng = np.random.default_rng(0)
        left, scored = (rng.standard_normal((n, 17), dtype=np.float32) for n in (40, 25))
        for tile in (7, 25, 100):
            best, value = Products(scored, tile, "cpu").best(left)
            found, there = Products(scored, tile, "cpu:0").best(left)
            assert np.array_equal(found, best)
            assert np.allclose(there, value, atol=1e-5)

    def test_a_named_device_finds_planted_clusters(self):
        pytest.importorskip("torch")
        x, truth = planted(100, 12, 16)
        # Not the string "cpu", which takes NumPy's way.
        assert same_partition(kmeans(x, 100, device="cpu:0"), truth)


class TestProgress:
    def test_a_listener_hears_of_the_blocks_of_a_large_problem(self, large, monkeypatch):
        heard = []

        class Listener:
            def start(self, description, total, unit):
                heard.append(("start", description, total, unit))

            def advance(self, n):
                heard.append("advance")

            def describe(self, text):
                heard.append(text)

            def note(self, text): ...

            def finish(self):
                heard.append("finish")

        x = blobs(3000, 8)
        quiet = kmeans(x, 100)
        assert np.array_equal(kmeans(x, 100, progress=Listener()), quiet)
        assert heard == []  # too small to be worth a line
        monkeypatch.setattr(clustering, "WORTH_TELLING", 0)
        assert np.array_equal(kmeans(x, 100, progress=Listener()), quiet)
        assert heard[0] == ("start", "k-means, 3,000 in 100", None, "blocks")
        assert heard[-1] == "finish"
        assert heard.count("advance") > 9
        assert {"starting centres", "nearest centres", "near centres", "moves", "swaps"} <= set(heard[1:])
        with pytest.raises(ValueError, match="NaN"):
            kmeans(np.full((2, 2), np.nan), 1, progress=Listener())


class TestLargeClusters:
    """Clusters of hundreds of points are found on a sample first."""

    @pytest.fixture
    def sampled(self, monkeypatch):
        monkeypatch.setattr(clustering, "SAMPLE_POINTS", 500)

    def test_planted_clusters_are_found(self, sampled):
        x, truth = planted(10, 400, 16)
        assert same_partition(kmeans(x, 10), truth)

    def test_inertia_is_that_of_scikit_learn_or_less(self, sampled):
        cluster = pytest.importorskip("sklearn.cluster")
        x = blobs(8000, 16)
        theirs = cluster.KMeans(30, init="k-means++", n_init=1, random_state=0).fit(x)
        assert inertia(x, kmeans(x, 30)) <= 1.03 * inertia(x, theirs.labels_)

    def test_threads_and_duplicates(self, sampled):
        x = np.repeat(blobs(4000, 8), 2, axis=0)
        labels = kmeans(x, 12, 5, threads=1)
        assert np.array_equal(labels[::2], labels[1::2])
        assert set(labels.tolist()) == set(range(12))
        for threads in (2, 4):
            assert np.array_equal(kmeans(x, 12, 5, threads=threads), labels)
