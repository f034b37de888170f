"""Plain limits on a spot saturation: the patient's own target range, and the levels of COVID oximetry at home."""

from __future__ import annotations

from typing import ClassVar, Final

from wardgate_signal.finding import Finding, Level, Saved, require_finite
from wardgate_signal.told import told
from wardgate_signal.window import Window

WINDOW_S: Final = 36 * 3600.0
"""Two readings belong together within this: a day's cadence and a late riser."""
APART_S: Final = 60.0
"""Two numbers of one finger in the clip are one reading."""
VERY_LOW_PCT: Final = 3.0
"""So far below the target one reading is enough: 91 % for a target from 94 %, where NEWS2 scale 1 scores 3, and 85 %
for a target from 88 %, where scale 2 scores 2."""
LEAST_PERFUSION_PCT: Final = 0.3
"""Below this a pulse is too weak for the number to be trusted (judgement; Visram 1994 for the principle)."""
ORDINARY_HIGH_PCT: Final = 96.0
"""A target that ends here or above has no harmful side above it."""


def too_weak(perfusion: float | None) -> bool:
    """Whether the pulse at the finger was too weak for the number to be used; None or NaN: the device does not tell.

    Raises:
        ValueError: the perfusion index is infinite.
    """
    index = told(perfusion)
    if index is None:
        return False
    require_finite(perfusion=index)
    return index < LEAST_PERFUSION_PCT


