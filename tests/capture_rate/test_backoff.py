"""How long a device that failed is left alone: never longer than it can bear."""

from __future__ import annotations

import random

from wardgate.capture.backoff import FIRST_S, LONGEST_S, PATIENT_FAILURES, Backoff


def test_bad_air_does_not_use_up_half_a_minute_with_a_finger_in() -> None:
    backoff = Backoff(random.Random(1))
    assert sum(backoff.failed(quickly=True) for _ in range(PATIENT_FAILURES)) < 10.0


def test_a_device_that_always_fails_gives_the_radio_back() -> None:
    backoff = Backoff(random.Random(1))
    pauses = [backoff.failed() for _ in range(10)]
    assert pauses[0] == FIRST_S
    assert all(LONGEST_S / 2 <= pause <= LONGEST_S for pause in pauses[-2:])
    soon = Backoff(random.Random(1))
    assert [soon.failed(quickly=True) for _ in range(20)][-1] >= LONGEST_S / 2


def test_a_device_that_fails_for_days_is_still_called() -> None:
    backoff = Backoff(random.Random(1))
    pauses = [backoff.failed() for _ in range(5000)]
    assert all(LONGEST_S / 2 <= pause <= LONGEST_S for pause in pauses[10:])


def test_after_success_it_starts_over() -> None:
    backoff = Backoff(random.Random(1))
    for _ in range(PATIENT_FAILURES + 4):
        backoff.failed(quickly=True)
    backoff.worked()
    assert backoff.failed() == FIRST_S
    assert backoff.failed(quickly=True) <= 1.0
