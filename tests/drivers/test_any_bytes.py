"""Whatever comes over the air: a frame is decoded or refused with `FrameError`, and no reading is out of bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.vectors import Vector, frame_of, load
from wardgate_drivers import vectors
from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.errors import FrameError
from wardgate_drivers.measurement import Measurement, Outcome
from wardgate_drivers.model.catalogue import CATALOGUE
from wardgate_drivers.model.declaration import Broadcast, Gatt
from wardgate_drivers.vector_fields import Decoded

BUILT: Final = [v for v in load() if v["decoder"] in vectors.supported()]
SUMMED: Final = [
    v for v in BUILT if v["decoder"] in {"nonin.df13", "nonin.serial-number"} and v["expect"]["outcome"] != "reject"
]

BOUNDS: Final = {
    "mmHg": (20.0, 320.0),
    "kPa": (20.0 / 7.50062, 320.0 / 7.50062),
    "1/min": (20.0, 300.0),
    "kg": (0.5, 650.0),
    "lb": (0.5 / 0.45359237, 650.0 / 0.45359237),
    "jin": (1.0, 1300.0),
}


def decode(decoder: str, frame: bytes, context: dict[str, str]) -> Decoded | None:
    try:
        return vectors.decode(decoder, frame, context)
    except FrameError as error:
        assert error.detail  # noqa: PT017 - what is asserted is the error's own content
        return None


def contexts(decoder: str) -> list[dict[str, str]]:
    quirk = {"bls.measurement": "beurer-be", "wss.measurement": "mass-step-50g"}.get(decoder)
    return [{}, {"quirk": quirk}] if quirk else [{}]


@pytest.mark.parametrize("decoder", sorted(vectors.supported()))
@given(frame=st.binary(max_size=40))
def test_random_bytes(decoder: str, frame: bytes) -> None:
    for context in contexts(decoder):
        decode(decoder, frame, context)


@pytest.mark.parametrize("vector", BUILT, ids=lambda v: v["id"])
def test_every_truncation_and_every_flipped_bit(vector: Vector) -> None:
    frame = frame_of(vector)
    context = vector.get("context") or {}
    for end in range(len(frame)):
        decode(vector["decoder"], frame[:end], context)
    for bit in range(8 * len(frame)):
        decode(vector["decoder"], flipped(frame, bit), context)


def flipped(frame: bytes, bit: int) -> bytes:
    changed = bytearray(frame)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("vector", SUMMED, ids=lambda v: v["id"])
def test_checksum_lets_no_flipped_bit_through(vector: Vector) -> None:
    frame = frame_of(vector)
    assert [bit for bit in range(8 * len(frame)) if decode(vector["decoder"], flipped(frame, bit), {})] == []


def readers() -> list[tuple[str, Callable[[bytes], Measurement | None]]]:
    found: list[tuple[str, Callable[[bytes], Measurement | None]]] = []
    for model in CATALOGUE:
        if isinstance(model.link, Gatt):
            found += [(f"{model.id} {s.characteristic[4:8]}", s.decode) for s in model.link.subscriptions]
        elif isinstance(model.link, Broadcast):
            found += [
                (f"{model.id} {uuid[4:8]}", broadcast_reader(model.link, uuid))
                for uuid in model.match.service_data_uuids
            ]
    return found


def broadcast_reader(link: Broadcast, uuid: str) -> Callable[[bytes], Measurement | None]:
    return lambda data: link.decode(Advertisement("AA:BB:CC:DD:EE:FF", None, -50, (), {uuid: data}, {}))


@pytest.mark.parametrize(("name", "read"), readers(), ids=lambda x: x if isinstance(x, str) else "")
@given(frame=st.binary(max_size=30) | st.sampled_from([frame_of(v) for v in BUILT]))
def test_a_reading_lies_within_the_bounds(name: str, read: Callable[[bytes], Measurement | None], frame: bytes) -> None:
    try:
        measurement = read(frame)
    except FrameError:
        return
    if measurement is None:
        return
    assert measurement.frame == frame
    for quantity in measurement.quantities:
        assert math.isfinite(quantity.value)
        if measurement.outcome is Outcome.DECODE and quantity.unit in BOUNDS:
            low, high = BOUNDS[quantity.unit]
            assert low * 0.999999 <= quantity.value <= high * 1.000001
    if measurement.outcome is Outcome.DECODE:
        main = {"weight": "weight", "blood_pressure": "systolic", "saturation": "spo2"}[measurement.channel]
        assert measurement.value(main) is not None
        spo2 = measurement.value("spo2")
        assert spo2 is None or 1 <= spo2.value <= 100
