"""Importing logs of lm-evaluation-harness: exact rows of every layout."""

import pytest

from laserdb.errors import InputError
from tests.evals import logs
from tests.evals.test_import import do, stored


def test_current_lm_eval(warehouse, tmp_path):
    summary = do(warehouse, logs.current_layout(tmp_path))
    assert (summary.results, summary.added, summary.bad, summary.models) == (5, 5, 0, 1)
    assert stored(warehouse) == [
        ("gsm8k", "0", "org/model-a", 0.0, "exact_match"),
        ("gsm8k", "1", "org/model-a", 1.0, "exact_match"),
        ("gsm8k", "2", "org/model-a", 1.0, "exact_match"),
        ("ifeval", "0", "org/model-a", 0.5, "inst_level_strict_acc"),
        ("my_task_v2", "7", "org/model-a", 1.0, "acc"),
    ]
    assert ("my_task_v2", "7", "Red and blue?\nA. green\nB. purple", None, None, "8") in stored(
        warehouse, "eval_items"
    )
    assert ("gsm8k", "0", "What is 0 + 1?", None, None, "1") in stored(warehouse, "eval_items")


def test_another_filter_and_metric(warehouse, tmp_path):
    folder = logs.current_layout(tmp_path) / "org__model-a"
    stamp = "2024-09-18T12-00-01.123456"
    do(warehouse, folder / f"samples_gsm8k_{stamp}.jsonl", filter="strict-match")
    do(warehouse, folder / f"samples_my_task_v2_{stamp}.jsonl", metric="acc_norm")
    assert [row[3] for row in stored(warehouse)] == [0.0, 0.0, 0.0, 0.0]
    with pytest.raises(InputError, match=r"no filter 'regex' \(there are: strict-match, flexible-extract\)"):
        do(warehouse, folder / f"samples_gsm8k_{stamp}.jsonl", filter="regex")


def test_old_lm_eval(warehouse, tmp_path):
    do(warehouse, logs.old_layout(tmp_path))
    assert stored(warehouse) == [
        ("arc_easy", "0", "org/model-b", 0.0, "acc"),
        ("arc_easy", "1", "org/model-b", 1.0, "acc"),
    ]
    assert stored(warehouse, "eval_items")[0][2] == "Question: why?\nAnswer:"


def test_lm_eval_without_results_file(warehouse, tmp_path):
    path = logs.write_lines(
        tmp_path / "org__m" / "samples_t_2024-09-18T12-00-01.1.jsonl", [logs.sample(0, {"acc": 1.0})]
    )
    do(warehouse, path)
    assert stored(warehouse) == [("t", "0", "org/m", 1.0, "acc")]


@pytest.mark.parametrize(
    ("target", "arguments", "reference"),
    [
        (1, [["Sky?\nA:", " green"], ["Sky?\nA:", " blue"]], "blue"),
        (
            "0",
            {
                "gen_args_0": {"arg_0": "Sky?", "arg_1": " blue"},
                "gen_args_1": {"arg_0": "Sky?", "arg_1": " red"},
            },
            "blue",
        ),
        (2, [["Sky?", " green"], ["Sky?", " blue"]], None),
        ("blue", [["Sky?", " green"], ["Sky?", " blue"]], "blue"),
        (["blue", "azure"], {"gen_args_0": {"arg_0": "Sky?", "arg_1": {"until": []}}}, "blue"),
        ([], [["Sky?", {}]], None),
        (1, [["Sky?"], ["Sky?"]], None),
        (0.5, [["Sky?", " green"], ["Sky?", " blue"]], None),
        (3, [["2 + 1?", {"until": []}]], "3"),
    ],
)
def test_the_target_is_the_reference(warehouse, tmp_path, target, arguments, reference):
    row = logs.sample(0, {"acc": 1.0}) | {"target": target, "arguments": arguments}
    logs.write_lines(tmp_path / "o__m" / "samples_t.jsonl", [row])
    do(warehouse, tmp_path)
    assert stored(warehouse, "eval_items") == [("t", "0", "What is 0 + 1?", None, None, reference)]


def test_levels_of_documents(warehouse, tmp_path):
    doc = {"problem": "Solve $x=1$.", "level": "Level 5"}
    logs.write_lines(tmp_path / "o__m" / "samples_math.jsonl", [logs.sample(0, {"exact_match": 1}, doc=doc)])
    do(warehouse, tmp_path)
    assert stored(warehouse, "eval_items") == [("math", "0", "Solve $x=1$.", None, 5.0, "1")]
