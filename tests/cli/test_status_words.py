"""What `wardgate status` says beside the page's truth: the ward's configuration, its certificate, what is on trial."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from tests.support.home import NOW
from tests.support.home import status as a_status
from wardgate.cli.status import lines
from wardgate.control.messages import CertificateView, ConfigurationView, Status, TrialView


def said(status: Status, about: str) -> list[str]:
    return [line.strip() for line in lines(status) if about in line]


def with_hub(**changes: object) -> Status:
    return a_status(**{f"hub_{name}": value for name, value in changes.items()})


def test_nothing_is_said_of_a_ward_that_has_configured_nothing() -> None:
    assert said(a_status(), "configur") == []


STANDS = {
    "holds": ConfigurationView(version=7),
    "is on probation: the hub runs with it. If that goes well for 10 minutes it stays; if not, what held before comes "
    "back by itself": ConfigurationView(version=7, proving=True),
    "was taken back. Parts of the hub fell 3 times with it": ConfigurationView(
        version=7, taken_back="Parts of the hub fell 3 times with it."
    ),
}


@pytest.mark.parametrize("words", STANDS)
def test_how_the_wards_configuration_stands(words: str) -> None:
    told = said(with_hub(configuration=STANDS[words]), "configuration")
    assert told == [f"The ward's configuration, version 7, {words}."]


def test_what_does_not_hold_needs_attention() -> None:
    view = ConfigurationView(version=7, problem="cadences: `gone` is no device here.")
    status = with_hub(configuration=view)
    (line,) = said(status, "configured")
    assert line.endswith("What the ward configured does not hold as it was sent. cadences: `gone` is no device here.")
    assert "needs attention" in lines(status)[2] or "need attention" in lines(status)[2]


@pytest.mark.parametrize(
    ("days", "words"),
    [(1.6, ", 1 day from now;"), (12.2, ", 12 days from now;"), (0.4, ", 0 days from now;"), (None, "2026; it renews")],
)
def test_how_long_the_certificate_holds(days: float | None, words: str) -> None:
    held = CertificateView(not_after=NOW + timedelta(days=days or 3), days_left=days, renews_itself=True)
    (line,) = said(with_hub(certificate=held), "certificate")
    assert words in line


def test_a_certificate_that_has_ended() -> None:
    held = CertificateView(not_after=NOW - timedelta(days=3), days_left=-3.0, problem="The ward is away.")
    (line,) = said(with_hub(certificate=held), "certificate")
    assert line == (
        "This hub's certificate ended on 18 November 2026: nothing reaches the ward. Not renewed: The ward is away."
    )


def test_one_alert_on_trial() -> None:
    trial = TrialView(
        name="tight",
        rule="weight.guideline_esc",
        limits={},
        since=NOW - timedelta(days=2),
        raised=1,
        updated=0,
        resolved=0,
        open=True,
        live_raised=0,
    )
    (line,) = said(msgspec.structs.replace(a_status(), trials=(trial,)), "On trial")
    assert "would have raised 1 alert since" in line
