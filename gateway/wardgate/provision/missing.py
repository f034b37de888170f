"""What has to be done before a hub can be locked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from wardgate.installation import Record, Stage
from wardgate_drivers.model.lookup import by_id

NAMES: Final = {
    "scale": "scale",
    "cuff": "cuff",
    "oximeter": "oximeter",
    "thermometer": "thermometer",
    "heart-belt": "heart belt",
}


class Lacking(Struct, frozen=True, kw_only=True):
    """One thing that is missing, and the step of the pages at which it is done."""

    key: str
    sentence: str
    step: int


def lacking(
    record: Record, stage: Stage, devices: Sequence[tuple[str, str]], *, ward_confirms: bool = True
) -> tuple[Lacking, ...]:
    """Everything that is missing, in the order in which it is done.

    Args:
        devices: id and model of each device of this home, from the file or added.
        ward_confirms: whether the ward says what it has; else only what was sent is known.
    """
    if stage == "factory":
        return (Lacking(key="claim", sentence="The hub is not claimed.", step=1),)
    if stage == "claimed":
        return (Lacking(key="patient", sentence="No patient was chosen.", step=2),)
    found = [*_devices(record, [model for _, model in devices])]
    none = "The ward has no test reading of {} yet." if ward_confirms else "No test reading of {} was sent yet."
    found += [
        Lacking(key=f"test-{device}", sentence=none.format(f"the {_name(model)}"), step=4)
        for device, model in devices
        if device not in record.tested and device not in record.left_out
    ]
    if devices and all(device in record.left_out and device not in record.tested for device, _ in devices):
        found.append(Lacking(key="test", sentence=none.format("any device"), step=4))
    if record.limits_read_back is None:
        found.append(Lacking(key="limits", sentence="The limits were not read back.", step=5))
    return tuple(found)


def _devices(record: Record, models: Iterable[str]) -> Iterable[Lacking]:
    here = [kind_of(model) for model in models]
    if not here and not record.kinds:
        yield Lacking(key="devices", sentence="There is no device yet.", step=3)
    for kind in record.kinds:
        if kind not in here:
            yield Lacking(key=f"device-{kind}", sentence=f"The {NAMES.get(kind, kind)} was not added.", step=3)


def kind_of(model: str) -> str:
    """Which kind of device a model is; empty when the catalogue does not know it."""
    found = by_id(model)
    return "" if found is None else found.kind.value


def _name(model: str) -> str:
    kind = kind_of(model)
    return NAMES.get(kind, kind or "device")
