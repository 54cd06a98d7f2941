"""A training's state on disk, so that a killed one goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from laserdb.labelled import Labelled


def fingerprint(told: Mapping[str, Any], *data: Labelled | None) -> str:
    """Hash of everything that makes two trainings the same: settings and texts."""
    digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode())
    for part in data:
        digest.update(json.dumps(None if part is None else [part.texts, part.labels]).encode())
    return digest.hexdigest()[:32]


class Checkpoint:
    """One file beside the result, `NAME.partial`, replaced atomically; it goes when the training is done."""

    def __init__(self, out: Path, told: str) -> None:
        self.path = out.with_name(out.name + ".partial")
        self.told = told

    def load(self) -> dict[str, Any] | None:
        """The state of the same training; None if there is none, or another's."""
        import torch

        try:
            found = torch.load(self.path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None
        except Exception:  # torn or foreign: the library raises many kinds
            return None
        return found["state"] if isinstance(found, dict) and found.get("told") == self.told else None

    def save(self, state: Mapping[str, Any]) -> None:
        """Put down a state: tensors, numbers, texts, lists and dicts of them."""
        import torch

        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(self.path.name + ".tmp")
        torch.save({"told": self.told, "state": dict(state)}, temporary)
        os.replace(temporary, self.path)

    def remove(self) -> None:
        """The training is done."""
        self.path.unlink(missing_ok=True)
