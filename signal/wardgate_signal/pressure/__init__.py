"""Home blood pressure: averages by the guideline, pressures that stay too low or too high, an irregular pulse."""

from __future__ import annotations

from wardgate_signal.pressure.average import Average, HomeAverage, SustainedHigh
from wardgate_signal.pressure.irregular import IrregularAtCuff
from wardgate_signal.pressure.low import PersistentLow
from wardgate_signal.pressure.therapy import LowUnderTherapy

__all__ = ["Average", "HomeAverage", "IrregularAtCuff", "LowUnderTherapy", "PersistentLow", "SustainedHigh"]
