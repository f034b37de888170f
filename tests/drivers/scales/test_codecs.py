"""Makers' scales, where the byte vectors say nothing."""

from __future__ import annotations

import pytest

from wardgate_drivers.codec import beurer_ffe1, indicator_ascii, medisana, qn_scale, tanita_serial
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import DeviceTime, Outcome

MEDISANA = bytes.fromhex("1dc01c00fe450600007a1300ff030900000000")
QN = bytes.fromhex("100eff0102025801fd01fb0033a7")
NOON = DeviceTime.of(2026, 11, 21, 12, 0, 0)


@pytest.mark.parametrize(("flags", "unit"), [(0x3D, "lb"), (0x5D, "st"), (0x7D, "reserved")])
def test_medisana_in_another_unit_has_no_weight(flags: int, unit: str) -> None:
    told = medisana.decode(bytes([flags]) + MEDISANA[1:])
    assert (told.unit, told.weight_kg, told.outcome) == (unit, None, Outcome.NO_READING)


def test_medisana_nobodys_slot() -> None:
    told = medisana.measurement(MEDISANA[:13] + b"\xff" + MEDISANA[14:])
    assert (told.user_index, told.user_unknown) == (None, True)


def test_medisana_epoch_of_1970() -> None:
    frame = MEDISANA[:5] + round(NOON.civil_s).to_bytes(4, "little") + MEDISANA[9:]
    assert medisana.measurement(frame, medisana.EPOCH_1970_S).device_time == NOON


@pytest.mark.parametrize(
    ("raw", "outcome"), [(0, "no-reading"), (49, "implausible"), (50, "decode"), (65001, "implausible")]
)
def test_medisana_bounds(raw: int, outcome: str) -> None:
    assert medisana.decode(MEDISANA[:1] + raw.to_bytes(2, "little") + MEDISANA[3:]).outcome == outcome


def test_medisana_clock_as_it_was_captured() -> None:
    assert medisana.set_clock(DeviceTime(medisana.EPOCH_2010_S + 0x0DF67B7B)).hex() == "027b7bf60d"
    with pytest.raises(ValueError, match="does not fit"):
        medisana.set_clock(DeviceTime(0.0))


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", Reason.TRUNCATED),
        (QN[:10], Reason.TRUNCATED),
        (bytes.fromhex("100a0203e801020304a1"), Reason.BAD_LENGTH),
        (QN + b"\0", Reason.BAD_LENGTH),
        (b"\x14\x02", Reason.BAD_LENGTH),
        (QN[:-1] + b"\xa8", Reason.BAD_CHECKSUM),
    ],
)
def test_qn_refusals(frame: bytes, reason: Reason) -> None:
    with pytest.raises(FrameError) as caught:
        qn_scale.decode(frame, 100)
    assert caught.value.reason is reason


def test_qn_stable_zero_and_too_much() -> None:
    def stable(raw: int) -> bytes:
        frame = QN[:5] + raw.to_bytes(2, "big") + QN[7:-1]
        return frame + bytes([sum(frame) & 0xFF])

    outcomes = [
        d.outcome for raw in (0, 65001) if isinstance(d := qn_scale.decode(stable(raw), 100), qn_scale.Weighing)
    ]
    assert outcomes == [Outcome.NO_READING, Outcome.IMPLAUSIBLE]


def test_qn_unit_command_has_a_true_sum() -> None:
    command = qn_scale.set_unit_kg()
    assert sum(command[:-1]) & 0xFF == command[-1]
    assert qn_scale.set_clock(DeviceTime.of(2000, 1, 2, 0, 0, 1)).hex() == "0281510100"


def test_no_divisor_is_made_up() -> None:
    with pytest.raises(ValueError, match="divided by 0"):
        qn_scale.decode(QN, 0)


def tanita(body: str) -> bytes:
    text = f"{{0,16,{body},"
    return f"{text}CS,{sum(text.encode()) & 0xFF:02x}\r\n".encode()


@pytest.mark.parametrize(
    ("body", "weight", "unit"),
    [
        ('MO,"SC-240",Wp,182.4', 182.4, "lb"),
        ("Ws,10.05.4", 145.4, "lb"),
        ("Ws,0.13.9", 13.9, "lb"),
        ("Ws,11.13", 167.0, "lb"),
        ("Wk,70.0,Wp,154.3", 70.0, "kg"),
    ],
)
def test_tanita_units(body: str, weight: float, unit: str) -> None:
    told = tanita_serial.measurement(tanita(body))
    assert told.outcome is Outcome.DECODE
    assert [(q.value, q.unit) for q in told.quantities] == [(weight, unit)]


