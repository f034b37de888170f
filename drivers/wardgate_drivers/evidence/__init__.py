"""What each driver was written from and is checked with: the ground under SUPPORTED.md."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.evidence import cuffs, others, oximeters, scales
from wardgate_drivers.evidence.ground import Evidence, Frames, frames_of
from wardgate_drivers.evidence.unsupported import UNSUPPORTED, Unsupported

EVIDENCE: Final[dict[str, Evidence]] = {**cuffs.EVIDENCE, **scales.EVIDENCE, **oximeters.EVIDENCE, **others.EVIDENCE}
"""By model id. A model without an entry fails the registry's test."""

__all__ = ["EVIDENCE", "UNSUPPORTED", "Evidence", "Frames", "Unsupported", "frames_of"]
