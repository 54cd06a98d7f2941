"""A tiny random BERT, made on the spot: letters and a few words as tokens."""

from __future__ import annotations

import string

WORDS = ["add", "sum", "code", "loop", "write", "poem", "why", "list", "fact", "find"]


def save(folder, *, layers=2, sentence=False):
    """A BERT of width 32 with its tokenizer; with `sentence`, a sentence-transformers model around it."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    pieces = [*string.ascii_lowercase, *(f"##{c}" for c in string.ascii_lowercase), *string.digits, "?", "."]
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *pieces]
    inner = folder / "encoder" if sentence else folder
    inner.mkdir(parents=True, exist_ok=True)
    (inner / "vocab.txt").write_text("\n".join(vocab), encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab={token: i for i, token in enumerate(vocab)}, model_max_length=32)
    tokenizer.save_pretrained(inner)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocab), hidden_size=32, num_hidden_layers=layers, num_attention_heads=2,
        intermediate_size=48, max_position_embeddings=64, initializer_range=0.4, pad_token_id=0,
    )  # fmt: skip
    BertModel(config).save_pretrained(inner)
    if sentence:
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

        encoder, pooling = Transformer(str(inner), max_seq_length=32), Pooling(32, pooling_mode="mean")
        SentenceTransformer(modules=[encoder, pooling], device="cpu").save(str(folder))
    return folder
