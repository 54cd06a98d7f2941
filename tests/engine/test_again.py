"""Recorded selections again: reproduced, topped up, compared, explained."""

from __future__ import annotations

import math

import numpy as np
import pytest

from laserdb import subset
from laserdb.database import Database
from laserdb.errors import UsageError
from laserdb.warehouse import Warehouse
from tests.pools import FakeSample, FakeTurn, fill


@pytest.fixture
def database():
    rng = np.random.default_rng(1)
    pool = [
        FakeSample(
            [FakeTurn(["Math", "Coding"][i % 2], i / 60, 1.0, tokens=9999 if i == 59 else 10)],
            rng.random(3).tolist(),
            source="a" if i < 30 else "b",
        )
        for i in range(60)
    ]
    pool.append(FakeSample([FakeTurn("Math", 0.3, None)], rng.random(3).tolist()))
    made = Database(Warehouse(":memory:"))
    fill(made.warehouse, pool)
    yield made
    made.close()


def run(database, sql):
    with database.warehouse.write() as session:
        session.run(sql)


def chosen(database, name):
    with database.warehouse.read() as session:
        found = session.rows("SELECT sample_id FROM selected WHERE selection = ? ORDER BY rank", [name])
    return [one for (one,) in found]


class TestReproduce:
    def test_the_same_data_give_the_same(self, database):
        database.select("laser", 10, seed=4, where="source = 'a'", params={"gamma": 50})
        found = database.reproduce("laser-10")
        assert (found.reproduced, found.selected, found.in_common) == (True, 10, 10)

    def test_other_scores_give_something_else(self, database):
        database.select("laser", 10, seed=4)
        run(database, "UPDATE results.difficulty SET score = -score")
        found = database.reproduce("laser-10")
        assert not found.reproduced
        assert found.selected == 10
        assert found.in_common < 10

    def test_an_unknown_name(self, database):
        database.select("random", 3)
        with pytest.raises(UsageError, match="did you mean random-3"):
            database.reproduce("random-4")


class TestExtend:
    def test_without_new_data_nothing_changes(self, database):
        database.select("laser", 12)
        summary = database.extend("laser-12")
        assert summary.more == {"kept": 12, "dropped": 0, "added": 0}
        assert chosen(database, "laser-12-extended") == chosen(database, "laser-12")

    def test_a_larger_budget_keeps_all_and_adds_by_quota(self, database):
        database.select("laser", 12)
        summary = database.extend("laser-12", m=20, name="more")
        assert summary.more == {"kept": 12, "dropped": 0, "added": 8}
        assert summary.by_category == {"Math": 10, "Coding": 10}
        assert chosen(database, "more")[:12] == chosen(database, "laser-12")

    def test_what_is_no_candidate_any_more_is_replaced(self, database):
        database.select("preference", 10)
        first = chosen(database, "preference-10")
        run(
            database,
            "DELETE FROM results.checks WHERE key IN "
            f"(SELECT turn_key FROM turns WHERE sample_id = {first[0]})",
        )
        summary = database.extend("preference-10")
        assert summary.more == {"kept": 9, "dropped": 1, "added": 1}
        new = chosen(database, "preference-10-extended")
        assert new[:9] == first[1:]
        # The next by preference that wasn't chosen before.
        assert new[9] == 49

    def test_new_categories_get_their_quota_with_the_fewest_changes(self, database):
        database.select("preference_stratified", 20, name="s")
        run(
            database,
            "UPDATE results.category SET category = 'Generation' WHERE key IN "
            "(SELECT instruction_key FROM turns WHERE sample_id <= 20)",
        )
        summary = database.extend("s")
        assert summary.by_category == {"Math": 7, "Coding": 7, "Generation": 6}
        assert summary.more == {"kept": 14, "dropped": 6, "added": 6}

    def test_a_strategy_of_a_file_is_named_again(self, database, tmp_path):
        own = tmp_path / "own.sql"
        own.write_text("SELECT sample_id FROM pool ORDER BY sample_id LIMIT {{ m }}")
        database.select(str(own), 5)
        with pytest.raises(UsageError, match="unknown strategy 'own'"):
            database.extend("own-5", m=8)
        assert database.extend("own-5", m=8, strategy=str(own)).more == {"kept": 5, "dropped": 0, "added": 3}
        assert chosen(database, "own-5-extended") == [1, 2, 3, 4, 5, 6, 7, 8]


