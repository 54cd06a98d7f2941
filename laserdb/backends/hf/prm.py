"""Qwen2.5-Math-PRM's head on transformers' own Qwen2, so that the model's own code need not be trusted.

Source: modeling_qwen2_rm.py of https://huggingface.co/Qwen/Qwen2.5-Math-PRM-7B: a linear layer, ReLU, and
a linear layer to two labels at every token; a step's reward is the softmax's second value at its
separator `<extra_0>`.
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def process_reward_model() -> Any:
    """The class; it is made on first use because its base needs torch and transformers."""
    import torch
    from transformers import Qwen2Model, Qwen2PreTrainedModel
    from transformers.modeling_outputs import TokenClassifierOutput

    class Qwen2ForProcessRewardModel(Qwen2PreTrainedModel):  # type: ignore[misc]
        """Logits of the two labels at every token: (batch, length, 2)."""

        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.num_labels = getattr(config, "num_labels", 2)
            self.model = Qwen2Model(config)
            self.score = torch.nn.Sequential(
                torch.nn.Linear(config.hidden_size, config.hidden_size),
                torch.nn.ReLU(),
                torch.nn.Linear(config.hidden_size, self.num_labels),
            )
            self.post_init()

        def forward(self, input_ids: Any, attention_mask: Any = None, **kwargs: Any) -> Any:
            hidden = self.model(input_ids=input_ids, attention_mask=attention_mask, **kwargs)[0]
            return TokenClassifierOutput(logits=self.score(hidden))

    return Qwen2ForProcessRewardModel
