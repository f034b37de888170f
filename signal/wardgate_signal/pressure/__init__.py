"""Home blood pressure: averages by the guideline, and pressures that stay too low or too high."""

from __future__ import annotations

from wardgate_signal.pressure.low import PersistentLow

__all__ = ["PersistentLow"]
