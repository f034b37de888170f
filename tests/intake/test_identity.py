"""Ids: the same measurement has one for ever, another measurement has another (H05)."""

from __future__ import annotations

from dataclasses import replace

from wardgate.intake.identity import REPEAT_S, Anchors, needs_anchor, reading_id, said_by
from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome, Quantity
from wardgate_drivers.model.declaration import Broadcast, Gatt, History, Kind, Model


def nothing(_: Advertisement) -> Measurement | None:
    return None


WITHOUT_MEMORY = Model("m", "M", "M", Kind.SCALE, (Channel.WEIGHT,), Broadcast(nothing))
SCALE = OXIMETER = replace(WITHOUT_MEMORY, link=Gatt(subscriptions=(), deadline_s=1.0))
WITH_MEMORY = replace(WITHOUT_MEMORY, history=History.PUSHED)
WEIGHED = Measurement(
    Channel.WEIGHT,
    Outcome.DECODE,
    (Quantity("weight", 80.0, "kg"),),
    bytes.fromhex("02803e"),
    DeviceTime.of(2026, 11, 21, 8, 0, 0),
)


def test_an_id_is_stable_across_versions_of_this_program() -> None:
    # BLAKE2b-128 of device, channel, seconds, anchor, sequence, user and frame, computed with coreutils:
    # printf 'AA:BB:CC:DD:EE:FF\x1fweight\x1f1795248000.000\x1f\x1f\x1f\x1f\x02\x80\x3e' | b2sum -l 128
    assert reading_id("AA:BB:CC:DD:EE:FF", WEIGHED, said_by(SCALE, WEIGHED), "") == "2b57c0cfbc3d24b64751d7b47e5f9403"


def test_everything_that_makes_a_measurement_itself_changes_its_id() -> None:
    def id_of(measurement: Measurement, device: str = "d", anchor: str = "") -> str:
        return reading_id(device, measurement, said_by(OXIMETER, measurement), anchor)

    others = [
        id_of(WEIGHED, "other"),
        id_of(replace(WEIGHED, device_time=DeviceTime.of(2026, 11, 21, 8, 0, 1))),
        id_of(replace(WEIGHED, sequence=3)),
        id_of(replace(WEIGHED, user_index=3)),
        id_of(replace(WEIGHED, frame=b"\x02\x81\x3e")),
        id_of(WEIGHED, anchor="boot:1.000"),
    ]
    assert len({id_of(WEIGHED), *others}) == len(others) + 1


def test_a_broadcast_weight_is_one_in_whatever_frames_it_comes() -> None:
    with_impedance = replace(
        WEIGHED, frame=b"another", quantities=(*WEIGHED.quantities, Quantity("impedance", 500.0, "ohm"))
    )
    heavier = replace(WEIGHED, quantities=(Quantity("weight", 80.05, "kg"),))
    assert said_by(WITHOUT_MEMORY, WEIGHED) == said_by(WITHOUT_MEMORY, with_impedance)
    assert said_by(WITHOUT_MEMORY, WEIGHED) != said_by(WITHOUT_MEMORY, heavier)


def test_an_oximeters_measurement_stays_one_when_it_comes_again_out_of_the_memory() -> None:
    live = replace(WEIGHED, channel=Channel.SATURATION, quantities=(Quantity("spo2", 96.0, "%"),))
    from_memory = replace(live, frame=b"another", stored=True, status=("from-storage",))
    lower = replace(live, quantities=(Quantity("spo2", 95.0, "%"),))
    assert said_by(OXIMETER, live) == said_by(OXIMETER, from_memory) != said_by(OXIMETER, lower)


def test_only_a_measurement_without_a_time_of_its_own_needs_its_arrival() -> None:
    assert not needs_anchor(WITHOUT_MEMORY, WEIGHED)
    assert needs_anchor(WITHOUT_MEMORY, replace(WEIGHED, device_time=None))
    assert not needs_anchor(WITH_MEMORY, replace(WEIGHED, device_time=None, sequence=9))
    stopped = replace(WEIGHED, device_time=DeviceTime.of(2017, 1, 1, 0, 0, 0))
    assert needs_anchor(WITHOUT_MEMORY, stopped)
    assert not needs_anchor(WITH_MEMORY, stopped)


def test_a_repeated_frame_keeps_its_anchor_however_long_it_goes_on() -> None:
    anchors = Anchors()
    first = anchors.of("d", b"x", "boot", 100.0)
    assert [anchors.of("d", b"x", "boot", 100.0 + n * REPEAT_S * 0.9) for n in range(1, 5)] == [first] * 4
    assert anchors.of("d", b"y", "boot", 101.0) != first
    assert anchors.of("e", b"x", "boot", 101.0) != first


def test_the_same_value_later_is_another_measurement() -> None:
    anchors = Anchors()
    first = anchors.of("d", b"x", "boot", 100.0)
    assert anchors.of("d", b"x", "boot", 100.0 + REPEAT_S + 1) != first


def test_a_test_repeats_nothing_and_what_follows_it_repeats_the_test() -> None:
    anchors = Anchors()
    stepped_on_to_be_found = anchors.of("d", b"x", "boot", 100.0)
    tried_out = anchors.of("d", b"x", "boot", 110.0, test=True)
    assert tried_out != stepped_on_to_be_found
    assert anchors.of("d", b"x", "boot", 120.0, test=True) == tried_out
    assert anchors.of("d", b"x", "boot", 130.0) == tried_out, "the scale says it for half a minute: nobody's reading"
    assert anchors.of("d", b"x", "boot", 140.0, test=True) == tried_out
