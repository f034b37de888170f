"""What codecs hand on to the hub, where it is more than the fields of the frame."""

from __future__ import annotations

from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.codec import blood_pressure, nonin_df13, nonin_df19, plx, weight_measurement, xiaomi
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome, Quantity
from wardgate_drivers.uuids import BODY_COMPOSITION_SERVICE


def names(measurement: Measurement) -> set[str]:
    return {q.name for q in measurement.quantities}


def test_pressure_keeps_the_devices_unit_and_time() -> None:
    frame = bytes.fromhex("17b4f06df084f0ea070b1509000040000000")
    assert blood_pressure.measurement(frame) == Measurement(
        channel=Channel.BLOOD_PRESSURE,
        outcome=Outcome.DECODE,
        quantities=(
            Quantity("systolic", 18.0, "kPa"),
            Quantity("diastolic", 10.9, "kPa"),
            Quantity("mean", 13.2, "kPa"),
            Quantity("pulse", 64.0, "1/min"),
        ),
        frame=frame,
        device_time=DeviceTime.of(2026, 11, 21, 9, 0, 0),
    )


def test_user_255_is_told_as_unknown() -> None:
    measurement = blood_pressure.measurement(bytes.fromhex("08780050005d00ff"))
    assert (measurement.user_index, measurement.user_unknown) == (None, True)


def test_no_user_field_is_not_an_unknown_user() -> None:
    measurement = blood_pressure.measurement(bytes.fromhex("04780050005d004800"))
    assert (measurement.user_index, measurement.user_unknown) == (None, False)


def test_a_mean_of_zero_was_not_measured() -> None:
    assert names(blood_pressure.measurement(bytes.fromhex("0075004d000000"))) == {"systolic", "diastolic"}


def test_failed_cuff_cycle_has_no_values() -> None:
    measurement = blood_pressure.measurement(bytes.fromhex("16ff07ff07ff07ea070b15080000ff070000"))
    assert (measurement.outcome, measurement.quantities) == (Outcome.NO_READING, ())


def test_impossible_time_stamp_does_not_cost_the_reading() -> None:
    measurement = blood_pressure.measurement(bytes.fromhex("02780050005d00ea07021e0a0000"))
    assert (measurement.outcome, measurement.device_time) == (Outcome.DECODE, None)


def test_unsuccessful_weighing_has_no_weight() -> None:
    measurement = weight_measurement.measurement(bytes.fromhex("00ffff"))
    assert (measurement.outcome, measurement.quantities) == (Outcome.NO_READING, ())


def test_body_height_of_zero_was_not_entered() -> None:
    measurement = weight_measurement.measurement(bytes.fromhex("4e6a07ea0707040c1a06aa00000000"))
    assert names(measurement) == {"weight"}
    assert measurement.user_index == 170


def test_spot_check_from_storage_is_stored() -> None:
    assert plx.spot_check_measurement(bytes.fromhex("0360004b00ea070b141600000002")).stored
    assert not plx.spot_check_measurement(bytes.fromhex("0062004800")).stored


def test_clock_that_was_never_set_is_told() -> None:
    measurement = plx.spot_check_measurement(bytes.fromhex("1761006000e10701010122132000200000"))
    assert measurement.status == ("measurement-ongoing", "low-perfusion", "clock-not-set")


def test_format_13_tells_its_memory() -> None:
    measurement = nonin_df13.measurement(bytes.fromhex("0002000d000e20071001184821000210003400636203"))
    assert measurement.stored
    assert measurement.device_time == DeviceTime.of(2007, 10, 1, 18, 48, 21)


def test_format_19_has_no_record_number() -> None:
    # Its counter begins anew whenever it is switched on: two days could have the same.
    assert nonin_df19.measurement(bytes.fromhex("0a141e01f40007610048")).sequence is None


def test_broadcast_of_another_service_is_no_weighing() -> None:
    def heard(service_data: dict[str, bytes]) -> Measurement | None:
        return xiaomi.measurement(Advertisement("AA:BB:CC:DD:EE:FF", "MIBFS", -60, (), service_data, {}))

    weighing = heard({BODY_COMPOSITION_SERVICE: bytes.fromhex("0226e607020e10293af7019a38")})
    assert heard({}) is None
    assert weighing is not None
    assert weighing.quantities == (Quantity("weight", 72.45, "kg"), Quantity("impedance", 503, "ohm"))
