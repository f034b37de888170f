"""What comes with a reading, in the form that the detectors work on."""

from __future__ import annotations

import math
import re
from typing import Final

_BETWEEN: Final = re.compile(r"[,;]")


def told(value: float | None) -> float | None:
    """A figure that a device may leave out: None and NaN both say that it has none."""
    return None if value is None or math.isnan(value) else float(value)


def notes_in(note: str | None) -> tuple[str, ...]:
    """Each of the notes: several that come with one reading are parted by commas or semicolons."""
    if not note:
        return ()
    return tuple(one.strip() for one in _BETWEEN.split(note) if one.strip())