class TestCompare:
    def test_numbers(self, database):
        database.select("difficulty", 10, name="hard")
        database.select("random", 10, name="any", where="source = 'a'")
        found = database.compare("hard", "any")
        assert found["overlap"] == 0
        assert found["jaccard"] == 0
        left, right = found["selections"]
        assert left["by_source"] == {"b": 10}
        assert right["by_source"] == {"a": 10}
        assert found["drift"]["source"] == {"change": {"a": 1.0, "b": -1.0}, "distance": 1.0}
        assert found["drift"]["f"] == pytest.approx(right["f"] - left["f"])
        assert found["drift"]["f"] < 0
        assert left["tokens"] == 100
        for one in (left, right):
            assert 0 < one["diversity"]["coverage"] <= 1
            assert 1 <= one["diversity"]["vendi"] <= 3

    def test_with_itself(self, database):
        database.select("laser", 10)
        found = database.compare("laser-10", "laser-10")
        assert (found["overlap"], found["jaccard"]) == (10, 1)
        assert found["drift"]["category"]["distance"] == 0
        assert found["selections"][0]["diversity"]["coverage"] == 1

    def test_measures(self):
        x = np.eye(4, dtype=np.float32)
        assert subset.vendi_score(x) == pytest.approx(4)
        assert subset.vendi_score(x[[0, 0, 0]]) == pytest.approx(1)
        assert subset.vendi_score(x[:, :2][[0, 1, 0, 1, 0, 1]]) == pytest.approx(2)
        assert subset.nearest_distance(x) == pytest.approx(1)
        assert subset.nearest_distance(x[[0, 0, 1]]) == pytest.approx(1 / 3)
        assert subset.nearest_distance(x[:1]) == 0
        rng = np.random.default_rng(0)
        y = rng.standard_normal((3000, 5)).astype(np.float32)
        y /= np.linalg.norm(y, axis=1, keepdims=True)
        similar = y @ y.T
        np.fill_diagonal(similar, -1)
        assert subset.nearest_distance(y) == pytest.approx(float((1 - similar.max(axis=1)).mean()), rel=1e-3)


class TestExplain:
    def explain(self, database, number, name="laser-12"):
        return database.explain(name, f"id-{number}")

    def test_a_chosen_one(self, database):
        database.select("laser", 12)
        sample = chosen(database, "laser-12")[2]
        found = self.explain(database, sample)
        assert found["chosen"]["rank"] == 3
        assert found["verdict"].startswith("chosen as number 3 (")
        assert found["quota"] == 6
        assert found["p"] == found["chosen"]["p"]
        assert math.isclose(found["nearest_chosen"]["cosine"], 1, abs_tol=0.5)

    def test_what_kept_others_out(self, database):
        database.select("laser", 12, params={"gamma": 100})
        assert self.explain(database, 60)["verdict"] == "left out: 9999 tokens, more than 4096"
        assert self.explain(database, 61)["verdict"] == "left out: it has no quality q"
        found = self.explain(database, 1)
        assert "others of its category were preferred (Math: number 30 by p of 31" in found["verdict"]
        assert found["ranks"]["of_pool"] == 61
        assert found["category_in_selection"]["chosen"] == 6
        database.select("random", 5, name="a", where="source = 'a'")
        assert "the condition --where" in self.explain(database, 50, "a")["verdict"]
        database.select("random", "5,20", name="n")
        outside = next(one for one in range(1, 62) if one not in chosen(database, "n-20"))
        assert self.explain(database, outside, "n-5")["verdict"].startswith("left out: not in n-20")

    def test_what_displaced_it_goes_by_what_the_strategy_ranks(self, database):
        database.select("laser", 12, params={"gamma": 0})
        lowest = {}
        for one in chosen(database, "laser-12"):
            facts = self.explain(database, one)
            assert facts["displaced_by"] is None
            lowest[facts["category"]] = min(facts["p"], lowest.get(facts["category"], 1.0))
        out = next(n for n in range(59, 0, -1) if n not in chosen(database, "laser-12"))
        found = self.explain(database, out)
        by = found["displaced_by"]
        assert (by["measure"], by["within"]) == ("p", found["category"])
        assert by["lowest"] == lowest[found["category"]] < found["p"]
        # Only the best of a cluster can have been preferred in spite of a lower p.
        assert set(by["lower"]) == {"cluster"}
        assert f"with a lower p {by['lower']['cluster']} as cluster" in found["verdict"]
        database.select("difficulty", 5)
        verdict = self.explain(database, 1, "difficulty-5")["verdict"]
        assert verdict.startswith(
            "left out: others were preferred (number 61 by f of 61, f = 0.000; chosen down"
        )
        database.select("random", 60)
        (out,) = set(range(1, 62)) - set(chosen(database, "random-60"))
        verdict = self.explain(database, out, "random-60")["verdict"]
        assert verdict == "left out: the strategy preferred others"

    def test_marked_ones(self, database):
        run(database, "INSERT INTO marks VALUES (58, 'contaminated', 'test.jsonl:3', 'a b c', 1, now())")
        database.select("difficulty", 10)
        assert 58 not in chosen(database, "difficulty-10")
        found = self.explain(database, 58, "difficulty-10")
        assert found["verdict"] == "left out: marked as contaminated, like test.jsonl:3"
        database.select("difficulty", 10, name="k", keep_marked=True)
        assert 58 in chosen(database, "k")
        assert database.reproduce("k").reproduced

    def test_unknown_and_ambiguous_samples(self, database):
        database.select("random", 5)
        with pytest.raises(UsageError, match="no sample 'nix'"):
            database.explain("random-5", "nix")
        run(database, "UPDATE samples SET data_id = 'same', source = 'c' WHERE sample_id = 1")
        run(database, "UPDATE samples SET data_id = 'same' WHERE sample_id = 2")
        with pytest.raises(UsageError, match="2 samples are called 'same'; give --source, one of a, c"):
            database.explain("random-5", "same")
        assert database.explain("random-5", "same", source="a")["sample_id"] == 2
        assert database.explain("random-5", "7")["sample_id"] == 7
