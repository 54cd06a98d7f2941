"""Tiny random models of the true architectures, made on the spot: 300 byte tokens, two layers."""

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

CHAT = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL = ["<s>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", "<pad>", "<step>"]


def tokenizer(*, bos: bool, padding_side: str) -> PreTrainedTokenizerFast:
    """One token per byte; with `bos`, <s> comes first, as with Llama."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {token: i for i, token in enumerate([*SPECIAL, *alphabet])}
    made = Tokenizer(models.BPE(vocab, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    if bos:
        made.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", vocab["<s>"])])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="<|end|>", pad_token="<pad>",
        additional_special_tokens=SPECIAL[2:5] + SPECIAL[6:], padding_side=padding_side,
    )  # fmt: skip
    fast.chat_template = CHAT
    return fast


def save(folder, kind: str, *, bos: bool, padding_side: str, model_class=None, **config) -> None:
    """A model of `kind` (Llama, Qwen2, …), random, float32; with heads of 32, as vLLM on CPUs wants."""
    torch.manual_seed(0)
    made = tokenizer(bos=bos, padding_side=padding_side)
    settings = getattr(transformers, f"{kind}Config")(
        vocab_size=300, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=512, eos_token_id=1, bos_token_id=0, pad_token_id=5,
        initializer_range=0.3, **config,
    )  # fmt: skip
    model = (model_class or getattr(transformers, f"{kind}ForCausalLM"))(settings)
    model.save_pretrained(folder)
    made.save_pretrained(folder)