@pytest.mark.parametrize("body", ["Ws,10.14.0", "Ws,10", "Wk,nan", "Wk,-70.0", "Wk,1e3", "Hm,170\x1f,Wk,70.0"])
def test_tanita_what_is_no_weight_is_refused(body: str) -> None:
    with pytest.raises(FrameError) as caught:
        tanita_serial.decode(tanita(body))
    assert caught.value.reason is Reason.BAD_VALUE


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("FW,18.6", "no-reading"),
        ("Wk,0.0", "no-reading"),
        ("Wk,", "no-reading"),
        ("Ws,", "no-reading"),
        ("Wk,700.0", "implausible"),
    ],
)
def test_tanita_outcomes(body: str, outcome: str) -> None:
    assert tanita_serial.measurement(tanita(body)).outcome == outcome


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", Reason.TRUNCATED),
        (b"{0,1", Reason.TRUNCATED),
        (tanita("Wk,70.0")[:-2], Reason.TRUNCATED),
        (b"{0,17,Wk,70.0,CS,00\r\n", Reason.BAD_HEADER),
        (tanita("Wk,70.0") * 2, Reason.BAD_HEADER),
    ],
)
def test_tanita_refusals(line: bytes, reason: Reason) -> None:
    with pytest.raises(FrameError) as caught:
        tanita_serial.decode(line)
    assert caught.value.reason is reason


def test_tanita_height_in_metres() -> None:
    told = tanita_serial.measurement(tanita("Hm,170,Wk,82.7,FW,18.6,MI,28.6,ZF,369.4"))
    assert [(q.name, q.value, q.unit) for q in told.quantities] == [
        ("weight", 82.7, "kg"),
        ("bmi", 28.6, "kg/m2"),
        ("height", 1.7, "m"),
        ("fat", 18.6, "%"),
        ("impedance", 369.4, "ohm"),
    ]


@pytest.mark.parametrize(
    ("line", "weight", "unit"),
    [
        (b"ST,GS,+  79.4 KG\r\n", 79.4, "kg"),
        (b"ST , NT , 79.4kg \r\n", 79.4, "kg"),
        (b"ST,GS+175.0LB\r\n", 175.0, "lb"),
        (b"ST,NT,+00080.kg\r\n", 80.0, "kg"),
    ],
)
def test_indicator_variants(line: bytes, weight: float, unit: str) -> None:
    told = indicator_ascii.measurement(line)
    assert told.outcome is Outcome.DECODE
    assert [(q.value, q.unit) for q in told.quantities] == [(weight, unit)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", Reason.TRUNCATED),
        (b"ST,GS,+ 79.40kg", Reason.BAD_HEADER),
        (b"ST,XX,+ 79.40kg\r\n", Reason.BAD_HEADER),
        (b"ST,GS,+ 7 9.40kg\r\n", Reason.BAD_HEADER),
        (b"ST,GS,+ 79.40\xffkg\r\n", Reason.BAD_HEADER),
        (b"ST,GS,+ 79.40g\r\n", Reason.BAD_VALUE),
        (b"ST,GS,+      kg\r\n", Reason.BAD_VALUE),
    ],
)
def test_indicator_refusals(line: bytes, reason: Reason) -> None:
    with pytest.raises(FrameError) as caught:
        indicator_ascii.decode(line)
    assert caught.value.reason is reason


def test_indicator_tare_is_nobodys_weight() -> None:
    told = indicator_ascii.measurement(b"ST,TR,+ 12.00kg\r\n")
    assert (told.outcome, told.quantities) == (Outcome.NO_READING, ())


RECORD = bytes.fromhex("6a203540063801fe00f5022601900032")


def test_beurer_record() -> None:
    told = beurer_ffe1.measurement(RECORD, 2)
    assert (told.outcome, told.user_index, told.user_unknown) == (Outcome.DECODE, 2, False)
    assert [(q.name, q.value, q.unit) for q in told.quantities] == [("weight", 79.6, "kg"), ("impedance", 510, "ohm")]
    assert told.device_time == DeviceTime(0x6A203540)


def test_beurer_record_of_a_user_whom_the_list_did_not_name() -> None:
    told = beurer_ffe1.measurement(RECORD, None)
    assert (told.user_index, told.user_unknown) == (None, True)


def test_beurer_cut_record_is_refused() -> None:
    with pytest.raises(FrameError) as caught:
        beurer_ffe1.measurement(RECORD[:7], 1)
    assert caught.value.reason is Reason.TRUNCATED


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("", Reason.BAD_LENGTH),
        ("e758", Reason.BAD_LENGTH),
        ("e75901085e", Reason.BAD_VALUE),
        ("f758", Reason.BAD_HEADER),
    ],
)
def test_beurer_live_refusals(frame: str, reason: Reason) -> None:
    with pytest.raises(FrameError) as caught:
        beurer_ffe1.decode_live(bytes.fromhex(frame))
    assert caught.value.reason is reason


@pytest.mark.parametrize("frame", ["e7420200aa", "e7420203aa"])
def test_beurer_part_that_cannot_be(frame: str) -> None:
    with pytest.raises(FrameError) as caught:
        beurer_ffe1.decode_part(bytes.fromhex(frame))
    assert caught.value.reason is Reason.BAD_VALUE
