"""What became of everything that was measured in a week, and why what is missing is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from wardgate.contract.messages import Reading
from wardgate_sim.interference import Happening
from wardgate_sim.weeks import Measured, Week

WITHOUT_MEMORY_S: Final = 600.0
"""A reading without a device's time belongs to a measurement that began at most so long before."""
MINUTE_S: Final = 60
SLACK_S: Final = 1.5
"""Between the press of a button and the device's own stamp, which has whole seconds."""


@dataclass(slots=True)
class Tally:
    """Counts over one kind of device, or over many."""

    measured: int = 0
    right: int = 0
    not_heard: int = 0
    """Missed, and not one advertisement reached the hub's antenna while the device was awake."""

    @property
    def share(self) -> float:
        """Of everything that was measured."""
        return self.right / self.measured if self.measured else 1.0

    @property
    def share_of_heard(self) -> float:
        """Of what was heard at all."""
        heard = self.measured - self.not_heard
        return self.right / heard if heard else 1.0

    def add(self, other: Tally) -> None:
        """Take another's counts over."""
        self.measured += other.measured
        self.right += other.right
        self.not_heard += other.not_heard


@dataclass(slots=True)
class Score:
    """A week's outcome."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    """By kind of device."""
    kept: Tally = field(default_factory=Tally)
    """Of devices with a memory."""
    unkept: Tally = field(default_factory=Tally)
    causes: Counter[str] = field(default_factory=Counter)
    """Why what is missing is missing."""
    wrong: list[str] = field(default_factory=list)
    """Readings that nobody took, or that say something else or another time than what was measured."""
    duplicates: list[str] = field(default_factory=list)
    neighbours: list[str] = field(default_factory=list)
    false_alarms: Counter[str] = field(default_factory=Counter)
    """Events that ask a person to mend what was never broken."""

    def add(self, other: Score) -> None:
        """Take another week's outcome over."""
        for kind, tally in other.tallies.items():
            self.tallies.setdefault(kind, Tally()).add(tally)
        self.kept.add(other.kept)
        self.unkept.add(other.unkept)
        self.causes += other.causes
        self.wrong += other.wrong
        self.duplicates += other.duplicates
        self.neighbours += other.neighbours
        self.false_alarms += other.false_alarms


def score(week: Week) -> Score:
    """Hold what the store has against what was measured."""
    outcome = Score()
    found: set[int] = set()
    # A body's composition comes beside a weight, which is what is counted.
    readings = [r for r in week.readings if r.channel != "body_composition"]
    for reading in sorted(readings, key=lambda r: r.time.received):
        fits = [n for n, m in enumerate(week.measured) if _fits(reading, m)]
        fresh = [n for n in fits if n not in found]
        if fresh:
            best = min(fresh, key=lambda n: abs(reading.time.received - week.measured[n].at))
            found.add(best)
            _check(reading, week.measured[best], outcome)
        elif fits:
            outcome.duplicates.append(_told(reading))
        elif any(_fits(reading, m, anybody=True) for m in week.neighbours):
            outcome.neighbours.append(_told(reading))
        else:
            outcome.wrong.append(f"nobody measured this: {_told(reading)}")
    for number, measured in enumerate(week.measured):
        if measured.counts:
            _count(week, measured, outcome, right=number in found)
    if week.neighbours_bonded:
        outcome.neighbours.append(f"{week.neighbours_bonded} devices next door were paired with")
    # Nothing in these weeks forgets a bond or is of another model.
    asked = ("pairing-lost", "device-refused", "device-wrong-model", "radio-stuck")
    outcome.false_alarms.update(
        f"{e.code} ({week.plan.kinds[e.device].word})" if e.device else e.code
        for e in week.events
        if e.code in asked or e.code.startswith("task-restarted")
    )
    return outcome


def _count(week: Week, measured: Measured, outcome: Score, *, right: bool) -> None:
    kind = week.plan.kinds[measured.device]
    tally = Tally(measured=1, right=int(right))
    if not right:
        cause = _cause(week, measured)
        tally.not_heard = int(cause.startswith("not heard"))
        outcome.causes[f"{kind.word}: {cause}"] += 1
    outcome.tallies.setdefault(kind.word, Tally()).add(tally)
    (outcome.kept if kind.keeps else outcome.unkept).add(tally)


