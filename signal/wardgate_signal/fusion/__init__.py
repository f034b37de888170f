"""One patient's channels together."""

from wardgate_signal.fusion.finding import PatientFinding
from wardgate_signal.fusion.hypotheses import Kind
from wardgate_signal.fusion.monitor import PatientMonitor

__all__ = ["Kind", "PatientFinding", "PatientMonitor"]
