"""Hidden states of a causal model as vectors, and vectors of several encoders, on tiny ones."""

import numpy as np
import pytest

from laserdb.backends.encoder import find_encoder, known_dimension, load_encoder
from laserdb.errors import ModelNotFound

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from laserdb.backends.hidden import HiddenEncoder  # noqa: E402 - needs torch
from tests.backends import tiny, tiny_bert  # noqa: E402

TEXTS = ["What is 2 + 2?", "x", "Tell me about the sea. " * 20, "", "def f(x):\n    return x"]


@pytest.fixture(scope="module", params=["Llama", "Qwen2"])
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    tiny.save(folder, request.param, bos=request.param == "Llama", padding_side="left")
    return folder


def whole_model(folder, tokens):
    """The states after layer 1 of 2, by the library alone."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.inference_mode():
        states = model(torch.tensor([[0, *tokens]]), output_hidden_states=True).hidden_states[1]
    mean = states[0, 1:].mean(0).numpy()
    return mean / np.linalg.norm(mean)


def test_the_mean_of_states_at_three_quarters_of_the_depth(model):
    encoder = HiddenEncoder(str(model), max_length=64)
    assert (encoder.layer, encoder.dimension) == (1, 64)
    vectors = encoder.encode(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((5, 64), np.float32)
    assert not vectors[3].any()  # no token, no state
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(lengths[[0, 1, 2, 4]], 1, atol=1e-5)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    for i, text in enumerate(TEXTS):
        if text:
            tokens = tokenizer(text, add_special_tokens=False)["input_ids"]
            read = tokens if len(tokens) <= 64 else tokens[:32] + tokens[-32:]
            assert float(vectors[i] @ whole_model(model, read)) > 0.999


def test_neighbours_shift_a_vector_by_rounding_alone(model):
    encoder = HiddenEncoder(str(model))
    together = encoder.encode(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(encoder.encode([text])[0], vector, atol=2e-2)
    assert encoder.encode([]).shape == (0, 64)


def test_found_by_its_prefix(model, monkeypatch):
    name = f"hidden:{model}"
    source = find_encoder(name)
    assert source.name == name
    assert source.revision == find_encoder(str(model)).revision
    encoder = load_encoder(source)
    assert isinstance(encoder, HiddenEncoder)
    np.testing.assert_array_equal(encoder.encode(["a"]), load_encoder(name).encode(["a"]))
    assert known_dimension("hidden:SmolLM2-135M-Instruct") == 576


def test_models_of_another_kind_are_refused(tmp_path):
    with pytest.raises(ModelNotFound, match="the folder holds no model"):
        find_encoder(f"hidden:{tmp_path}")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelNotFound, match="not a language model"):
        HiddenEncoder(str(tmp_path))
    bert = tiny_bert.save(tmp_path / "bert")
    with pytest.raises(ModelNotFound, match="a causal language model is wanted"):
        HiddenEncoder(str(bert))


def test_several_encoders_one_behind_the_other(model, tmp_path):
    bert = tiny_bert.save(tmp_path / "bert", sentence=True)
    name = f"{bert}+hidden:{model}"
    source = find_encoder(name)
    assert (source.name, source.kind) == (name, "joint")
    first, second = find_encoder(str(bert)), find_encoder(str(model))
    assert source.revision == f"{first.revision}+{second.revision}"
    encoder = load_encoder(source)
    assert (encoder.sizes, encoder.dimension) == ((32, 64), 96)
    texts = ["add two numbers", "write a poem"]
    parts = [load_encoder(first).encode(texts), HiddenEncoder(second).encode(texts)]
    np.testing.assert_allclose(encoder.encode(texts), np.hstack(parts) / np.sqrt(2), atol=2e-2)
    assert known_dimension("all-MiniLM-L6-v2+hidden:SmolLM2-135M-Instruct") == 960
    assert known_dimension(name) is None
    with pytest.raises(ModelNotFound, match="the folder holds no model"):
        find_encoder(f"{bert}+hidden:{tmp_path}")
