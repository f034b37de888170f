"""The CMS50D-BT's frames, however its notifications are cut."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.drivers.cuffs.listener import talk
from wardgate_drivers.measurement import Outcome
from wardgate_drivers.protocol import contec
from wardgate_sim.encode import oximeters

SECOND = oximeters.contec_ble_waveform(0x48) * 3 + oximeters.contec_ble_values(96, 72) + b"\xea\x07"
"""Ends with something that nobody understands."""
STREAM = SECOND * 20


@given(cuts=st.lists(st.integers(1, 60), min_size=1, max_size=20))
@settings(max_examples=40)
def test_any_cutting_gives_the_same_measurement(cuts: list[int]) -> None:
    pieces: list[bytes] = []
    at = 0
    while at < len(STREAM):
        size = cuts[len(pieces) % len(cuts)]
        pieces.append(STREAM[at : at + size])
        at += size
    heard = talk(contec.converse, pieces).ear.measurements
    assert [m.outcome for m in heard] == [Outcome.DECODE]
    assert {q.name: q.value for q in heard[0].quantities} == {"spo2": 96.0, "pulse": 72.0}
