"""The hub's status as Prometheus reads it (text format 0.0.4): no patient, no value of a reading, no address.

Source: Prometheus documentation, "Exposition formats".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from wardgate.control.messages import DeviceView, Status

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
Labels = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Metric:
    name: str
    kind: Literal["gauge", "counter"]
    help: str
    samples: list[tuple[Labels, float]] = field(default_factory=list)


def exposition(status: Status) -> str:
    """Every metric of the hub, each with its help and type, in one text."""
    metrics = [*_hub(status), *_delivery(status), *_devices(status.devices)]
    return "".join(line + "\n" for metric in metrics if metric.samples for line in _lines(metric))


def _hub(status: Status) -> Iterator[_Metric]:
    hub = status.hub
    yield _one("wardgate_info", "Which hub and version this is.", 1.0, {"hub": hub.hub, "version": hub.version})
    yield _one("wardgate_uptime_seconds", "Since the hub's program started.", hub.uptime_s)
    yield _one("wardgate_clock_synchronised", "Whether the hub knows the time.", float(hub.clock_synchronised))
    yield _one("wardgate_disk_free_bytes", "Free on the disk of the database.", float(hub.disk_free_bytes))
    yield _one("wardgate_database_bytes", "Size of the database.", float(hub.database_bytes))
    yield _one(
        "wardgate_radio_listening",
        "Whether the radio listens or talks to a device.",
        float(hub.radio.state in ("listening", "connecting", "simulated")),
    )
    yield _maybe("wardgate_radio_heard_age_seconds", "Since anything was heard.", hub.radio.last_heard_age_s)
    yield _maybe(
        "wardgate_canary_age_seconds", "Since the last test of the whole way came through.", hub.canary.last_age_s
    )
    yield _one("wardgate_canary_late", "Whether that test is overdue.", float(hub.canary.late))
    left = hub.certificate.days_left if hub.certificate else None
    yield _maybe("wardgate_certificate_days_left", "Days until the hub's certificate ends.", left)
    if hub.configuration is not None:
        what = "Version of what the ward has configured."
        yield _one("wardgate_configuration_version", what, float(hub.configuration.version))
        what = "Whether it has yet to show that the hub can live with it."
        yield _one("wardgate_configuration_on_probation", what, float(hub.configuration.proving))
    by_priority = dict.fromkeys(("high", "medium", "low"), 0.0)
    for alert in status.open_alerts:
        by_priority[alert.priority] += 1.0
    samples = [({"priority": priority}, count) for priority, count in by_priority.items()]
    yield _Metric("wardgate_open_alerts", "gauge", "Alerts that are open, by priority.", samples)


def _delivery(status: Status) -> Iterator[_Metric]:
    delivery = status.delivery
    yield _one("wardgate_connected", "Whether the hub is connected to the broker.", float(delivery.connected))
    yield _one("wardgate_waiting_messages", "Messages that the ward has not confirmed.", float(delivery.waiting))
    yield _one("wardgate_waiting_alerts", "Alerts among them.", float(delivery.waiting_alerts))
    yield _maybe("wardgate_oldest_waiting_age_seconds", "Age of the oldest.", delivery.oldest_waiting_age_s)
    yield _one("wardgate_parked_messages", "Messages that were set aside.", float(delivery.parked))
    yield _one(
        "wardgate_delivered_messages_total", "Messages that the ward has.", float(delivery.at_ward), kind="counter"
    )
    yield _maybe("wardgate_ward_answer_age_seconds", "Since the ward last answered.", delivery.last_ward_answer_age_s)


def _devices(devices: Iterable[DeviceView]) -> list[_Metric]:
    readings = _Metric("wardgate_device_frames_total", "counter", "What came of a device, by what became of it.")
    heard = _Metric("wardgate_device_heard_age_seconds", "gauge", "Since the device was heard.")
    brought = _Metric("wardgate_device_reading_age_seconds", "gauge", "Since the device brought a good reading.")
    battery = _Metric("wardgate_device_battery_percent", "gauge", "What the device last said of its battery.")
    working = _Metric("wardgate_device_working", "gauge", "Whether nothing is the matter with the device.")
    for device in devices:
        labels = {"device": device.id, "model": device.model}
        readings.samples.extend(({**labels, "what": what}, float(n)) for what, n in sorted(device.counts.items()))
        working.samples.append((labels, float(device.state == "working")))
        for metric, value in (
            (heard, device.last_heard_age_s),
            (brought, device.last_reading_age_s),
            (battery, device.battery_percent),
        ):
            if value is not None:
                metric.samples.append((labels, float(value)))
    return [readings, heard, brought, battery, working]


def _one(
    name: str, help_: str, value: float, labels: Labels | None = None, *, kind: Literal["gauge", "counter"] = "gauge"
) -> _Metric:
    return _Metric(name, kind, help_, [(labels or {}, value)])


def _maybe(name: str, help_: str, value: float | None) -> _Metric:
    """What is not known is left out: 0 would be a value."""
    return _Metric(name, "gauge", help_, [] if value is None else [({}, value)])


def _lines(metric: _Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.help}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for labels, value in metric.samples:
        inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        yield f"{metric.name}{{{inside}}} {value!r}" if inside else f"{metric.name} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
