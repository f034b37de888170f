"""What the monitor of all channels says about a patient after each reading."""

from __future__ import annotations

from dataclasses import dataclass

from wardgate_signal.fusion.hypotheses import Kind


@dataclass(frozen=True, slots=True)
class PatientFinding:
    """Where a patient stands by all channels together.

    `score` is the log odds of something beginning against nothing (natural units; up to a constant that is the same
    for all patients), so that one threshold is one operating point. `kind` is what it is likeliest to be. `shares` says
    how much each channel speaks for that, 0 to 1, together 1 (all 0 where none does). `evidence` holds what changed
    (`weight_change_kg`, `systolic_change_mmhg`, `pulse_change_bpm`, `saturation_change_pct`, as far as measured), over
    how many days (`days`), and the probability of each kind should it be one.
    """

    score: float
    kind: Kind
    shares: dict[str, float]
    evidence: dict[str, float]
    rule: str
    version: int
