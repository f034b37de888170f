"""Fluid retention seen on a home scale."""

from __future__ import annotations

import math
from dataclasses import astuple
from typing import ClassVar, Final

from wardgate_signal.finding import DAY_S, Level, Saved, require_finite
from wardgate_signal.told import notes_in
from wardgate_signal.weight.finding import Quality, WeightFinding
from wardgate_signal.weight.habits import Habits
from wardgate_signal.weight.level import Ahead, LevelBank, View, freshness
from wardgate_signal.weight.saved import maybe, number, numbers, part, require_keys
from wardgate_signal.weight.screen import Screen, Screened
from wardgate_signal.weight.wander import Wander
from wardgate_signal.window import Window, pairs

LEARN_READINGS: Final = 7
LEARN_DAYS: Final = 6.0
KEPT_DAYS: Final = 40.0
WATCH_BELOW: Final = 1.5
CLEAR_BELOW: Final = 2.5
NEIGHBOUR_DAYS: Final = (0.3, 4.5)
DRY_WEIGHT_VAR: Final = 1.0
"""The ward's scale, clothes and rounding: an agreed dry weight is good to a kilogram."""
DRY_WEIGHT_OFF_KG: Final = 6.0
"""Further from what the home scale shows it is a slip, or an old figure."""
NEW_SCALE_VAR: Final = 4.0
DIURETIC_UP_VAR: Final = 0.5
DIURETIC_DOWN_VAR: Final = 0.7
DISCHARGED_VAR: Final = 9.0
_DRY: Final = "dry_weight:"
_LOOSEN: Final = {
    "new_scale": NEW_SCALE_VAR,
    "diuretic_up": DIURETIC_UP_VAR,
    "diuretic_down": DIURETIC_DOWN_VAR,
    "discharged": DISCHARGED_VAR,
}


