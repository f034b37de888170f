"""Whatever comes over the air: what a model makes a reading of lies within the bounds. Codecs alone: `tests/fuzz`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.vectors import frame_of, load
from wardgate_drivers import vectors
from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.errors import FrameError
from wardgate_drivers.measurement import Channel, Measurement, Outcome
from wardgate_drivers.model.catalogue import CATALOGUE
from wardgate_drivers.model.declaration import Broadcast, Gatt

BUILT: Final = [v for v in load() if v["decoder"] in vectors.supported()]
BOUNDS: Final = {
    "mmHg": (20.0, 320.0),
    "kPa": (20.0 / 7.50062, 320.0 / 7.50062),
    "1/min": (20.0, 300.0),
    "kg": (0.5, 650.0),
    "lb": (0.5 / 0.45359237, 650.0 / 0.45359237),
    "jin": (1.0, 1300.0),
}


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
            # A share of a body may weigh nothing.
            low = 0.0 if measurement.channel is Channel.BODY_COMPOSITION else low
            assert low * 0.999999 <= quantity.value <= high * 1.000001
    if measurement.outcome is Outcome.DECODE:
        main = {"weight": "weight", "blood_pressure": "systolic", "saturation": "spo2"}.get(measurement.channel)
        assert main is None or measurement.value(main) is not None
        spo2 = measurement.value("spo2")
        assert spo2 is None or 1 <= spo2.value <= 100
