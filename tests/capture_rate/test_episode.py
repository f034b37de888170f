"""One finger, one reading, however often the link is lost; and a new finger is a new one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.capture.conftest import HandClock
from wardgate.capture.episode import CONTINUES_S, Episode
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome, Quantity

FINGER = Measurement(
    channel=Channel.SATURATION,
    outcome=Outcome.DECODE,
    quantities=(Quantity("spo2", 96.0, "%"), Quantity("pulse", 71.0, "/min")),
    frame=b"\x01",
)


def with_values(spo2: float, pulse: float) -> Measurement:
    return replace(FINGER, quantities=(Quantity("spo2", spo2, "%"), Quantity("pulse", pulse, "/min")), frame=b"\x02")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def episode(clock: HandClock) -> Episode:
    """After a session that told a value and was lost."""
    episode = Episode(clock)
    episode.begins()
    assert not episode.is_repeat(FINGER)
    episode.ends(broken=True)
    return episode


def test_the_same_finger_after_a_lost_link(episode: Episode, clock: HandClock) -> None:
    clock.s += CONTINUES_S - 1
    episode.begins()
    assert episode.is_repeat(with_values(95.0, 76.0))


def test_it_goes_on_through_a_session_that_came_to_nothing(episode: Episode, clock: HandClock) -> None:
    clock.s += 10
    episode.begins()
    clock.s += 2
    episode.ends(broken=True)
    clock.s += 10
    episode.begins()
    assert episode.is_repeat(FINGER)


def test_a_later_session(episode: Episode, clock: HandClock) -> None:
    clock.s += CONTINUES_S + 1
    episode.begins()
    assert not episode.is_repeat(FINGER)


def test_a_session_that_ended_well(episode: Episode, clock: HandClock) -> None:
    for _ in range(2):
        clock.s += CONTINUES_S + 1
        episode.begins()
        assert not episode.is_repeat(FINGER)
        episode.ends(broken=False)
    episode.begins()
    assert not episode.is_repeat(FINGER)


def test_somebody_else(episode: Episode) -> None:
    episode.begins()
    assert not episode.is_repeat(with_values(91.0, 71.0))


def test_the_next_finger_in_the_same_session(episode: Episode) -> None:
    episode.begins()
    assert episode.is_repeat(FINGER)
    assert not episode.is_repeat(FINGER)


@pytest.mark.parametrize(
    "told",
    [
        replace(FINGER, device_time=DeviceTime(0.0)),
        replace(FINGER, sequence=3),
        replace(FINGER, stored=True),
    ],
)
def test_what_has_an_identity_of_its_own_is_left_to_it(episode: Episode, told: Measurement) -> None:
    episode.begins()
    assert not episode.is_repeat(told)


def test_no_reading_is_no_repeat(episode: Episode) -> None:
    episode.begins()
    assert not episode.is_repeat(replace(FINGER, outcome=Outcome.NO_READING))
    assert episode.is_repeat(FINGER)