class FluidRetentionDetector:
    """Odds that a patient is gaining fluid, from irregular weights at home, one at a time.

    Strictly causal; bounded memory; the source of every part and what it has been measured on stands in
    docs/detectors/weight.md. No real patient has been seen.

    Args:
        dry_weight_kg: the weight without extra fluid, where it is known.
        alert_score: score from which its level is ALERT.

    Raises:
        ValueError: no number.
    """

    RULE: ClassVar[str] = "weight.fluid_retention"
    VERSION: ClassVar[int] = 2
    WORSE_BY: ClassVar[float] = 0.5
    ALERT_SCORE: ClassVar[float] = -0.5

    def __init__(self, dry_weight_kg: float | None = None, *, alert_score: float = ALERT_SCORE) -> None:
        require_finite(alert_score=alert_score, dry_weight_kg=dry_weight_kg or 0.0)
        self._dry_weight_kg = None if dry_weight_kg is None else float(dry_weight_kg)
        self._alert_score = alert_score
        self._habits, self._wander = Habits(), Wander()
        self._bank, self._screen = LevelBank(), Screen()
        self._kept = Window(KEPT_DAYS * DAY_S)
        self._count = 0
        self._first_s = 0.0
        self._last: tuple[float, float] | None = None
        self._view: View | None = None
        self._unseen: Ahead | None = None
        """Of the last weight that the bank took, while nobody has asked how it stands after it."""
        self._quality = Quality.ACCEPTED

    def update(self, time_s: float, weight_kg: float, note: str | None = None) -> WeightFinding:
        """Take the next weight; the very same one again changes nothing.

        Args:
            time_s: any seconds, as long as they do not go back.
            weight_kg: as the scale gave it.
            note: what has happened since the last weight: `new_scale`, `diuretic_up`, `diuretic_down`, `discharged`,
                `dry_weight:<kg>`; several are parted by commas. Others are ignored.

        Raises:
            ValueError: no number, or older than the last one.
        """
        self.take(time_s, weight_kg, note)
        return self._finding(float(time_s), float(weight_kg))

    def take(self, time_s: float, weight_kg: float, note: str | None = None) -> None:
        """`update` for one who wants `score` and `gain_kg` alone."""
        require_finite(time_s=time_s, weight_kg=weight_kg)
        time_s, weight_kg = float(time_s), float(weight_kg)
        if self._last is not None and time_s < self._last[0]:
            raise ValueError("a weight older than the last one: feed the series again, in order")
        if self._last != (time_s, weight_kg):
            self._last = (time_s, weight_kg)
            self._quality = self._take(time_s, weight_kg, notes_in(note))

    @property
    def score(self) -> float:
        """As in the finding."""
        return self._bank.log_odds

    @property
    def gain_kg(self) -> float:
        """As in the finding."""
        if self._unseen is not None:
            return self._bank.gain_kg(self._unseen)
        return self._view.gain_kg if self._view else 0.0

    def _seen(self) -> View | None:
        """How it stands after the last weight that the bank took."""
        if self._unseen is not None:
            self._view, self._unseen = self._bank.view(self._unseen), None
        return self._view

    def _take(self, time_s: float, weight_kg: float, notes: tuple[str, ...]) -> Quality:
        if self._count == 0:
            return self._take_first(time_s, weight_kg, notes)
        if notes:
            self._seen()  # as it stood before they were heard
        for note in notes:
            self._hear(note)
        habits, bank = self._habits, self._bank
        usual_kg = habits.expected_kg(time_s)
        noise = self._wander.noise(habits.difference_var)
        ahead = bank.look_ahead(time_s, noise, habits.off_hours(time_s))
        expected_kg = ahead.expected_kg + usual_kg
        looked = self._screen.look(time_s, weight_kg, expected_kg, ahead.expected_var, noise.var)
        if looked.begin:
            self._begin(time_s, looked.weight_kg)
        elif looked.use:
            self._use(time_s, usual_kg, ahead, looked)
        return looked.quality

    def _take_first(self, time_s: float, weight_kg: float, notes: tuple[str, ...]) -> Quality:
        """Of the first weight nothing is known but that it may be a person's."""
        if not 20.0 <= weight_kg <= 400.0:
            return Quality.WRONG_PERSON
        self._first_s = time_s
        self._habits.learn_hour(time_s)
        self._begin(time_s, weight_kg)
        for dry_kg in map(_dry_weight, notes):
            self._dry_weight_kg = self._dry_weight_kg if dry_kg is None else dry_kg
        if self._dry_weight_kg is not None:
            self._agree_dry(self._dry_weight_kg)
        return Quality.ACCEPTED

    def _begin(self, time_s: float, weight_kg: float) -> None:
        level_kg = weight_kg - self._habits.expected_kg(time_s)
        self._bank.begin(time_s, level_kg, self._wander.noise(self._habits.difference_var))
        self._wander.begin(level_kg)
        self._view, self._unseen = View(level_kg, 0.0, 0.0, time_s), None
        self._kept = Window(KEPT_DAYS * DAY_S)
        self._kept.add(time_s, weight_kg)
        self._count += 1

    def _use(self, time_s: float, usual_kg: float, ahead: Ahead, looked: Screened) -> None:
        habits, bank = self._habits, self._bank
        weight_kg = looked.weight_kg - usual_kg
        if NEIGHBOUR_DAYS[0] < ahead.days < NEIGHBOUR_DAYS[1]:
            before_s, before_kg = self._kept.last(1)[0]
            habits.learn_difference(weight_kg - (before_kg - habits.expected_kg(before_s)))
        bank.take(time_s, weight_kg, ahead, whole=looked.confirmed)
        self._wander.take(ahead.days, weight_kg, freshness(ahead.days))
        self._unseen = ahead
        # Against what was expected before it was seen: afterwards the level has taken half of it up.
        habits.learn_residual(time_s, weight_kg - ahead.expected_kg)
        habits.learn_hour(time_s)
        self._kept.add(time_s, looked.weight_kg)
        self._count += 1

    def _hear(self, note: str) -> None:
        dry_kg = _dry_weight(note)
        if dry_kg is not None:
            self._dry_weight_kg = dry_kg
            self._bank.loosen(DRY_WEIGHT_VAR)
            self._agree_dry(dry_kg)
        elif note in _LOOSEN:
            if note in ("new_scale", "discharged"):
                self._screen.forget()
            if note == "discharged":
                self._bank.forget_courses()
            self._bank.loosen(_LOOSEN[note])
            self._wander.loosen(_LOOSEN[note])

    def _agree_dry(self, dry_kg: float) -> None:
        if abs(dry_kg - self._kept.last(1)[0][1]) <= DRY_WEIGHT_OFF_KG:
            self._bank.observe_level(dry_kg, DRY_WEIGHT_VAR)

    def _level(self, time_s: float, score: float) -> Level:
        known = self._count >= LEARN_READINGS and time_s - self._first_s >= LEARN_DAYS * DAY_S
        if not known and (self._dry_weight_kg is None or self._count == 0):
            return Level.LEARNING
        if score >= self._alert_score:
            return Level.ALERT
        return Level.WATCH if score >= self._alert_score - WATCH_BELOW else Level.OK

    def _finding(self, time_s: float, weight_kg: float) -> WeightFinding:
        score = self._bank.log_odds
        level = self._level(time_s, score)
        seen = self._seen()
        view = seen or View(0.0, 0.0, 0.0, time_s)
        evidence = tuple(self._evidence(view)) if level in (Level.WATCH, Level.ALERT) else ()
        return WeightFinding(
            rule=self.RULE,
            version=self.VERSION,
            level=level,
            score=score,
            severity=max(0.0, view.gain_kg),
            clear=score < self._alert_score - CLEAR_BELOW,
            inputs={
                "weight_kg": weight_kg,
                "usual_kg": round(view.baseline_kg, 2),
                "gain_kg": round(view.gain_kg, 2),
                "gain_kg_per_day": round(view.rate_kg_per_day, 3),
                "noise_kg": round(math.sqrt(self._habits.noise_var), 3),
                "score_limit": self._alert_score,
            },
            evidence_s=tuple(t for t, _ in evidence),
            baseline_kg=view.baseline_kg if seen else None,
            gain_kg=view.gain_kg,
            gain_rate_kg_per_day=view.rate_kg_per_day,
            quality=self._quality,
            evidence=evidence,
        )

    def _evidence(self, view: View) -> list[tuple[float, float]]:
        """The last weight before the gain began, and all since."""
        kept = self._kept.since(KEPT_DAYS * DAY_S)
        before = [item for item in kept if item[0] < view.onset_s]
        return [*before[-1:], *(item for item in kept if item[0] >= view.onset_s)]

    def state(self) -> Saved:
        """All that it remembers."""
        view = self._seen()
        return {
            "dry_weight_kg": self._dry_weight_kg,
            "habits": self._habits.save(),
            "wander": self._wander.save(),
            "bank": self._bank.save(),
            "screen": self._screen.save(),
            "kept": self._kept.save(),
            "count": float(self._count),
            "first_s": self._first_s,
            "last": [*self._last] if self._last else None,
            "view": [*astuple(view)] if view else None,
            "quality": self._quality.value,
        }

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`. The limit is the constructor's, not the saved one's.

        Raises:
            ValueError: it is no state of this version of the rule.
        """
        require_keys(saved, *self.state())
        bank = LevelBank.load(part(saved, "bank"))
        habits = Habits.load(part(saved, "habits"))
        wander = Wander.load(part(saved, "wander"))
        screen = Screen.load(part(saved, "screen"))
        kept = Window(KEPT_DAYS * DAY_S)
        kept.load(saved["kept"])
        last = pairs([saved["last"]])[0] if saved["last"] is not None else None
        view = View(*numbers(saved["view"], 4)) if saved["view"] is not None else None
        count, first_s, dry_kg = int(number(saved["count"])), number(saved["first_s"]), maybe(saved["dry_weight_kg"])
        self._quality = Quality(str(saved["quality"]))
        self._bank, self._habits, self._wander, self._screen, self._kept = bank, habits, wander, screen, kept
        self._count, self._first_s, self._dry_weight_kg = count, first_s, dry_kg
        self._last, self._view, self._unseen = last, view, None


def _dry_weight(note: str) -> float | None:
    """The figure of a `dry_weight:<kg>`, if that is what the note is."""
    if not note.startswith(_DRY):
        return None
    try:
        dry_kg = float(note.removeprefix(_DRY))
    except ValueError:
        return None
    return dry_kg if 20.0 <= dry_kg <= 400.0 else None
