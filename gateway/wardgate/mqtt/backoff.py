"""How long to wait before the next attempt."""

from __future__ import annotations

import random


class Backoff:
    """Seconds to wait before the next attempt: doubling, with jitter, so that a street of hubs is not in step."""

    def __init__(self, first_s: float = 1.0, longest_s: float = 120.0) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    def next_s(self) -> float:
        delay_s = self._next_s * random.uniform(0.5, 1.0)  # noqa: S311 - nobody gains by guessing it
        self._next_s = min(self._longest_s, self._next_s * 2)
        return delay_s

    def reset(self) -> None:
        self._next_s = self._first_s
