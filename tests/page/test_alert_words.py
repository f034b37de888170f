"""What the nurse's list says about an alert, and that a hub that no longer tests itself is trouble."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.home import NOW, alert, status
from wardgate.control.messages import CanaryView
from wardgate.faces.alert_words import age_words, seen_words
from wardgate.faces.words import Times
from wardgate.page.verdict import verdict

TIMES = Times(ZoneInfo("Europe/London"), NOW)
RAISED = "Raised today, 9:03am, 12 minutes ago."
BEGUN = NOW - timedelta(minutes=12, seconds=12)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, RAISED),
        ({"raised_count": 2}, f"{RAISED} Second time."),
        ({"raised_count": 4, "worse_revision": 2}, f"{RAISED} Worse since then. Fourth time."),
        (
            {"state": "updated", "worse_revision": 2, "changed": NOW},
            f"{RAISED} Worse since then. Updated today, 9:15am.",
        ),
        (
            {"state": "acknowledged", "acknowledged_by": "nurse", "acknowledged_at": NOW, "raised_count": 3},
            f"{RAISED} Seen by the nurse today, 9:15am. It stays open until it is better.",
        ),
        ({"quiet_until": NOW + timedelta(hours=1)}, f"{RAISED} It may wait until 10:15am."),
        ({"quiet_until": NOW - timedelta(hours=1)}, RAISED),
    ],
)
def test_the_age_of_an_alert(changes: dict[str, Any], says: str) -> None:
    usual: dict[str, Any] = {"raised": BEGUN, "changed": BEGUN}
    assert age_words(alert(**{**usual, **changes}), TIMES) == says


def test_who_has_seen_it_when_the_hub_was_not_told_a_role() -> None:
    assert seen_words(alert(state="acknowledged", changed=NOW), TIMES) == "Seen by the ward today, 9:15am."


@pytest.mark.parametrize(
    ("canary", "connected", "troubled"),
    [
        (CanaryView(last_age_s=60.0), True, False),
        (CanaryView(stage="ward"), True, False),
        (CanaryView(late=True, stage="rules"), True, True),
        (CanaryView(late=True, stage="store"), False, True),
        (CanaryView(late=True, stage="ward"), True, True),
    ],
)
def test_a_canary_that_is_missed_is_trouble(canary: CanaryView, connected: bool, troubled: bool) -> None:
    found = verdict(status(hub_canary=canary, delivery_connected=connected, delivery_problem="The broker is away."))
    said = " ".join((found.said, *found.also))
    assert ("own test reading" in said) is troubled


def test_a_broker_that_is_away_is_told_once_and_not_twice() -> None:
    away = CanaryView(late=True, stage="ward")
    found = verdict(status(hub_canary=away, delivery_connected=False, delivery_problem="The broker is away."))
    assert (found.said, found.also) == ("The broker is away.", ())
