"""One measurement for each time that a finger is in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wardgate_drivers.link.stream import FINGER_OUT_FRAMES, NOT_STEADY, Chooser
from wardgate_drivers.measurement import Channel, Measurement, Outcome, Quantity
from wardgate_drivers.model.declaration import Gatt, Model, Stream
from wardgate_drivers.model.nonin import NONIN_3150, NONIN_3230

MARKED = Stream(good=frozenset({"smartpoint"}), doubtful=frozenset({"encrypted"}))
STEADY = Stream(good=frozenset({"validated"}), doubtful=frozenset({"questionable"}), steady_frames=4)


def frame(spo2: float = 97, *status: str, pulse: float = 70) -> Measurement:
    return Measurement(
        channel=Channel.SATURATION,
        outcome=Outcome.DECODE,
        quantities=(Quantity("spo2", spo2, "%"), Quantity("pulse", pulse, "1/min")),
        frame=b"",
        status=status,
    )


NO_FINGER = Measurement(Channel.SATURATION, Outcome.NO_READING, (), b"")
GOOD = frame(96, "smartpoint")


def chosen(stream: Stream, *frames: Measurement) -> list[Measurement]:
    chooser = Chooser(stream)
    return [kept for f in frames if (kept := chooser.choose(f)) is not None]


def test_first_good_frame_is_kept_and_no_other() -> None:
    assert chosen(MARKED, frame(), frame(), GOOD, frame(97, "smartpoint"), frame(98, "smartpoint")) == [GOOD]


def test_doubtful_frame_is_never_kept() -> None:
    assert chosen(MARKED, frame(97, "smartpoint", "encrypted"), GOOD) == [GOOD]


@pytest.mark.parametrize("model", [NONIN_3230, NONIN_3150], ids=lambda m: m.id)
def test_what_a_nonin_shows_while_it_searches_is_never_kept(model: Model) -> None:
    assert isinstance(model.link, Gatt)
    (subscription,) = model.link.subscriptions
    assert subscription.stream is not None
    searching, found = (subscription.decode(bytes.fromhex(f"0a{status}1e01f40007610048")) for status in ("1c", "14"))
    assert searching is not None
    assert found is not None
    assert searching.status == ("smartpoint", "searching", "finger-seated")
    assert chosen(subscription.stream, searching, searching, found) == [found]


def test_finger_out_and_in_is_a_new_measurement() -> None:
    again = frame(93, "smartpoint")
    assert chosen(MARKED, GOOD, *[NO_FINGER] * FINGER_OUT_FRAMES, frame(), again) == [GOOD, again]


def test_a_lost_beat_is_no_new_measurement() -> None:
    assert chosen(MARKED, GOOD, *[NO_FINGER] * (FINGER_OUT_FRAMES - 1), frame(93, "smartpoint")) == [GOOD]


def test_steady_window_does_where_the_device_marks_nothing() -> None:
    last = frame(96, pulse=73)
    assert chosen(STEADY, frame(97), frame(97), frame(96), last, frame(96)) == [last]


def test_window_starts_anew_with_every_jump() -> None:
    assert chosen(STEADY, frame(97), frame(97), frame(97), frame(90), frame(90), frame(90)) == []
    assert chosen(STEADY, frame(97), frame(97), frame(97), frame(97, pulse=90)) == []


def test_window_does_not_reach_over_a_doubtful_or_empty_frame() -> None:
    assert chosen(STEADY, frame(), frame(), frame(), frame(97, "questionable"), frame()) == []
    assert chosen(STEADY, frame(), frame(), frame(), NO_FINGER, frame()) == []


def test_finger_that_was_never_steady_is_told_as_no_reading() -> None:
    restless = [frame(97), frame(92), frame(95)]
    told = replace(restless[-1], outcome=Outcome.NO_READING, status=(NOT_STEADY,))
    assert chosen(STEADY, *restless, *[NO_FINGER] * FINGER_OUT_FRAMES) == [told]


def test_no_finger_at_all_is_told_as_nothing() -> None:
    assert chosen(STEADY, *[NO_FINGER] * 20) == []


def test_end_of_the_session_ends_the_episode() -> None:
    chooser = Chooser(MARKED)
    chooser.choose(frame(91))
    told = chooser.close()
    assert told is not None
    assert (told.outcome, told.value("spo2")) == (Outcome.NO_READING, Quantity("spo2", 91, "%"))
    assert chooser.close() is None
