"""The makers' cuffs' encoders: against frames that came from devices, and against the hub's decoders."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wardgate_drivers.codec import microlife as microlife_codec
from wardgate_drivers.codec import omron as omron_codec
from wardgate_drivers.codec import viatom_lepu as lepu_codec
from wardgate_drivers.codec import yonker as yonker_codec
from wardgate_drivers.measurement import DeviceTime
from wardgate_sim.encode import lepu, microlife, omron, yonker
from wardgate_sim.encode.civil import Civil

SOME_TIME = st.integers(946_684_800, 2_966_371_199).map(Civil.from_s)
"""2000 to 2063, as six bits of a year allow."""
PRESSURES = st.fixed_dictionaries(
    {"systolic": st.integers(26, 250), "diastolic": st.integers(1, 250), "pulse": st.integers(1, 250)}
)
NAMES = ("systolic", "diastolic", "pulse")


def test_omron_frames_as_captured() -> None:
    assert omron.frame(omron.OPEN, 0, 0x10).hex() == "0800000000100018"
    assert omron.frame(omron.OPEN | omron.ANSWER, 0, 0x10).hex() == "0880000000100098"
    assert omron.frame(omron.CLOSE, 0, 0).hex() == "080f000000000007"


def test_omron_records_as_captured() -> None:
    little = omron.record_le(
        {"systolic": 126, "diastolic": 88, "pulse": 84}, Civil(2026, 6, 17, 19, 35, 30), cuff_bit=1, record_id=186
    )
    assert little.hex() == "6558541a331ade18" + "00000000" + "ba00"
    big = omron.record_be({"systolic": 145, "diastolic": 91, "pulse": 72}, Civil(2026, 6, 14, 23, 45, 2))
    assert big[:6].hex() == "5b781a4819d7"
    assert int.from_bytes(big[6:8], "big") == 0x1B42 & 0x0FFF, "four bits of the captured one are not known"


def test_omron_clocks_as_captured() -> None:
    head = bytes.fromhex("c6a4010000000000")
    assert omron.clock(Civil(2026, 7, 15, 17, 59, 19), head=head).hex() == "c6a40100000000001a070f113b13fa00"
    short = omron.short_clock(Civil(2026, 6, 15, 18, 20, 19), head=b"\xa0\xc0", filler=0x37)
    assert short.hex() == "a0c0061a120f131437c8"
    assert omron.read_short_clock(short) == Civil(2026, 6, 15, 18, 20, 19)


def test_microlife_frames_as_documented() -> None:
    assert microlife.frame(microlife.FROM_DEVICE, microlife.ACK).hex() == "4d3a0002810a"
    assert microlife.frame(microlife.TO_DEVICE, bytes([microlife.DISCONNECT])).hex() == "4dff00020452"


def test_yonker_result_as_captured() -> None:
    result = yonker.result({"systolic": 131, "diastolic": 103, "pulse": 81}, Civil(2024, 11, 25, 19, 18, 0))
    assert result.hex() == "818367510000190b18131200000000"


def test_viatom_frames_as_captured() -> None:
    assert lepu.frame(lepu.INFO, 2, reply=False).hex() == "a5e11e00020000bf"
    data = bytes.fromhex("10db11006ac21100d4190000c80040053a68cd036d67c800010100d7530300140000000000000003")
    assert lepu.frame(lepu.STATE, 3, data).hex() == "a500ff01032800" + data.hex() + "a7"


def test_viatom_file_as_documented() -> None:
    values = {"systolic": 128, "diastolic": 82, "mean": 97, "pulse": 66}
    file = lepu.results_file([lepu.record(values, Civil(2026, 1, 1, 0, 0, 0), user=1)])
    assert file.hex() == (
        "0000000000000000000000b95569010000000000000000800052006100420000000000000000000000000000000000"
    )


@given(PRESSURES, SOME_TIME, st.booleans(), st.booleans(), st.integers(0, 1), st.integers(0, 0xFFFF))
def test_omron_records(
    values: dict[str, int], at: Civil, movement: bool, irregular: bool, cuff_bit: int, record_id: int
) -> None:
    both = (
        omron_codec.decode_record_le(
            omron.record_le(values, at, movement=movement, irregular=irregular, cuff_bit=cuff_bit, record_id=record_id)
        ),
        omron_codec.decode_record_be(omron.record_be(values, at, movement=movement, irregular=irregular)),
    )
    for record in both:
        assert record is not None
        assert [record.systolic_mmhg, record.diastolic_mmhg, record.pulse] == [values[n] for n in NAMES]
        assert record.time == DeviceTime(at.civil_s)
        assert (record.body_movement, record.irregular_pulse) == (movement, irregular)
    little = both[0]
    assert little is not None
    assert (little.cuff_bit, little.record_id) == (cuff_bit, record_id)


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 255), st.binary(max_size=56))
def test_omron_frames(type_: int, address: int, size: int, data: bytes) -> None:
    told = omron_codec.decode_frame(omron.frame(type_, address, size, data))
    assert (told.type, told.address, told.size, told.data[:-1]) == (type_, address, size, data)
    assert omron_codec.encode_frame(type_, address, size, data) == omron.frame(type_, address, size, data)


@given(SOME_TIME, st.binary(min_size=8, max_size=8))
def test_omron_clocks(at: Civil, head: bytes) -> None:
    assert omron_codec.decode_clock(omron.clock(at, head=head)) == DeviceTime(at.civil_s)
    assert omron.read_clock(omron_codec.encode_clock(head + bytes(8), DeviceTime(at.civil_s))) == at
    assert omron_codec.decode_short_clock(omron.short_clock(at, head=head[:2])) == DeviceTime(at.civil_s)
    written = omron_codec.encode_short_clock(head[:2] + bytes(8), DeviceTime(at.civil_s))
    assert omron.read_short_clock(written) == at


@given(st.lists(st.tuples(PRESSURES, SOME_TIME), max_size=20))
def test_microlife_memory(taken: list[tuple[dict[str, int], Civil]]) -> None:
    payload = microlife.memory(microlife.record(values, at) for values, at in taken)
    told = microlife_codec.decode(microlife.frame(microlife.FROM_DEVICE, payload))
    assert isinstance(told, microlife_codec.Memory)
    assert [(r.systolic_mmhg, r.diastolic_mmhg, r.pulse) for r in told.records] == [
        tuple(values[n] for n in NAMES) for values, _ in taken
    ]
    assert [r.time.civil_s for r in told.records] == [at.civil_s - at.second for _, at in taken]


@given(SOME_TIME)
def test_microlife_time(at: Civil) -> None:
    sent = microlife_codec.set_time(DeviceTime(at.civil_s))
    assert microlife.read_time(sent[4:-1]) == at
    assert microlife_codec.decode(sent) == microlife_codec.Command(0x0D, DeviceTime(at.civil_s))


@given(PRESSURES, SOME_TIME)
def test_yonker_result(values: dict[str, int], at: Civil) -> None:
    told = yonker_codec.decode(yonker.result(values, at))
    assert [told.systolic_mmhg, told.diastolic_mmhg, told.pulse] == [values[n] for n in NAMES]
    assert told.time == DeviceTime(at.civil_s - at.second)


@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=300), st.booleans())
def test_viatom_frames(command: int, sequence: int, data: bytes, reply: bool) -> None:
    told = lepu_codec.decode(lepu.frame(command, sequence, data, reply=reply))
    assert (told.command, told.sequence, told.data, told.direction) == (command, sequence, data, int(reply))


@given(
    st.lists(
        st.tuples(PRESSURES, st.integers(20, 250), SOME_TIME, st.integers(0, 0xFFFFFFFF), st.booleans()), max_size=10
    )
)
def test_viatom_file(taken: list[tuple[dict[str, int], int, Civil, int, bool]]) -> None:
    file = lepu.results_file(
        lepu.record({**values, "mean": mean}, at, user=user, irregular=irregular)
        for values, mean, at, user, irregular in taken
    )
    told = lepu_codec.decode_file(file)
    assert [(r.mean_mmhg, r.time.civil_s, r.user, r.irregular_pulse) for r in told] == [
        (mean, at.civil_s, user, irregular) for _, mean, at, user, irregular in taken
    ]
    assert [(r.systolic_mmhg, r.diastolic_mmhg, r.pulse) for r in told] == [
        tuple(values[n] for n in NAMES) for values, *_ in taken
    ]
