"""How long to leave a device alone after it failed."""

from __future__ import annotations

import random
from typing import Final

FIRST_S: Final = 0.2
"""Once in some dozens a connection fails for no reason, and the device is on the air for seconds only."""
BASE_S: Final = 1.0
PATIENT_FAILURES: Final = 8
"""Quick failures in a row that are answered by trying again soon: in bad air three connections in ten fail, and as many
links break, while a finger stays in for half a minute. Each costs the others less than a second of the radio."""
LONGEST_S: Final = 30.0
"""A cuff stays on the air for about a minute: no pause may be longer than what is left of that."""
_DOUBLINGS: Final = 10
"""More than lead to the longest pause. Who fails for hours does so so often that 2 to that power is no number."""
FORGIVEN_S: Final = 120.0
"""Not heard for so long, it comes with a new measurement, and with a clean slate."""


class Backoff:
    """Pauses that grow with failures in a row, with jitter so that two hubs do not keep step."""

    def __init__(self, random_: random.Random) -> None:
        self._random = random_
        self.failures = 0
        self._quick = 0

    def failed(self, *, quickly: bool = False) -> float:
        """Count a failure; the pause in seconds before the next try. `quickly`: it took next to none of the radio's
        time, and is nothing that the device would do again and again."""
        self.failures += 1
        if self.failures == 1:
            return FIRST_S
        if quickly and self._quick < PATIENT_FAILURES:
            self._quick += 1
            return BASE_S * self._random.uniform(0.5, 1.0)
        grown = self.failures - self._quick
        longest = min(LONGEST_S, BASE_S * 2.0 ** min(max(0, grown - 2), _DOUBLINGS))
        return longest * self._random.uniform(0.5, 1.0)

    def worked(self) -> None:
        """Start over."""
        self.failures = 0
        self._quick = 0
