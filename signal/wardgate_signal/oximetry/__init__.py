"""Saturation: nights as streams, and single readings."""

from __future__ import annotations

from wardgate_signal.oximetry.desaturation import DesaturationDetector
from wardgate_signal.oximetry.limits import AboveTarget, OximetryAtHome, SpotTarget
from wardgate_signal.oximetry.news2 import News2Scale1, News2Scale2
from wardgate_signal.oximetry.report import Desaturation, NightReport
from wardgate_signal.oximetry.spot import SpotFinding, SpotSaturationDetector

__all__ = [
    "AboveTarget",
    "Desaturation",
    "DesaturationDetector",
    "News2Scale1",
    "News2Scale2",
    "NightReport",
    "OximetryAtHome",
    "SpotFinding",
    "SpotSaturationDetector",
    "SpotTarget",
]
