"""Simulated patients over a year, with the truth beside their readings. No real patient is in them."""

from __future__ import annotations

from wardgate_sim.cohort.generate import cohort
from wardgate_sim.cohort.types import Episode, Patient, Sample

__all__ = ["Episode", "Patient", "Sample", "cohort"]
