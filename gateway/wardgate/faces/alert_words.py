"""What is said about an alert beside its sentence: when it was raised, how often, who has seen it, by which rule."""

from __future__ import annotations

import re
from typing import Final

from wardgate.contract.messages import Alert
from wardgate.faces.words import Times

_ORDINAL: Final = {2: "Second", 3: "Third", 4: "Fourth", 5: "Fifth"}


def rule_words(alert: Alert) -> str:
    """`Rule: weight gain, version 3.`"""
    return f"Rule: {re.sub('[-_.]', ' ', alert.rule)}, version {alert.rule_version}."


def seen_words(alert: Alert, times: Times) -> str:
    """`Seen by the nurse today, 8:10am.`"""
    return f"Seen by the {alert.acknowledged_by or 'ward'} {times.when(alert.acknowledged_at or alert.changed)}."


def age_words(alert: Alert, times: Times) -> str:
    """`Raised today, 7:42am, 12 minutes ago. Second time.`"""
    said = [f"Raised {times.when(alert.raised)}, {times.ago(alert.raised)}."]
    if alert.worse_revision > 1:
        said.append("Worse since then.")
    if alert.state == "acknowledged":
        said += [seen_words(alert, times), "It stays open until it is better."]
    elif alert.raised_count > 1:
        said.append(f"{_ORDINAL.get(alert.raised_count, f'{alert.raised_count}th')} time.")
    elif alert.state == "updated":
        said.append(f"Updated {times.when(alert.changed)}.")
    if alert.quiet_until is not None and alert.quiet_until > times.now:
        said.append(f"It may wait until {times.clock(alert.quiet_until)}.")
    return " ".join(said)
