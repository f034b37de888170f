"""Yonker's own blood pressure result."""

from __future__ import annotations

from collections.abc import Mapping

from wardgate_sim.encode.civil import Civil

SERVICE = "cdeacd80-5235-4c07-8846-93a37ee6b86d"
RESULT = "cdeacd81-5235-4c07-8846-93a37ee6b86d"


def result(values: Mapping[str, float], at: Civil) -> bytes:
    """Fifteen bytes, the date with the day first."""
    numbers = [round(values[name]) for name in ("systolic", "diastolic", "pulse")]
    return bytes([0x81, *numbers, 0, 0, at.day, at.month, at.year - 2000, at.hour, at.minute, 0, 0, 0, 0])
