"""Encoder and decoder of the oximeter makers' frames, written apart from each other from the same layouts, agree."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardgate_drivers import vectors
from wardgate_drivers.codec import (
    bci,
    choicemmed,
    contec_ble,
    contec_v7,
    jumper,
    nonin_blocks,
    nonin_df1,
    nonin_df8,
    nonin_text,
    pc60,
    po60,
    viatom_info,
    viatom_night,
    viatom_oxy,
)
from wardgate_drivers.measurement import DeviceTime
from wardgate_sim.encode import nonin, oximeters, viatom_nights
from wardgate_sim.encode.civil import Civil

VECTORS = Path(__file__).parents[2] / "vectors"
TIMES = st.integers(Civil(2000, 1, 2, 0, 0, 0).civil_s, Civil(2120, 1, 1, 0, 0, 0).civil_s).map(Civil.from_s)
SPO2 = st.none() | st.integers(0, 100)
PULSE = st.none() | st.integers(0, 254)
TENTHS = st.integers(0, 255).map(lambda tenths: tenths / 10)


def vector(name: str) -> dict[str, Any]:
    files = sorted(VECTORS.glob("*.json"))
    found = [v for file in files for v in json.loads(file.read_text(encoding="utf-8"))["vectors"] if v["id"] == name]
    return dict(found[0])


@given(SPO2, PULSE, st.booleans(), st.booleans(), st.integers(0, 127))
def test_bci(spo2: int | None, pulse: int | None, searching: bool, no_finger: bool, waveform: int) -> None:
    frame = oximeters.bci_packet(spo2, pulse, waveform=waveform, searching=searching, no_finger=no_finger)
    told = bci.decode(frame, bci.Variant.BERRY)
    assert (told.spo2, told.pulse, told.searching, told.no_probe) == (spo2, pulse, searching, no_finger)
    assert told.waveform == waveform


@given(SPO2, PULSE, st.booleans(), st.booleans(), st.none() | st.integers(0, 0xFFFE))
def test_contec_v7(
    spo2: int | None, pulse: int | None, searching: bool, probe_error: bool, perfusion: int | None
) -> None:
    frame = oximeters.contec_v7_realtime(spo2, pulse, searching=searching, probe_error=probe_error, perfusion=perfusion)
    told = contec_v7.decode(frame)
    assert isinstance(told, contec_v7.Realtime)
    assert (told.spo2, told.pulse, told.searching, told.probe_error) == (spo2, pulse, searching, probe_error)
    assert told.perfusion_raw == perfusion


@given(st.lists(st.tuples(st.integers(1, 100), st.integers(1, 254)), max_size=3))
def test_contec_v7_stored(points: list[tuple[int, int]]) -> None:
    data = b"".join(map(bytes, points)).ljust(6, b"\0")
    assert contec_v7.decode(oximeters.contec_v7(0x0F, data)) == contec_v7.Stored(tuple(points))


@given(st.integers(0, 100), st.integers(0, 127))
def test_contec_ble(spo2: int, pulse: int) -> None:
    assert contec_ble.decode(oximeters.contec_ble_values(spo2, pulse)) == contec_ble.Values(pulse, spo2)
    assert contec_ble.decode(oximeters.contec_ble_waveform(pulse)) == contec_ble.Waveform()


@given(st.integers(0, 15), st.booleans(), TIMES, st.integers(0, 120_000), st.integers(0, 100), st.integers(0, 255))
def test_po60_record(number: int, last: bool, start: Civil, seconds: int, spo2: int, pulse: int) -> None:
    end = Civil.from_s(start.civil_s + seconds)
    told = po60.decode(oximeters.po60_record(number, last, start, end, spo2, pulse))
    assert isinstance(told, po60.Record)
    assert (told.number, told.last, told.period_s) == (number, last, seconds + 1)
    assert (str(told.start), str(told.end)) == (str(start), str(end))
    assert {told.spo2_max, told.spo2_min, told.spo2_avg} == {spo2}
    assert {told.pulse_max, told.pulse_min, told.pulse_avg} == {pulse}


@given(TIMES, st.integers(0, 999), st.integers(0, 16383))
def test_po60_answers(at: Civil, milliseconds: int, total: int) -> None:
    time = DeviceTime(at.civil_s)
    assert po60.decode(oximeters.po60_time(0xF9, at, milliseconds)) == po60.Time(0xF9, time, milliseconds)
    assert po60.decode(oximeters.po60_storage(5, total)) == po60.Storage(5, total, total)
    assert po60.set_time(time) == oximeters.po60_time(0x83, at)


@given(st.integers(0, 100), st.integers(0, 300), TENTHS)
def test_pc60(spo2: int, pulse: int, perfusion: float) -> None:
    assert pc60.decode(oximeters.pc60_values(spo2, pulse, perfusion)) == pc60.Values(spo2, pulse, perfusion)


@given(st.integers(0, 100), st.integers(0, 255), st.integers(0, 100), TENTHS, st.booleans())
def test_viatom(spo2: int, pulse: int, battery: int, perfusion: float, worn: bool) -> None:
    data = oximeters.viatom_live(spo2, pulse, battery=battery, perfusion_pct=perfusion, worn=worn)
    told = viatom_oxy.decode(oximeters.viatom_reply(data), viatom_oxy.READ_VALUES)
    assert isinstance(told, viatom_oxy.Reply)
    assert told.live == viatom_oxy.Live(spo2, pulse, battery, 0, perfusion, worn, movement=0)
    assert oximeters.is_viatom_request(viatom_oxy.request(viatom_oxy.READ_VALUES))


@given(
    TIMES,
    st.lists(st.none() | st.tuples(st.integers(1, 100), st.integers(0, 254)), max_size=20),
    st.sampled_from([2, 4]),
)
def test_viatom_night(start: Civil, samples: list[tuple[int, int] | None], step_s: int) -> None:
    night = viatom_night.decode(viatom_nights.recording(start, samples, step_s))
    assert (night.start, night.duration_s) == (DeviceTime(start.civil_s), step_s * len(samples))
    assert not samples or night.step_s == step_s
    assert [(s.spo2, s.pulse) for s in night.samples] == [sample or (None, None) for sample in samples]


@given(TIMES, st.lists(TIMES, max_size=4))
def test_viatom_info(now: Civil, starts: list[Civil]) -> None:
    names = [viatom_nights.name(start) for start in starts]
    told = viatom_info.decode(viatom_nights.info(now, "2106", 80, names))
    assert told == viatom_info.Info(DeviceTime(now.civil_s), tuple(names), "2106")


@given(SPO2, st.none() | st.integers(0, 254), TENTHS)
def test_jumper(spo2: int | None, pulse: int | None, perfusion: float) -> None:
    assert jumper.decode(oximeters.jumper_values(spo2, pulse, perfusion)) == jumper.Values(pulse, spo2, perfusion)


@given(st.integers(0, 100), st.integers(0, 255), st.integers(0, 60), TENTHS)
def test_choicemmed(spo2: int, pulse: int, breathing: int, perfusion: float) -> None:
    told = choicemmed.decode(oximeters.choicemmed_values(spo2, pulse, breathing, perfusion))
    assert told == choicemmed.Values(spo2, pulse, breathing, perfusion)


@given(SPO2, st.none() | st.integers(0, 510), st.booleans())
def test_nonin(spo2: int | None, pulse: int | None, sensor_alarm: bool) -> None:
    frame = nonin_df8.decode(nonin.format_8(spo2, pulse, sensor_alarm=sensor_alarm))
    assert (frame.spo2, frame.pulse, "sensor-alarm" in frame.status) == (spo2, pulse, sensor_alarm)
    seconds = nonin_df1.decode(nonin.format_1(spo2, pulse, sensor_disconnected=sensor_alarm))
    assert (seconds.spo2, seconds.pulse, bool(seconds.status)) == (spo2, pulse, sensor_alarm)
    for encode in (nonin.format_2, nonin.format_7):
        block = nonin_blocks.decode(encode(spo2, pulse, sensor_alarm=sensor_alarm))
        assert (block.spo2, block.spo2_display, block.spo2_extended) == (spo2, spo2, spo2)
        assert {block.pulse, block.pulse_display, block.pulse_extended, block.pulse_extended_display} == {pulse}
        assert bool(block.alarms) is sensor_alarm
    line = nonin_text.decode(nonin.text_line(spo2, pulse, "*"))
    assert (line.spo2, line.pulse, line.event_mark) == (spo2, pulse, True)


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("bci-b-1", oximeters.bci_packet(98, 75, waveform=45, bar=6)),
        ("po60-record-doc", oximeters.po60_record),
        ("jp-1", oximeters.jumper_values(98, 72, 3.0)),
        ("cm-1", oximeters.choicemmed_values(97, 72, 16, 3.0)),
        ("pc60-1", oximeters.pc60_values(98, 57, 6.8)),
        ("o2-not-worn", oximeters.viatom_reply(bytes.fromhex("00000000000000004f0000000000")[1:])),
        ("cbt-values", oximeters.contec_ble_values(99, 83)),
        ("n8-1", nonin.format_8(98, 57, smartpoint=True)),
        ("n1-128", nonin.format_1(96, 128)),
        ("na-none", nonin.text_line(None, None)),
    ],
)
def test_vectors_come_out_of_the_encoders(name: str, frame: bytes | Callable[..., bytes]) -> None:
    known = vector(name)
    wanted = bytes.fromhex(known.get("hex") or "") or known.get("ascii", "").encode("ascii")
    if callable(frame):
        start, end = Civil(2015, 11, 6, 13, 20, 37), Civil(2015, 11, 6, 13, 20, 58)
        frame = frame(0, False, start, end, 96, 110)
        assert vectors.decode("beurer.po60", frame, {}).fields | {"pulse_max": 111} == known["expect"]["fields"]
    else:
        assert frame == wanted
