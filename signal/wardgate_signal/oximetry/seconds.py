"""A stream of any rate, cut into blocks of whole seconds."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BLOCK_S: Final = 180
"""Every block covers this, wherever the caller has cut the stream: hence the same events for every cutting."""
SLOWEST_HZ: Final = 0.05
FASTEST_HZ: Final = 1000.0


class Seconds:
    """Where the blocks of a stream of `rate_hz` begin and end, in samples, and what they are second by second."""

    def __init__(self, rate_hz: float) -> None:
        if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
            raise ValueError(f"a sample rate from {SLOWEST_HZ} to {FASTEST_HZ} Hz, not {rate_hz}")
        self.rate_hz = float(rate_hz)

    def first_sample(self, block: int) -> int:
        """The first sample of a block."""
        return max(0, math.ceil((block * BLOCK_S - 0.5) * self.rate_hz))

    def of(self, values: Floats, first_sample: int, good: NDArray[np.bool_]) -> Floats:
        """Samples of one block as one value a second, NaN where there is no good one.

        A quick stream gives the mean of each second's good samples, a slow one holds each sample until half-way to the
        next. Second `n` stands for the half second before and after `n`.
        """
        if self.rate_hz == 1.0:
            return np.where(good, values, np.nan)
        index = np.arange(first_sample, first_sample + values.size)
        if self.rate_hz < 1.0:
            edges = np.maximum(0, np.ceil((np.append(index, index[-1] + 1) - 0.5) / self.rate_hz)).astype(np.int64)
            return np.repeat(np.where(good, values, np.nan), np.diff(edges))
        second = np.floor(index / self.rate_hz + 0.5).astype(np.int64)
        second -= second[0]
        count = np.bincount(second, good)
        total = np.bincount(second, np.where(good, values, 0.0))
        # A second of which most is missing is missing: its few samples lie at the edge of a dropout.
        enough = count > 0.5 * np.bincount(second)
        mean = np.where(enough, total / np.maximum(count, 1), np.nan)
        # Whole points stay whole: a second in which the number changed is the number that it showed longer.
        return np.asarray(np.rint(mean)) if (values[good] == np.rint(values[good])).all() else mean
