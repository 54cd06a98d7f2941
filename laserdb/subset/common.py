"""What the greedy methods share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from laserdb.clustering.workers import spans

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BLOCK = 2048


def unit_rows(x: Floats) -> Floats:
    """`x` with rows of length 1, in place where it may be written; rows of zeros stay."""
    unit = x if x.flags.writeable and x.dtype == np.float32 else np.array(x, np.float32)
    for span in spans(len(unit), BLOCK):
        block = unit[span]
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block, dtype=np.float64))
        block /= np.where(lengths > 0, lengths, 1).astype(np.float32)[:, None]
    return unit
