"""A weight that leaves the patient's own level, slowly or quickly.

A robust local level with a self-starting, one-sided CUSUM on its standardised residuals (Page 1954; Hawkins 1987 for
the self-starting kind). The level follows slowly, so that a dry weight may drift; it stands still while evidence
gathers, so that a gain of fluid is not learnt as normal; and it falls quickly, so that a diuresis makes a new, lower
level from which the next gain is seen. What one reading can add is bounded: no single one makes an alert.

The numbers were set on simulated series (docs/detectors.md says which and what came out). No patient has been seen.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from typing import ClassVar, Final, Self

import numpy as np

from wardgate_signal.finding import DAY_S, Finding, Json, Level, Saved, require_finite
from wardgate_signal.window import pairs

LEARN_READINGS: Final = 7
LEARN_DAYS: Final = 6.0
NOISE_PRIOR_KG: Final = 0.6
"""Day-to-day SD of one reading: half of TEN-HMS's 0.85 kg one-day difference in careful users, more in others."""
NOISE_PRIOR_READINGS: Final = 10
NOISE_LEAST_KG: Final = 0.35
NOISE_MOST_KG: Final = 1.5
NOISE_MEMORY_READINGS: Final = 60
FOLLOW_DAYS: Final = 20.0
LEVEL_DAYS: Final = 2.5
LEVEL_MOST: Final = 0.5
"""After a gap too, one reading moves the short-term level half-way at most."""
REFERENCE: Final = 0.9
"""CUSUM's allowance, in SD: half of the shift that it is best at."""
DECISION: Final = 6.0
DECISION_DOWN: Final = 5.0
LEAST_GAIN_KG: Final = 1.0
BACK_KG: Final = 0.4
"""A gain back to this ends the episode."""
MOST_Z: Final = 3.0
SUSPECT_KG: Final = 3.0
"""A jump that no body makes in a day: kept aside until the next reading agrees with it."""
SUSPECT_PER_DAY_KG: Final = 0.3
AGREE_KG: Final = 1.0
GAP_DAYS: Final = 3.0
FORGET_DAYS: Final = 7.0
ACCEPT_DAYS: Final = 28.0
"""A level held for so long after the alert is the new usual (a new scale, more flesh): the ward has been told once."""
_KEPT: Final = 14


@dataclass(slots=True)
class _Memory:
    """All that the detector remembers."""

    kept: list[tuple[float, float]] = field(default_factory=list)
    """The newest accepted (time, weight)."""
    baseline_kg: float | None = None
    level_kg: float = 0.0
    noise_var: float = NOISE_PRIOR_KG**2
    differences: int = 0
    up: float = 0.0
    down: float = 0.0
    rise_s: float = 0.0
    """Since when `up` has been above zero."""
    alert_s: float | None = None
    suspect: tuple[float, float] | None = None
    last: tuple[float, float] | None = None

    def save(self) -> Saved:
        saved: Saved = asdict(self)
        saved["kept"] = [[t, w] for t, w in self.kept]
        saved["suspect"] = list(self.suspect) if self.suspect else None
        saved["last"] = list(self.last) if self.last else None
        return saved

    @classmethod
    def load(cls, saved: Saved) -> Self:
        if set(saved) != {f.name for f in fields(cls)}:
            raise ValueError("no saved state of this version of the weight baseline")
        return cls(
            kept=pairs(saved["kept"]),
            baseline_kg=_maybe(saved["baseline_kg"]),
            level_kg=_number(saved["level_kg"]),
            noise_var=_number(saved["noise_var"]),
            differences=int(_number(saved["differences"])),
            up=_number(saved["up"]),
            down=_number(saved["down"]),
            rise_s=_number(saved["rise_s"]),
            alert_s=_maybe(saved["alert_s"]),
            suspect=next(iter(pairs([saved["suspect"]])), None) if saved["suspect"] else None,
            last=next(iter(pairs([saved["last"]])), None) if saved["last"] else None,
        )


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"no saved number: {value!r}")
    return float(value)