class _Pair:
    """The newest reading and the one of an earlier moment before it."""

    def __init__(self) -> None:
        self._window = Window(WINDOW_S)

    def add(self, time_s: float, spo2_pct: float) -> list[tuple[float, float]]:
        """Take the next reading; the pair, oldest first, or the reading alone."""
        self._window.add(time_s, spo2_pct)
        (newest,) = self._window.last(1)
        earlier = [item for item in self._window.since(WINDOW_S) if item[0] <= newest[0] - APART_S]
        return [*earlier[-1:], newest]

    def state(self) -> Saved:
        """All that it remembers."""
        return {"window": self._window.save()}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no state of this rule.
        """
        self._window.load(saved.get("window"))


class SpotTarget(_Pair):
    """Two readings running below the target, or one very low."""

    RULE: ClassVar[str] = "saturation.spot_target"
    VERSION: ClassVar[int] = 1
    WORSE_BY: ClassVar[float] = 2.0

    def __init__(self, target_low_pct: float = 94.0, target_high_pct: float = 100.0) -> None:
        super().__init__()
        self._target_low_pct = target_low_pct
        self._target_high_pct = target_high_pct

    @property
    def very_low_pct(self) -> float:
        """The saturation at which one reading is enough."""
        return self._target_low_pct - VERY_LOW_PCT

    def update(self, time_s: float, spo2_pct: float, perfusion: float | None = None) -> Finding | None:
        """Take the next reading; None when its perfusion is too low for it to be used.

        Raises:
            ValueError: no number, or older than the last one.
        """
        if too_weak(perfusion):
            return None
        pair = self.add(time_s, spo2_pct)
        # What both of a pair show is sure; what one shows counts only where it is very low.
        sure_pct = max(value for _, value in pair) if len(pair) == 2 else self._target_low_pct
        very_low = spo2_pct <= self.very_low_pct
        sure = sure_pct < self._target_low_pct
        below_pct = max(0.0, self._target_low_pct - (spo2_pct if very_low else sure_pct))
        poor = spo2_pct < self._target_low_pct
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=Level.ALERT if very_low or sure else Level.WATCH if poor else Level.OK,
            score=1.0 + below_pct if very_low or sure else 0.5 if poor else 0.0,
            severity=below_pct,
            clear=not poor,
            inputs={
                "spo2_pct": spo2_pct,
                "before_pct": pair[0][1],
                "target_low_pct": self._target_low_pct,
                "target_high_pct": self._target_high_pct,
                "very_low_pct": self.very_low_pct,
            },
            evidence_s=tuple(t for t, value in pair if value < self._target_low_pct),
        )


class AboveTarget(_Pair):
    """Two readings running above the target of a patient on oxygen whose carbon dioxide may rise (COPD, 88-92 %).

    Without oxygen a high number is good news, and with a target up to 96 % or more there is no harmful side: then this
    rule says OK to everything. It is for a quiet word to the ward, that the oxygen may be turned down.
    """

    RULE: ClassVar[str] = "saturation.above_target"
    VERSION: ClassVar[int] = 1
    WORSE_BY: ClassVar[float] = 2.0

    def __init__(self, target_high_pct: float = 92.0, on_oxygen: bool = True) -> None:
        super().__init__()
        self._target_high_pct = target_high_pct
        self._counts = on_oxygen and target_high_pct < ORDINARY_HIGH_PCT

    def update(self, time_s: float, spo2_pct: float, perfusion: float | None = None) -> Finding | None:
        """Take the next reading; None when its perfusion is too low for it to be used.

        Raises:
            ValueError: no number, or older than the last one.
        """
        if too_weak(perfusion):
            return None
        pair = self.add(time_s, spo2_pct)
        sure_pct = min(value for _, value in pair) if len(pair) == 2 else self._target_high_pct
        above_pct = max(0.0, sure_pct - self._target_high_pct) if self._counts else 0.0
        high = self._counts and spo2_pct > self._target_high_pct
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=Level.ALERT if above_pct > 0.0 else Level.WATCH if high else Level.OK,
            score=1.0 + above_pct if above_pct > 0.0 else 0.5 if high else 0.0,
            severity=above_pct,
            clear=not high,
            inputs={"spo2_pct": spo2_pct, "before_pct": pair[0][1], "target_high_pct": self._target_high_pct},
            evidence_s=tuple(t for t, value in pair if value > self._target_high_pct),
        )


class OximetryAtHome:
    """COVID oximetry at home: 95 % and above is well, 93-94 % wants a call, 92 % and below wants help.

    `score` is 1 at 92 % and rises by a third a point, so that 94 % is a third and 93 % two. One reading is enough.
    """

    RULE: ClassVar[str] = "saturation.oximetry_at_home"
    VERSION: ClassVar[int] = 1
    WORSE_BY: ClassVar[float] = 2.0
    HELP_PCT: ClassVar[float] = 92.0
    CALL_PCT: ClassVar[float] = 94.0

    def __init__(self) -> None:
        self._last_s: float | None = None

    def update(self, time_s: float, spo2_pct: float, perfusion: float | None = None) -> Finding | None:
        """Take the next reading; None when its perfusion is too low for it to be used.

        Raises:
            ValueError: no number, or older than the last one.
        """
        if too_weak(perfusion):
            return None
        self._last_s = in_order(self._last_s, time_s, spo2_pct)
        shown_pct = float(round(spo2_pct))
        below_pct = max(0.0, self.CALL_PCT + 1.0 - shown_pct)
        help_wanted = shown_pct <= self.HELP_PCT
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=Level.ALERT if help_wanted else Level.WATCH if below_pct > 0.0 else Level.OK,
            score=below_pct / (self.CALL_PCT + 1.0 - self.HELP_PCT),
            severity=below_pct,
            clear=below_pct == 0.0,
            inputs={"spo2_pct": spo2_pct, "help_pct": self.HELP_PCT, "call_pct": self.CALL_PCT},
            evidence_s=(time_s,),
        )

    def state(self) -> Saved:
        """All that it remembers."""
        return {"last_s": self._last_s}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no state of this rule.
        """
        self._last_s = saved_time(saved, "last_s")


def in_order(last_s: float | None, time_s: float, spo2_pct: float) -> float:
    """The time of the next reading of a rule that keeps no values.

    Raises:
        ValueError: no number, or older than the last one.
    """
    require_finite(time_s=time_s, spo2_pct=spo2_pct)
    if last_s is not None and time_s < last_s:
        raise ValueError("a value older than the last one: feed the series again, in order")
    return float(time_s)


def saved_time(saved: Saved, name: str) -> float | None:
    """A saved time, or None where there was none.

    Raises:
        ValueError: there is no such entry, or it is no number.
    """
    if set(saved) != {name}:
        raise ValueError(f"no saved state of this rule: {sorted(saved)}")
    value = saved[name]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"no saved number: {value!r}")
    return float(value)
