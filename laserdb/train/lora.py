"""Low-rank deltas on the linear layers of a model that is otherwise frozen (LoRA, Hu et al. 2021)."""

from __future__ import annotations

from typing import Any

from laserdb.errors import UsageError


def add_lora(model: Any, rank: int, scale: float, modules: str) -> LoraLayers:
    """Freeze a model and put low-rank deltas on its linear layers: the layers by module name.

    `modules` names them by the ends of their names, `+` between them, or `all`. Raises UsageError if none is.

    B begins at 0, so that the first step sees the model as it was.
    """
    import torch
    from torch import nn

    class Lora(nn.Module):  # type: ignore[misc]
        """A frozen linear layer plus scale · B·A."""

        def __init__(self, linear: nn.Linear) -> None:
            super().__init__()
            self.linear = linear
            self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
            self.B = nn.Parameter(torch.zeros(linear.out_features, rank))

        def forward(self, x: Any) -> Any:
            return self.linear(x) + scale * ((x @ self.A.T) @ self.B.T)

    model.requires_grad_(False)
    linear = {name: one for name, one in model.named_modules() if isinstance(one, nn.Linear)}
    ends = tuple(modules.split("+"))
    chosen = {n: one for n, one in linear.items() if modules == "all" or n.endswith(ends)}
    if not chosen:
        raise UsageError(f"--set modules={modules}: none of the layers ends so: {', '.join(linear)}")
    made = LoraLayers()
    for name, one in chosen.items():
        owner, _, last = name.rpartition(".")
        made[name] = Lora(one)
        setattr(model.get_submodule(owner), last, made[name])
    return made


class LoraLayers(dict[str, Any]):
    """The layers with deltas by module name; only the deltas are its state."""

    def state_dict(self) -> dict[str, Any]:
        """A and B of every layer."""
        return {f"{n}.{k}": getattr(one, k).detach() for n, one in self.items() for k in ("A", "B")}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Put A and B back."""
        for name, one in self.items():
            for key in ("A", "B"):
                getattr(one, key).data.copy_(state[f"{name}.{key}"])
