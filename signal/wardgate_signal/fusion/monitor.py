"""One patient's scale, cuff and oximeter together.

Every channel has a filter that knows the patient's own level and noise; a bank of possible onsets and paces of a slow
change is common to all of them. For each kind of deterioration the channels' likelihood ratios are multiplied at the
same onset and pace, so that small changes which began together count where none alone would; a channel that is not
measured multiplies by one. Against them stands that nothing changes, or that one channel alone has moved harmlessly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import ClassVar, Final

import numpy as np

from wardgate_signal.finding import DAY_S, Json, Saved, require_finite
from wardgate_signal.fusion import hypotheses as hyp
from wardgate_signal.fusion.channel import Channel, Floats, number, numbers
from wardgate_signal.fusion.finding import PatientFinding
from wardgate_signal.fusion.fluid import Fluid
from wardgate_signal.fusion.hypotheses import CHANNELS, Kind
from wardgate_signal.fusion.notes import Notes
from wardgate_signal.told import notes_in, told

_KINDS: Final = tuple(Kind)
_HEART_FAILURE: Final = _KINDS.index(Kind.HEART_FAILURE)
_WEIGHT: Final = CHANNELS.index("weight")
_RULED_OUT: Final = -700.0
_PACES: Final = np.array(hyp.PACES_DAYS)
_COLD_PERFUSION_PCT: Final = 0.5
_COLD_NOISE: Final = 2.5
_CHANGES: Final = ("weight_change_kg", "systolic_change_mmhg", "pulse_change_bpm", "saturation_change_pct")
_PROBABILITIES: Final = tuple(f"probability_{kind}" for kind in _KINDS)
_DRY_WEIGHT_SD_KG: Final = 1.5
_NEVER_S: Final = -1e15
_LOG_PACE_ODDS: Final = np.log(np.tile(hyp.PACE_ODDS, hyp.ONSETS) / hyp.ONSETS)
_LOG_HARMLESS_ODDS: Final = np.log(hyp.HARMLESS_ODDS)[:, None]
_NEWS_DAYS: Final = _PACES - hyp.FADE_BEFORE_DAYS
_SIZES: Final = hyp.SIZES[:, :, None]
_HALF_SQUARES: Final = 0.5 * _SIZES * _SIZES


class PatientMonitor:
    """All channels of one patient, causal, one reading at a time."""

    RULE: ClassVar[str] = "fusion.patient"
    VERSION: ClassVar[int] = 2
    ALERT_SCORE: ClassVar[float] = 1.0

    def __init__(
        self,
        conditions: AbstractSet[str],
        target_low_pct: float,
        target_high_pct: float,
        dry_weight_kg: float | None = None,
        beta_blocker: bool = False,
    ) -> None:
        require_finite(target_low_pct=target_low_pct, target_high_pct=target_high_pct)
        size = hyp.ONSETS * len(_PACES)
        self._info = np.zeros((len(CHANNELS), size))
        self._gain = np.zeros((len(CHANNELS), size))
        self._channels = {
            name: Channel(hyp.NATURES[name], self._info[i], self._gain[i]) for i, name in enumerate(CHANNELS)
        }
        if dry_weight_kg is not None:
            require_finite(dry_weight_kg=dry_weight_kg)
            self._channels["weight"].expect(float(dry_weight_kg), _DRY_WEIGHT_SD_KG)
        self._channels["saturation"].expect(min(96.0, float(target_low_pct + target_high_pct) / 2), 4.0)
        self._priors = list(hyp.prior_log_odds(conditions).values())
        failing = "heart_failure" in conditions
        self._asked = [-x if failing else 0.0 for x in hyp.ASKED_FIRST.values()]
        self._beliefs = hyp.beliefs(beta_blocker=beta_blocker)
        self._chances = np.empty((len(CHANNELS), hyp.SIZES.shape[1], size))
        self._ratios = np.empty((len(CHANNELS), len(_KINDS) + 1, size))
        """By channel, kind (and, last, a harmless change), onset and pace."""
        self._weigh(CHANNELS)
        self._untold = self._ratios.copy()
        """The same where nothing has been gathered yet."""
        self._rows = np.empty((len(_KINDS) + len(CHANNELS), size))
        self._notes = Notes()
        self._fluid = Fluid(dry_weight_kg) if failing else None
        self._onsets_s = np.full(hyp.ONSETS, _NEVER_S)
        self._next = 0
        self._last_s = -math.inf
        self._last: dict[str, list[float]] = {}

    def update_weight(self, time_s: float, weight_kg: float, note: str | None = None) -> PatientFinding:
        """Take a weight.

        Raises:
            ValueError: no number, or older than the last reading of any channel.
        """
        return self._take("weight", time_s, {"weight": weight_kg}, note)

    def update_pressure(
        self,
        time_s: float,
        systolic_mmhg: float,
        diastolic_mmhg: float,
        pulse_bpm: float | None,
        note: str | None = None,
    ) -> PatientFinding:
        """Take a cuff's reading; None or NaN where it reports no pulse.

        Raises:
            ValueError: no number, or older than the last reading of any channel.
        """
        require_finite(systolic_mmhg=systolic_mmhg, diastolic_mmhg=diastolic_mmhg)
        pressure_mmhg = hyp.pressure_mmhg(float(systolic_mmhg), float(diastolic_mmhg))
        return self._take("pressure", time_s, {"systolic": pressure_mmhg, "pulse": pulse_bpm}, note)

    def update_saturation(
        self,
        time_s: float,
        spo2_pct: float,
        pulse_bpm: float | None,
        perfusion: float | None = None,
        note: str | None = None,
    ) -> PatientFinding:
        """Take an oximeter's reading; `perfusion` is the index in %. None or NaN: it reports none, or no pulse.

        Raises:
            ValueError: no number, or older than the last reading of any channel.
        """
        index = told(perfusion)
        noise = 1.0
        if index is not None:
            require_finite(perfusion=index)
            noise = _COLD_NOISE if index < _COLD_PERFUSION_PCT else 1.0
        return self._take("oximeter", time_s, {"saturation": spo2_pct, "pulse": pulse_bpm}, note, noise)

    def _take(
        self, device: str, time_s: float, values: dict[str, float | None], note: str | None, noise: float = 1.0
    ) -> PatientFinding:
        values["pulse"] = told(values.get("pulse"))
        known = {name: float(value) for name, value in values.items() if value is not None}
        require_finite(time_s=time_s, **known)
        time_s = float(time_s)
        if time_s < self._last_s:
            raise ValueError("a reading older than the last one: feed the series again, in order")
        row = [time_s, *known.values()]
        new = self._last.get(device) != row
        if new:
            self._last[device] = row
            self._last_s = time_s
            self._open(time_s)
        ages = self._ages()
        shape = np.minimum(ages / _PACES, 1.0).ravel()
        if new:
            self._hear(note, device, time_s)
            if self._fluid is not None and device == "weight":
                self._fluid.update(time_s, known["weight"])
            # What no patient can have is a device's word for nothing; the weight's own detector says what it was.
            believed = {name: value for name, value in known.items() if hyp.possible(name, value)}
            for name, value in believed.items():
                self._channels[name].update(time_s, value, shape, second=device == "oximeter", noise=noise)
            self._weigh(believed)
        return self._judge(ages, shape)

    def _hear(self, note: str | None, device: str, time_s: float) -> None:
        for one in notes_in(note):
            self._notes.take(one, device, time_s, self._channels)
            if self._fluid is not None:
                self._fluid.hear(one, device)

    def _open(self, time_s: float) -> None:
        """Begin new onsets, one every so often, over the oldest."""
        every_s = hyp.ONSET_EVERY_DAYS * DAY_S
        newest_s = float(self._onsets_s[self._next - 1])
        if newest_s == _NEVER_S:
            newest_s = time_s - every_s
        first_s = max(newest_s + every_s, time_s - hyp.ONSETS * every_s)
        while first_s <= time_s:
            self._onsets_s[self._next] = first_s
            self._begin(slice(self._next * len(_PACES), (self._next + 1) * len(_PACES)))
            self._next = (self._next + 1) % hyp.ONSETS
            first_s += every_s

    def _begin(self, slots: slice) -> None:
        """Of a new onset no channel has told anything yet."""
        for channel in self._channels.values():
            channel.begin(slots)
        self._chances[:, :, slots] = 1.0
        self._ratios[:, :, slots] = self._untold[:, :, slots]

    def _ages(self) -> Floats:
        """Days since each onset, a column."""
        ages: Floats = (self._last_s - self._onsets_s[:, None]) / DAY_S
        return ages

    def _weigh(self, names: Iterable[str]) -> None:
        """What the sums of these channels say about every size, and for every kind. The others' stands as it was."""
        for name in names:
            c = CHANNELS.index(name)
            exponents = np.multiply(_SIZES[c], self._gain[c], out=self._chances[c])
            exponents -= _HALF_SQUARES[c] * self._info[c]
            peaks = np.maximum.reduce(exponents, axis=0)
            exponents -= peaks
            np.exp(exponents, out=exponents)
            ratios = np.matmul(self._beliefs[c], exponents, out=self._ratios[c])
            ratios += 1e-300
            np.log(ratios, out=ratios)
            ratios += peaks

    def _judge(self, ages: Floats, shape: Floats) -> PatientFinding:
        chances, ratios = self._chances, self._ratios
        if self._fluid is not None:
            # It has weighed a harmless gain against one of fluid already.
            ratios[_WEIGHT, _HEART_FAILURE] = self._fluid.log_ratio(self._last_s)
            ratios[_WEIGHT, -1] = _RULED_OUT
        # A change that has come to its full height is no news any more.
        weights = _LOG_PACE_ODDS - hyp.FADE_PER_DAY * np.maximum(0.0, ages - _NEWS_DAYS).ravel()
        bad, harmless = self._rows[: len(_KINDS)], self._rows[len(_KINDS) :]
        np.add.reduce(ratios[:, :-1], axis=0, out=bad)
        bad += weights[:-1]
        np.add(ratios[:, -1], weights[-1], out=harmless)
        harmless += _LOG_HARMLESS_ODDS
        sums = _log_sums(self._rows)
        by_kind = [x + prior for x, prior in zip(sums, self._priors_now(), strict=False)]
        score = _log_sum([x - off for x, off in zip(by_kind, self._asked, strict=True)])
        score -= _log_sum([0.0, *sums[len(_KINDS) :]])
        best = by_kind.index(max(by_kind))
        slot = int(bad[best].argmax())
        total = _log_sum(by_kind)
        evidence = {name: math.exp(x - total) for name, x in zip(_PROBABILITIES, by_kind, strict=True)}
        evidence["days"] = float(ages[slot // len(_PACES), 0])
        evidence |= self._changes(best, chances[:, :, slot], float(shape[slot]))
        shares = _shares(ratios[:, best, slot].tolist())
        return PatientFinding(score, _KINDS[best], shares, evidence, self.RULE, self.VERSION)

    def _priors_now(self) -> list[float]:
        added = self._notes.priors(self._last_s)
        return [prior + more for prior, more in zip(self._priors, added, strict=True)]

    def _changes(self, kind: int, chances: Floats, come: float) -> dict[str, float]:
        """How far each measured channel is on its way to move, if it is of that kind; `chances` by channel and size."""
        weighed = self._beliefs[:, kind] * chances
        means = np.add.reduce(weighed * hyp.SIZES, axis=1) / (np.add.reduce(weighed, axis=1) + 1e-300)
        found = {
            name: come * mean
            for name, mean, channel in zip(_CHANGES, means.tolist(), self._channels.values(), strict=True)
            if channel.readings
        }
        if self._fluid is not None and kind == _HEART_FAILURE and self._fluid.gain_kg is not None:
            found[_CHANGES[_WEIGHT]] = self._fluid.gain_kg
        return found

    def state(self) -> Saved:
        """All that it remembers."""
        return {
            "last_s": self._last_s if math.isfinite(self._last_s) else None,
            "last": {device: list[Json](row) for device, row in self._last.items()},
            "onsets_s": self._onsets_s.tolist(),
            "next": float(self._next),
            "notes": self._notes.save(),
            "fluid": None if self._fluid is None else self._fluid.save(),
            "channels": {name: channel.save() for name, channel in self._channels.items()},
        }

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`, in a monitor made with the same arguments.

        Raises:
            ValueError: it is no state of this monitor, which goes on as before.
        """
        before = self.state()
        try:
            self._load(saved)
        except ValueError:
            self._load(before)
            raise

    def _load(self, saved: Saved) -> None:
        last, channels = saved.get("last"), saved.get("channels")
        if not isinstance(last, dict) or not isinstance(channels, dict):
            raise ValueError("no saved patient monitor")
        self._last = {device: _row(row) for device, row in last.items()}
        last_s = saved.get("last_s")
        self._last_s = -math.inf if last_s is None else number(last_s)
        self._onsets_s[:] = numbers(saved.get("onsets_s"), hyp.ONSETS)
        self._next = int(number(saved.get("next"))) % hyp.ONSETS
        self._notes.load(saved.get("notes"))
        if self._fluid is not None:
            self._fluid.load(saved.get("fluid"))
        for name, channel in self._channels.items():
            channel.load(channels.get(name))
        self._weigh(CHANNELS)


def _row(saved: Json) -> list[float]:
    if not isinstance(saved, list):
        raise ValueError("no saved reading")
    return [number(item) for item in saved]


def _shares(speaks: list[float]) -> dict[str, float]:
    """Of what speaks for a kind; what speaks against it has none."""
    heard = [max(0.0, x) for x in speaks]
    whole = sum(heard)
    return {name: x / whole if whole > 0.0 else 0.0 for name, x in zip(CHANNELS, heard, strict=True)}


def _log_sums(rows: Floats) -> list[float]:
    peaks = np.maximum.reduce(rows, axis=1)
    rows -= peaks[:, None]
    sums: list[float] = (np.log(np.add.reduce(np.exp(rows), axis=1)) + peaks).tolist()
    return sums


def _log_sum(terms: list[float]) -> float:
    peak = max(terms)
    return peak + math.log(sum([math.exp(term - peak) for term in terms]))
