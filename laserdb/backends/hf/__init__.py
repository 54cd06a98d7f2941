"""The backend `hf`: transformers in this process, on a GPU or the CPU."""

from laserdb.backends.hf.backend import HfBackend

__all__ = ["HfBackend"]
