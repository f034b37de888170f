"""Saturation: nights as streams, and single readings."""

from __future__ import annotations

from wardgate_signal.oximetry.report import Desaturation, NightReport

__all__ = ["Desaturation", "NightReport"]
