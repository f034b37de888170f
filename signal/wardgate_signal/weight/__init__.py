"""Weight: fluid retention against the patient's own level, and the published rules beside it."""

from wardgate_signal.weight.finding import Quality, WeightFinding
from wardgate_signal.weight.fluid import FluidRetentionDetector
from wardgate_signal.weight.guideline import GuidelineEsc, GuidelineUs

__all__ = ["FluidRetentionDetector", "GuidelineEsc", "GuidelineUs", "Quality", "WeightFinding"]
