"""Scorers on real vLLM against hf: within 1e-3; the judges on an OpenAI-compatible server."""

import pytest

from laserdb.backends.base import BackendOptions
from laserdb.backends.hf.prm import process_reward_model
from laserdb.scorers.base import Batch, ScorerOptions, Turn
from laserdb.scorers.deita import DeitaComplexity, DeitaQuality
from laserdb.scorers.judges import SelectIt
from laserdb.scorers.likelihood import Ifd, Perplexity
from laserdb.scorers.prm import ProcessReward
from tests.backends import tiny
from tests.backends.common import SMOLLM2
from tests.backends.test_vllm import _no_network, needs_vllm, server
from tests.scorers import end_to_end

__all__ = ["_no_network", "server"]
pytestmark = needs_vllm
BATCH = Batch([Turn(question, answer) for question, answer in end_to_end.TURNS])
PARAMS = {"dtype": "float32", "max_model_len": "1024"}


def open_on(kind, backend, model, **params):
    scorer = kind(ScorerOptions(model, backend, params={**PARAMS, **params}))
    if backend == "vllm":  # compiling takes longer than the few texts
        options = scorer.backend_options
        given = {name: getattr(options, name) for name in BackendOptions.__slots__} | {
            "engine": {"enforce_eager": True}
        }
        from laserdb.backends.base import open_backend

        scorer._backend = open_backend("vllm", BackendOptions(**given))
    return scorer


def test_reading_scorers_are_those_of_hf():
    kinds = (DeitaQuality, DeitaComplexity, Ifd, Perplexity, SelectIt)
    expected = {kind: open_on(kind, "hf", SMOLLM2).score(BATCH) for kind in kinds}
    first = open_on(DeitaQuality, "vllm", SMOLLM2)
    try:
        for kind in kinds:
            scorer = kind(ScorerOptions(SMOLLM2, "vllm", params=PARAMS))
            scorer._backend = first.backend  # one engine is enough
            for got, want in zip(scorer.score(BATCH), expected[kind], strict=True):
                tolerance = 1e-3 * max(1.0, want.score) if kind is Perplexity else 1e-3
                assert got.score == pytest.approx(want.score, abs=tolerance), kind.name
    finally:
        first.close()


def test_step_rewards_are_those_of_hf(tmp_path):
    tiny.save(tmp_path, "Qwen2", bos=False, padding_side="right", model_class=process_reward_model())
    own = {"separator": "<step>", "max_model_len": "256"}
    hf = open_on(ProcessReward, "hf", str(tmp_path), **own)
    vllm = open_on(ProcessReward, "vllm", str(tmp_path), **own)
    long = Turn("q", "\n\n".join(f"step {i} of many" for i in range(20)))
    batch = Batch([*BATCH.turns, long])
    try:
        for got, want in zip(vllm.score(batch), hf.score(batch), strict=True):
            assert got.values["step_rewards"] == pytest.approx(want.values["step_rewards"], abs=1e-3)
            assert got.values["truncated"] == want.values["truncated"]
    finally:
        vllm.close()


def test_everything_ends_in_a_score_or_a_typed_failure_on_a_server(tmp_path, server):
    database = end_to_end.pool(tmp_path)
    scorers = [*end_to_end.READERS, *end_to_end.JUDGES]
    params = {"base_url": server, "max_model_len": "1024"}
    found = end_to_end.run(database, scorers, backend="openai", params=params)
    end_to_end.check(found)
    on_hf = end_to_end.run(database, list(end_to_end.READERS), params={"max_model_len": "1024"}, backend="hf")
    for name in ("deita_quality", "deita_complexity", "ifd", "selectit"):
        for got, want in zip(found[name], on_hf[name], strict=True):
            assert got[0] == pytest.approx(want[0], abs=1e-3), name