def _fits(reading: Reading, measured: Measured, *, anybody: bool = False) -> bool:
    if not anybody and reading.device.id != measured.device:
        return False
    # A reading has what the device told: not every one tells a mean, or an impedance.
    off = 0.006 + measured.kind.step / 2
    if any(abs(measured.values.get(q.name, q.value) - q.value) > off for q in reading.quantities):
        return False
    if not any(q.name in measured.values for q in reading.quantities):
        return False
    if reading.time.device_time is not None:
        shown = len("YYYY-mm-ddTHH:MM") if measured.kind.stamp_s == MINUTE_S else None
        return reading.time.device_time[:shown] == measured.device_time[:shown]
    since_s = (reading.time.received - measured.at).total_seconds()
    return 0.0 <= since_s <= WITHOUT_MEMORY_S


def _check(reading: Reading, measured: Measured, outcome: Score) -> None:
    off_s = abs((reading.time.taken - measured.at).total_seconds())
    if off_s > reading.time.uncertainty_s + SLACK_S:
        outcome.wrong.append(
            f"dated {off_s:.0f} s wrong, {reading.time.uncertainty_s:.0f} s were admitted: {_told(reading)}"
        )
    if reading.attribution != "assigned":
        outcome.wrong.append(f"taken for another person's ({reading.attribution_reason}): {_told(reading)}")


def _told(reading: Reading) -> str:
    values = ", ".join(f"{q.name} {q.value:g}" for q in reading.quantities)
    return (
        f"{reading.hub} {reading.device.id} {reading.device.model} {values}, device time {reading.time.device_time}, "
        f"taken {reading.time.taken:%d %H:%M:%S}, received {reading.time.received:%d %H:%M:%S}"
    )


def _cause(week: Week, measured: Measured) -> str:
    """Why it is missing, out of what the air did while the device was awake."""
    later = [m.at for m in week.measured if m.device == measured.device and m.at > measured.at]
    until = min([*later, measured.at + timedelta(seconds=WITHOUT_MEMORY_S)])
    since_s, until_s = ((t - week.began).total_seconds() for t in (measured.at, until))
    address = week.addresses[measured.device]
    happened = Counter(what for at_s, what in week.link.happened[address] if since_s <= at_s < until_s)
    if any(f.device == measured.device and f.since <= measured.at < f.until for f in week.plan.flat):
        return "not heard: its battery was flat"
    if measured.kind.on_a_line:
        return "on its line, and not taken"
    return _cause_of(happened, week.plan.kinds[measured.device].keeps)


def _cause_of(happened: Counter[Happening], keeps: bool) -> str:
    if not happened:
        return "still in its memory, of before the hub came" if keeps else "not heard: it was not on the air"
    if not happened[Happening.HEARD]:
        if happened[Happening.HUB_DEAF]:
            return "on the air only while the hub was connecting to another device"
        return "not heard: every advertisement was lost"
    if happened[Happening.CONNECTED]:
        broken = happened[Happening.LINK_BROKEN]
        return f"connected {happened[Happening.CONNECTED]} times, {broken} links broken"
    if happened[Happening.CONNECTION_FAILED]:
        return f"every connection failed ({happened[Happening.CONNECTION_FAILED]})"
    return "heard, and not taken"


def lines(outcome: Score, *, most: int = 10) -> Sequence[str]:
    """The outcome, for people."""
    out = [f"{'':28}{'measured':>9}{'right':>9}{'share':>10}{'of heard':>10}"]
    rows = [*sorted(outcome.tallies.items()), ("with memory", outcome.kept), ("without memory", outcome.unkept)]
    out += [f"{k:28}{t.measured:>9}{t.right:>9}{t.share:>10.3%}{t.share_of_heard:>10.3%}" for k, t in rows]
    for name in ("wrong", "duplicates", "neighbours"):
        found: list[str] = getattr(outcome, name)
        out.append(f"{name}: {len(found)}")
        out += [f"  {line}" for line in found[:most]]
    out.append("false alarms: " + (", ".join(f"{c} {n}" for c, n in outcome.false_alarms.items()) or "0"))
    out.append(f"missed: {outcome.causes.total()}")
    out += [f"  {n:4}  {cause}" for cause, n in outcome.causes.most_common()]
    return out
