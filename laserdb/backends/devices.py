"""Where torch computes and in which precision, and transformers without its bars and reports."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def best_device(torch: Any) -> str:
    """CUDA, else MPS, else the CPU."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def best_dtype(torch: Any, device: str) -> Any:
    """bfloat16 where it is native, float16 on older GPUs, else float32."""
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device == "cpu":
        checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        native = (getattr(torch.cpu, check, None) for check in checks)
        if torch.backends.mkldnn.is_available() and any(check() for check in native if check):
            return torch.bfloat16
    return torch.float32


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence the loading bars and reports of transformers, and put its settings back."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def run_batches(device: str, run: Callable[[list[int]], None], batches: Iterable[list[int]]) -> None:
    """Run batches as the device likes it: side by side on a CPU's cores, one after the other elsewhere."""
    if device == "cpu":
        in_threads(run, batches)
        return
    for rows in batches:
        run(rows)


def in_threads(run: Callable[[list[int]], None], batches: Iterable[list[int]]) -> None:
    """Run batches side by side, each on one core.

    Splitting every operation over the cores instead takes a fifth more CPU time, and several times the
    wall time as soon as another process wants a core, since each operation waits for its slowest part.
    """
    import torch

    threads = torch.get_num_threads()
    if threads == 1:
        for rows in batches:
            run(rows)
        return
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            list(pool.map(run, batches))
    finally:
        torch.set_num_threads(threads)