def _maybe(value: Json) -> float | None:
    return None if value is None else _number(value)


class PersonalBaseline:
    """Tells of a weight that has risen above the patient's own level and stays there."""

    RULE: ClassVar[str] = "weight.personal_baseline"
    VERSION: ClassVar[int] = 1
    WORSE_BY: ClassVar[float] = 0.5

    def __init__(self, dry_weight_kg: float | None = None) -> None:
        self._m = _Memory()
        if dry_weight_kg is not None:
            require_finite(dry_weight_kg=dry_weight_kg)
            self._m.baseline_kg = self._m.level_kg = dry_weight_kg

    @property
    def baseline_kg(self) -> float | None:
        """The patient's own level now; None while it is being learnt."""
        return self._m.baseline_kg

    def update(self, time_s: float, weight_kg: float) -> Finding:
        """Take the next weight. Weights may come at any distance in time; the very same one again changes nothing.

        Raises:
            ValueError: no number, or older than the last one.
        """
        require_finite(time_s=time_s, weight_kg=weight_kg)
        m = self._m
        if m.last is not None and time_s < m.last[0]:
            raise ValueError("a weight older than the last one: feed the series again, in order")
        suspect = False
        if m.last != (time_s, weight_kg):
            m.last = (time_s, weight_kg)
            suspect = self._is_suspect(time_s, weight_kg)
            if not suspect:
                self._accept(time_s, weight_kg)
        return self._finding(time_s, weight_kg, suspect)

    def _gap_days(self, time_s: float) -> float:
        return (time_s - self._m.kept[-1][0]) / DAY_S if self._m.kept else 1.0

    def _is_suspect(self, time_s: float, weight_kg: float) -> bool:
        m = self._m
        if m.baseline_kg is None and len(m.kept) < 2:
            return False
        usual_kg = m.level_kg if m.baseline_kg is not None else float(np.median([w for _, w in m.kept]))
        band_kg = SUSPECT_KG + SUSPECT_PER_DAY_KG * min(self._gap_days(time_s), 14.0)
        before, m.suspect = m.suspect, None
        if abs(weight_kg - usual_kg) <= band_kg:
            return False
        if before is not None and abs(weight_kg - before[1]) <= AGREE_KG and time_s - before[0] >= DAY_S / 4:
            return False
        # The first of several in one morning stays the one that a later day has to agree with.
        keep = before is not None and abs(weight_kg - before[1]) <= AGREE_KG
        m.suspect = before if keep else (time_s, weight_kg)
        return True

    def _accept(self, time_s: float, weight_kg: float) -> None:
        m = self._m
        gap_days = self._gap_days(time_s)
        self._learn_noise(weight_kg, gap_days)
        m.kept = [*m.kept[-(_KEPT - 1) :], (time_s, weight_kg)]
        if m.baseline_kg is None:
            self._learn_level()
            return
        share = min(1.0 - math.exp(-gap_days / LEVEL_DAYS), LEVEL_MOST)
        m.level_kg += share * (weight_kg - m.level_kg)
        self._weigh_evidence(time_s, weight_kg, gap_days)
        self._settle(time_s, weight_kg, gap_days)

    def _learn_noise(self, weight_kg: float, gap_days: float) -> None:
        """From neighbouring differences: a trend hardly shows in them."""
        m = self._m
        if not m.kept or not 0.25 <= gap_days <= 4.0:
            return
        m.differences += 1
        deviation = min((weight_kg - m.kept[-1][1]) ** 2 / 2.0, 9.0 * m.noise_var)
        share = max(1.0 / (m.differences + NOISE_PRIOR_READINGS), 1.0 / NOISE_MEMORY_READINGS)
        m.noise_var += share * (deviation - m.noise_var)

    def _learn_level(self) -> None:
        m = self._m
        if len(m.kept) >= LEARN_READINGS and m.kept[-1][0] - m.kept[0][0] >= LEARN_DAYS * DAY_S:
            m.baseline_kg = m.level_kg = self._median(_KEPT)

    def _median(self, count: int) -> float:
        return float(np.median([w for _, w in self._m.kept[-count:]]))

    def _noise_kg(self) -> float:
        return min(max(math.sqrt(self._m.noise_var), NOISE_LEAST_KG), NOISE_MOST_KG)

    def _weigh_evidence(self, time_s: float, weight_kg: float, gap_days: float) -> None:
        m = self._m
        assert m.baseline_kg is not None
        z = min(max((weight_kg - m.baseline_kg) / self._noise_kg(), -MOST_Z), MOST_Z)
        counts = min(gap_days / 0.75, 1.0)  # five weighings in a morning are one
        forget = math.exp(-max(gap_days - GAP_DAYS, 0.0) / FORGET_DAYS)
        was = m.up
        m.up = min(max(m.up * forget + counts * (z - REFERENCE), 0.0), 2.0 * DECISION)
        m.down = max(m.down * forget + counts * (-z - REFERENCE), 0.0)
        if m.up > 0.0 and was == 0.0:
            m.rise_s = time_s

    def _settle(self, time_s: float, weight_kg: float, gap_days: float) -> None:
        """What follows from the evidence: an alert begins or ends, the level moves or stands still."""
        m = self._m
        assert m.baseline_kg is not None
        gain_kg = m.level_kg - m.baseline_kg
        if m.alert_s is not None:
            if gain_kg <= BACK_KG:
                m.alert_s, m.up = None, 0.0
            elif time_s - m.alert_s >= ACCEPT_DAYS * DAY_S:
                m.alert_s, m.up, m.baseline_kg = None, 0.0, self._median(LEARN_READINGS)
        elif m.up >= DECISION and gain_kg >= LEAST_GAIN_KG:
            m.alert_s = time_s
        elif m.down >= DECISION_DOWN:
            m.down, m.up, m.baseline_kg = 0.0, 0.0, self._median(5)
        elif m.up < DECISION / 2.0:
            self._follow(weight_kg, gap_days)

    def _follow(self, weight_kg: float, gap_days: float) -> None:
        """A weight far off says nothing about the level; the evidence sees to it."""
        m = self._m
        assert m.baseline_kg is not None
        off_kg = weight_kg - m.baseline_kg
        if abs(off_kg) < MOST_Z * self._noise_kg():
            m.baseline_kg += (1.0 - math.exp(-min(gap_days, 7.0) / FOLLOW_DAYS)) * off_kg

    def _finding(self, time_s: float, weight_kg: float, suspect: bool) -> Finding:
        m = self._m
        inputs = {"weight_kg": weight_kg, "noise_kg": round(self._noise_kg(), 3), "suspect": float(suspect)}
        if m.baseline_kg is None:
            return Finding(self.RULE, self.VERSION, Level.LEARNING, 0.0, 0.0, True, inputs, ())
        gain_kg = m.level_kg - m.baseline_kg
        alert = m.alert_s is not None
        rising = m.up > 0.0
        inputs |= {
            "usual_kg": round(m.baseline_kg, 2),
            "level_kg": round(m.level_kg, 2),
            "gain_kg": round(gain_kg, 2),
            "rising_days": round((time_s - m.rise_s) / DAY_S, 1) if rising else 0.0,
            "evidence": round(m.up, 3),
            "evidence_limit": DECISION,
        }
        watch = m.up >= DECISION / 2.0
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=Level.ALERT if alert else Level.WATCH if watch else Level.OK,
            score=m.up / DECISION,
            severity=max(0.0, gain_kg),
            clear=not alert and not watch,
            inputs=inputs,
            evidence_s=tuple(t for t, _ in m.kept if t >= m.rise_s) if rising else (),
        )

    def state(self) -> Saved:
        """All that it remembers."""
        return self._m.save()

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no state of this version of the rule.
        """
        self._m = _Memory.load(saved)
