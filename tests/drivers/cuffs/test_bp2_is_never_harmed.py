"""No byte that inflates a cuff, resets it or erases it can leave for a BP2."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.drivers.cuffs.listener import talk
from wardgate_drivers.codec import viatom_lepu
from wardgate_drivers.model.catalogue import all_models
from wardgate_drivers.model.declaration import ClockPolicy, Gatt, History
from wardgate_drivers.model.viatom_cuff import BP2
from wardgate_drivers.protocol import viatom_bp2
from wardgate_sim.encode import lepu
from wardgate_sim.encode.civil import Civil

HARMFUL: Final = frozenset({0x09, 0x0A, 0x24, 0x25, 0x39, 0x04, 0xE2, 0xE3})
"""As the device's users found out, the hard way."""
HARMLESS: Final = frozenset({0x00, 0xE1, 0xEC, 0xF2, 0xF3, 0xF4})


def told(frames: list[bytes]) -> list[bytes]:
    """What a device that says this is told."""
    listener = talk(viatom_bp2.converse, frames)
    assert listener.listened == [viatom_bp2.REPLIES]
    assert {characteristic for characteristic, _ in listener.written} <= {viatom_bp2.COMMANDS}
    return [value for _, value in listener.written]


@st.composite
def replies(draw: st.DrawFn) -> bytes:
    """Sound frames, of harmful commands too, with any data; broken ones; noise."""
    command = draw(st.sampled_from(sorted(HARMLESS | HARMFUL)) | st.integers(0, 255))
    frame = lepu.frame(command, draw(st.integers(0, 255)), draw(st.binary(max_size=60)), reply=draw(st.booleans()))
    return draw(st.sampled_from([frame, frame[: draw(st.integers(0, len(frame)))], draw(st.binary(max_size=20))]))


@given(st.lists(replies(), max_size=30))
def test_whatever_it_says(frames: list[bytes]) -> None:
    for value in told(frames):
        command, _, _ = lepu.read_request(value)
        assert command in HARMLESS
        assert command not in HARMFUL


@given(st.lists(st.binary(max_size=80), min_size=4, max_size=12), st.integers(0, 40), st.integers(0, 1 << 32))
def test_through_the_whole_talk(chunks: list[bytes], state: int, size: int) -> None:
    """A device that answers every step, with any state, size and data."""
    steps = [
        lepu.frame(0x00, 1, lepu.state(state)),
        lepu.frame(0xE1, 2, chunks[0]),
        lepu.frame(0xF2, 3, size.to_bytes(5, "little")),
        *(lepu.frame(0xF3, 4, chunk) for chunk in chunks[1:]),
        lepu.frame(0xF4, 5),
        lepu.frame(0xEC, 6),
    ]
    assert {lepu.read_request(value)[0] for value in told(steps)} <= HARMLESS


def test_the_whole_talk_says_each_command_once() -> None:
    record = lepu.record(
        {"systolic": 135, "diastolic": 82, "mean": 100, "pulse": 72}, Civil(2026, 11, 21, 12, 0, 0), user=1
    )
    file = lepu.results_file([record])
    steps = [
        lepu.frame(0x00, 1, lepu.state(lepu.RESULT)),
        lepu.frame(0xE1, 2, lepu.info(Civil(2026, 11, 21, 12, 0, 0), "2523C00812")),
        lepu.frame(0xF2, 3, len(file).to_bytes(4, "little")),
        lepu.frame(0xF3, 4, file),
        lepu.frame(0xF4, 5),
        lepu.frame(0xEC, 6),
    ]
    assert [value[1] for value in told(steps)] == [0x00, 0xE1, 0xF2, 0xF3, 0xF4, 0xEC]


@pytest.mark.parametrize("command", sorted(set(range(256)) - HARMLESS))
def test_no_frame_of_any_other_command_can_be_made(command: int) -> None:
    with pytest.raises(viatom_lepu.ForbiddenCommandError):
        viatom_lepu.encode(command, 1)


def test_what_is_allowed_is_what_was_tried_and_found_harmless() -> None:
    assert viatom_lepu.ALLOWED == HARMLESS
    assert viatom_lepu.FORBIDDEN == HARMFUL
    assert not viatom_lepu.ALLOWED & viatom_lepu.FORBIDDEN


def test_nothing_but_the_talk_writes_to_it() -> None:
    """A session writes for its own sake only what the declaration says: this one says nothing of the kind."""
    link = BP2.link
    assert isinstance(link, Gatt)
    assert link.converse is viatom_bp2.converse
    assert (link.subscriptions, link.prepare, link.on_measurement, link.command_characteristic) == (
        (),
        None,
        None,
        None,
    )
    assert BP2.clock is ClockPolicy.NONE
    assert BP2.history is not History.RACP


def test_no_other_model_is_taken_for_it() -> None:
    assert [m.id for m in all_models() if set(m.match.name_prefixes) & set(BP2.match.name_prefixes)] in ([], [BP2.id])
