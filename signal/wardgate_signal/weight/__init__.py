"""Weight: fluid retention against the patient's own level, and the published rules beside it."""

from wardgate_signal.weight.finding import Quality, WeightFinding
from wardgate_signal.weight.fluid import FluidRetentionDetector
from wardgate_signal.weight.guideline import GuidelineEsc, GuidelineUs
from wardgate_signal.weight.published import (
    CumulativeSum,
    FivePoundsThreeDays,
    MovingAverages,
    OwnAverage,
    ThreePoundsOneDay,
)

__all__ = [
    "CumulativeSum",
    "FivePoundsThreeDays",
    "FluidRetentionDetector",
    "GuidelineEsc",
    "GuidelineUs",
    "MovingAverages",
    "OwnAverage",
    "Quality",
    "ThreePoundsOneDay",
    "WeightFinding",
]
