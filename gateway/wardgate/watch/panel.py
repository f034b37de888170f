"""All series of a patient with all their rules: one for each channel, and one in which the channels come together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from wardgate.contract.messages import Reading
from wardgate.watch.assess import FIRST_QUANTITY, Assessment, Series, admissible, sample_of
from wardgate.watch.rule import TOGETHER, Rule, Sample
from wardgate_signal.finding import Finding, Level

TOGETHER_CHANNELS: Final = ("weight", "blood_pressure", "saturation")


class Panel:
    """Readings in, what the rules say about them out.

    Args:
        assignment: whose readings count.
        rule_set: the rules, each for its channel or for the channels together.
        on_failure: told when a rule breaks: the rule, the sample, why.
        notes: what was told about the treatment, as `Therapy` keeps it.
    """

    def __init__(
        self,
        assignment: str,
        rule_set: Sequence[Rule],
        on_failure: Callable[[Rule, Sample, str], None],
        notes: Sequence[tuple[float, str]] = (),
    ) -> None:
        self._assignment = assignment
        places = [*FIRST_QUANTITY, *([TOGETHER] if any(r.channel == TOGETHER for r in rule_set) else [])]
        mine = {place: [rule for rule in rule_set if rule.channel == place] for place in places}
        self.kinds: Final = {place: tuple(dict.fromkeys(r.kind for r in rules)) for place, rules in mine.items()}
        """The kinds of alerts of each place."""
        self._series = {place: Series(rules, on_failure, notes) for place, rules in mine.items()}

    def places(self, channel: str) -> tuple[str, ...]:
        """Where a channel's readings are looked at."""
        together = TOGETHER in self._series and channel in TOGETHER_CHANNELS
        return (channel, TOGETHER) if together else (channel,)

    def admits(self, reading: Reading) -> bool:
        """Whether a reading may raise, worsen or clear anything."""
        return admissible(reading, self._assignment)

    def add(self, reading: Reading) -> None:
        """Put an admitted reading in its place, without looking."""
        sample = sample_of(reading)
        for place in self.places(reading.channel):
            self._series[place].add(sample)

    def assess(self, reading: Reading) -> list[tuple[str, Assessment]]:
        """Put an admitted reading in its place and say what the rules find there."""
        sample = sample_of(reading)
        return _heard([(place, self._series[place].assess(sample)) for place in self.places(reading.channel)])

    def reassess(self, reading: Reading) -> list[tuple[str, Assessment]]:
        """What the rules find at a reading that is already here; nothing when it is not."""
        found = [(place, self._series[place].reassess(reading.id)) for place in self.places(reading.channel)]
        return _heard([(place, at) for place, at in found if at is not None])

    def usual(self, channel: str, until_s: float) -> float | None:
        """The patient's own level at a time; None while it is not known."""
        return self._series[channel].usual(until_s)

    def noted(self, at_s: float) -> None:
        """A note has come: what was found after its time is found again."""
        for series in self._series.values():
            series.noted(at_s)


def _heard(found: list[tuple[str, Assessment]]) -> list[tuple[str, Assessment]]:
    """Each rule that only stands in keeps its word to itself while the one in whose place it stands can judge.

    One that has broken, or is still learning this patient, cannot.
    """
    judging = {rule.name for _, at in found for rule, finding in at.findings if finding.level is not Level.LEARNING} - {
        rule.name for _, at in found for rule in at.failed
    }

    def word(rule: Rule, finding: Finding) -> Finding:
        stands = rule.stands_in
        if stands is None or stands.rule not in judging or finding.level is not Level.ALERT:
            return finding
        far = stands.speaks_from is not None and finding.severity >= stands.speaks_from
        return finding if far else replace(finding, level=Level.WATCH)

    return [
        (place, replace(at, findings=tuple((rule, word(rule, finding)) for rule, finding in at.findings)))
        for place, at in found
    ]
