import numpy as np
import pytest

from laserdb.train.within import equal_weights, fit, less, predicted, ranked_targets, slope

RNG = np.random.default_rng(0)


def test_what_tells_groups_apart_is_ignored():
    groups = np.repeat([0, 1], 200)
    x = RNG.standard_normal((400, 2))
    x[:, 1] += groups * 10
    y = 2.0 * x[:, 0] + groups * 5
    weight = fit(x, y, groups, np.ones(400), 1e-6)
    np.testing.assert_allclose(weight, [2, 0], atol=1e-6)


def test_every_group_counts_the_same():
    groups = np.array([0] * 90 + [1] * 10)
    assert equal_weights(groups)[[0, 99]].tolist() == [100 / 180, 5]
    x = np.tile([[-1.0], [1.0]], (50, 1))
    y = np.where(groups == 0, 1, -1) * x[:, 0]
    assert fit(x, y, groups, equal_weights(groups), 1e-9)[0] == pytest.approx(0)
    assert fit(x, y, groups, np.ones(100), 1e-9)[0] == pytest.approx(0.8)


def test_less_of_what_a_cause_explains():
    groups = np.repeat([0, 1], 50)
    cause = RNG.standard_normal(100)
    y = ranked_targets(cause * np.where(groups == 0, 1, -1) + RNG.standard_normal(100) * 0.3, groups)
    without = less(y, cause, groups, 1.0)
    ranks = ranked_targets(cause, groups)
    for group in (0, 1):
        assert without[groups == group] @ ranks[groups == group] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(less(y, cause, groups, 0.5), (y + without) / 2)
    assert less(y, np.ones(100), groups, 1.0) == pytest.approx(y)


def test_groups_count_by_their_shares():
    groups = np.array([0] * 90 + [1] * 10)
    weights = equal_weights(groups, np.array([1.0, 3.0]))
    assert weights.mean() == pytest.approx(1)
    assert weights[groups == 1].sum() == pytest.approx(3 * weights[groups == 0].sum())


def test_ranks_within_groups():
    ranked = ranked_targets(np.array([1.0, 2, 900, 5, 5, 6]), np.array([0, 0, 0, 1, 1, 1]))
    assert ranked == pytest.approx([-1.2247, 0, 1.2247, -0.7071, -0.7071, 1.4142], abs=1e-3)


def test_predictions_come_from_other_folds():
    x, groups = np.ones((4, 1)) * [[1.0], [2], [1], [2]], np.array([0, 0, 1, 1])
    y = np.array([1.0, 2, 2, 1])  # opposite orders
    held = predicted(x, y, groups, groups, np.ones(4), 1e-9)
    assert held[1] < held[0]
    assert held[3] > held[2]


def test_rows_of_no_fold_are_always_trained_on():
    x, groups = np.array([[1.0], [2], [1], [2]]), np.array([0, 0, 1, 1])
    y = np.array([1.0, 2, 1, 2])
    held = predicted(x, y, groups, np.array([0, 0, -1, -1]), np.ones(4), 1e-9)
    assert held[:2] == pytest.approx([1, 2])
    assert np.isnan(held[2:]).all()


def test_slope():
    groups = np.array([0, 0, 1, 1])
    assert slope(np.array([0.0, 1, 5, 6]), np.array([0.0, 3, 7, 10]), groups) == pytest.approx(3)
    assert slope(np.array([0.0, 1, 5, 6]), np.array([3.0, 0, 10, 7]), groups) == 0.01
