"""Encoder and decoder of makers' scales, written apart from each other from the same layouts, agree."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardgate_drivers.codec import beurer_ffe1 as beurer_codec
from wardgate_drivers.codec import indicator_ascii, tanita_serial
from wardgate_drivers.codec import medisana as medisana_codec
from wardgate_drivers.codec import qn_scale as qn_codec
from wardgate_drivers.measurement import DeviceTime, Measurement
from wardgate_sim.encode import beurer_ffe1, medisana, qn_scale, text_scales
from wardgate_sim.encode.civil import Civil

VECTORS = Path(__file__).parents[2] / "vectors"
TIMES = st.integers(Civil(2011, 1, 1, 0, 0, 0).civil_s, Civil(2090, 1, 1, 0, 0, 0).civil_s).map(Civil.from_s)
HUNDREDTHS = st.integers(50, 65_000)
TWENTIETHS = st.integers(10, 13_000)
USERS = st.integers(1, 8)


def weight(told: Measurement) -> float:
    quantity = told.value("weight")
    assert quantity is not None
    return quantity.value


def vector(name: str) -> dict[str, Any]:
    files = sorted(VECTORS.glob("*.json"))
    found = [v for file in files for v in json.loads(file.read_text(encoding="utf-8"))["vectors"] if v["id"] == name]
    return dict(found[0])


@given(HUNDREDTHS, TIMES, USERS, st.sampled_from([medisana.EPOCH_2010_S, medisana.EPOCH_1970_S]))
def test_medisana_weight(hundredths: int, at: Civil, user: int, epoch_s: int) -> None:
    frame = medisana.weight(hundredths / 100, at, user=user, epoch_s=epoch_s)
    told = medisana_codec.measurement(frame, epoch_s)
    assert weight(told) == pytest.approx(hundredths / 100)
    assert (told.device_time, told.user_index) == (DeviceTime(at.civil_s), user)


@given(TIMES, USERS, st.integers(0, 0xFFFF), *[st.integers(0, 999)] * 4)
def test_medisana_body(at: Civil, user: int, kcal: int, fat: int, water: int, muscle: int, bone: int) -> None:
    shares: dict[str, Any] = {
        "fat_pct": fat / 10,
        "water_pct": water / 10,
        "muscle_pct": muscle / 10,
        "bone_kg": bone / 10,
    }
    told = medisana_codec.decode_body(medisana.body(at, user=user, kcal=kcal, **shares))
    assert {name: getattr(told, name) for name in shares} == pytest.approx(shares)
    assert (told.time, told.user, told.energy_kcal) == (DeviceTime(at.civil_s), user, kcal)


@given(TIMES)
def test_clocks_that_hosts_write(at: Civil) -> None:
    now = DeviceTime(at.civil_s)
    assert medisana.read_clock(medisana_codec.set_clock(now), medisana.EPOCH_2010_S) == at
    assert beurer_ffe1.read_clock(beurer_codec.set_clock(now)) == at
    assert qn_scale.is_unit(qn_codec.set_unit_kg())


@given(HUNDREDTHS, st.sampled_from([10, 100]), st.sampled_from(qn_scale.State), st.integers(1, 0xFFFF))
def test_qn(hundredths: int, divisor: int, state: qn_scale.State, ohm: int) -> None:
    kg = hundredths / 100 if divisor == 100 else round(hundredths / 100, 1)
    frame = qn_scale.weight(kg, state, divisor=divisor, resistances_ohm=(ohm, 0))
    told = qn_codec.decode(frame, divisor)
    assert isinstance(told, qn_codec.Weighing)
    assert (told.state, told.resistance_1_ohm, told.resistance_2_ohm) == (state.name.lower(), ohm, 0)
    assert told.weight_kg == pytest.approx(kg)
    assert qn_codec.decode(qn_scale.info(divisor=divisor), 10) == qn_codec.Info(divisor)


@given(TWENTIETHS, TIMES, st.integers(1, 8))
def test_beurer_record(twentieths: int, at: Civil, user: int) -> None:
    whole = beurer_ffe1.record(twentieths / 20, at, impedance_ohm=510, fat_pct=24.5)
    parts = [beurer_codec.decode_part(frame) for frame in beurer_ffe1.stored_parts([whole])]
    told = beurer_codec.measurement(b"".join(part.data for part in parts), user)
    assert weight(told) == pytest.approx(twentieths / 20)
    assert (told.device_time, told.user_index) == (DeviceTime(at.civil_s), user)


@given(st.binary(min_size=8, max_size=8), TIMES)
def test_beurer_finished_record_names_its_user(uid: bytes, at: Civil) -> None:
    whole = beurer_ffe1.record(80.0, at, impedance_ohm=510, fat_pct=24.5)
    first, *rest = [beurer_codec.decode_part(frame) for frame in beurer_ffe1.finished_parts(uid, whole)]
    assert beurer_codec.user_of_finished(first) == uid
    assert b"".join(part.data for part in rest) == whole
    listed = beurer_codec.decode_part(beurer_ffe1.user(1, 2, uid, "MAX", 1950))
    assert (beurer_codec.user_of_list(listed), listed.count, listed.number) == (uid, 2, 1)


@given(TWENTIETHS, st.booleans())
def test_beurer_live_weight_is_acknowledged(twentieths: int, moving: bool) -> None:
    frame = beurer_ffe1.live_weight(twentieths / 20, moving=moving)
    told = beurer_codec.decode_live(frame)
    assert told.weight_kg == pytest.approx(twentieths / 20)
    assert told.on_scale is moving
    assert beurer_ffe1.acknowledges(told.ack, frame)


@given(st.integers(5, 6500), st.booleans())
def test_tanita(tenths: int, stones: bool) -> None:
    told = tanita_serial.decode(text_scales.tanita(tenths / 10, stones=stones))
    assert told.weight is not None
    assert told.unit == ("lb" if stones else "kg")
    kg = told.weight * 0.45359237 if stones else told.weight
    assert kg == pytest.approx(tenths / 10, abs=0.025)


@given(
    st.integers(-5_000, 65_000),
    st.sampled_from(text_scales.State),
    st.sampled_from(["GS", "NT", "TR"]),
    st.sampled_from(["kg", "KG", "lb"]),
    st.booleans(),
)
def test_indicator(hundredths: int, state: text_scales.State, basis: str, unit: str, terse: bool) -> None:
    line = text_scales.indicator(state, hundredths / 100, basis=basis, unit=unit, terse=terse)
    told = indicator_ascii.decode(line)
    assert told.state == state.name.lower()
    if state is text_scales.State.OVERLOAD:
        assert (told.weight, told.unit) == (None, None)
    else:
        assert told.weight == pytest.approx(hundredths / 100)
        assert told.unit == unit.lower()
    assert (told.outcome == "decode") is (state is text_scales.State.STABLE and hundredths >= 50 * _lb(unit))


def _lb(unit: str) -> float:
    return 1 if unit.lower() == "kg" else 1 / 0.45359237


def civil(text: str) -> Civil:
    return Civil(*datetime.fromisoformat(text).timetuple()[:6])


@pytest.mark.parametrize("name", ["ffe1-107", "ffe1-bogus"])
def test_live_frame_as_it_was_captured(name: str) -> None:
    captured = vector(name)
    fields = captured["expect"]["fields"]
    assert beurer_ffe1.live_weight(fields["weight"], moving=fields["on_scale"]).hex() == captured["hex"]


@pytest.mark.parametrize("name", ["qn-measuring", "qn-settling"])
def test_qn_frame_as_it_was_worked_out(name: str) -> None:
    known = vector(name)
    fields = known["expect"]["fields"]
    ohms = (fields["resistance_1"], fields["resistance_2"])
    state = qn_scale.State[fields["state"].upper()]
    assert qn_scale.weight(fields["weight"], state, divisor=100, resistances_ohm=ohms).hex() == known["hex"]


@pytest.mark.parametrize("name", ["med-b-1", "med-b-3"])
def test_medisana_body_as_it_was_captured(name: str) -> None:
    captured = vector(name)
    f = captured["expect"]["fields"]
    made = medisana.body(
        civil(f["timestamp"]),
        user=f["user_id"],
        kcal=f["kcal"],
        fat_pct=f["body_fat_pct"],
        water_pct=f["water_pct"],
        muscle_pct=f["muscle_pct"],
        bone_kg=f["bone_mass_kg"],
    )
    assert made.hex() == captured["hex"]


@pytest.mark.parametrize("name", ["tan-weight"])
def test_tanita_line_of_the_manual(name: str) -> None:
    known = vector(name)
    assert text_scales.tanita(known["expect"]["fields"]["weight"]).decode() == known["ascii"]
