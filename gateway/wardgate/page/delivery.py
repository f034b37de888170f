"""The last reading's way to the ward, and the hub itself, in rows and sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from wardgate.contract.messages import TIME_UNKNOWN, Reading
from wardgate.control.messages import DeliveryView, HubView, Status, WayPoint
from wardgate.faces.words import Times, count, later, size, span
from wardgate.page.devices import Row
from wardgate.page.verdict import LITTLE_DISK_BYTES, waiting

CHANNELS: Final = {
    "weight": "Weight",
    "blood_pressure": "Blood pressure",
    "saturation": "Oxygen",
    "temperature": "Temperature",
    "body_composition": "Body composition",
    "heart_rate": "Heart rate",
}
NodeState = Literal["done", "waiting", "not-yet", "none"]


@dataclass(frozen=True, slots=True)
class Node:
    """One door: its shape, when the last reading passed it, how long that took, and how many have passed."""

    name: str
    state: NodeState
    when: str
    note: str
    passed: str


@dataclass(frozen=True, slots=True)
class Way:
    """The four doors and what they mean."""

    of: str
    nodes: tuple[Node, ...]
    said: str
    queue: tuple[str, ...]


def way(status: Status, times: Times) -> Way:
    """Seen, Stored, Broker, Ward."""
    point, delivery = status.way, status.delivery
    if point is None:
        nodes = tuple(Node(name, "not-yet", "Not yet", "", passed) for name, passed in _passed(delivery))
        return Way("No reading yet.", nodes, "Take a reading with any device to see its way.", _queue(delivery, times))
    reading = point.reading
    of = f"{CHANNELS[reading.channel]}, {_taken(reading, times)}"
    test = ". Test." if reading.test else ""
    return Way(of + test, tuple(_nodes(point, delivery, times)), _said(point, delivery), _queue(delivery, times))


def _taken(reading: Reading, times: Times) -> str:
    if TIME_UNKNOWN in reading.quality.flags:
        return "of a time not known yet; it is dated later"
    return f"taken {times.day(reading.time.taken)} at {times.clock(reading.time.taken)}"


def _passed(delivery: DeliveryView) -> tuple[tuple[str, str], ...]:
    ward = f"{delivery.at_ward:,} confirmed" if delivery.confirm == "ward" else ""
    return (
        ("Seen", ""),
        ("Stored", f"{delivery.stored:,} kept"),
        ("Broker", f"{delivery.at_broker:,} sent"),
        ("Ward", ward),
    )


def _nodes(point: WayPoint, delivery: DeliveryView, times: Times) -> Iterator[Node]:
    by = "by Bluetooth" if point.reading.device.address else "by cable"
    waited = f"{span(point.waiting_s)} so far" if point.waiting_s is not None else ""
    reached = (point.seen, point.stored, point.broker, point.ward)
    before = True
    for (name, passed), at in zip(_passed(delivery), reached, strict=True):
        if at is not None:
            note = by if name == "Seen" else later((at - point.seen).total_seconds())
            yield Node(name, "done", times.clock_s(at), note, passed)
        elif name == "Ward" and delivery.confirm == "broker":
            yield Node(name, "none", "Does not answer", "", "")
        elif before:
            yield Node(name, "waiting", "Waiting", waited, passed)
        else:
            yield Node(name, "not-yet", "Not yet", "", passed)
        before = at is not None


def _said(point: WayPoint, delivery: DeliveryView) -> str:
    what = CHANNELS[point.reading.channel]
    if point.ward is not None:
        return f"{what} received. Stored, sent, and the ward has it."
    if delivery.confirm == "broker" and point.broker is not None:
        return "Stored and sent. This ward does not answer: sent is the last thing we know."
    if not delivery.connected:
        return f"{what} received and stored. It waits here, safe, until the ward can be reached."
    return "Still waiting. This can take 1 minute. Nothing is lost."


def _queue(delivery: DeliveryView, times: Times) -> tuple[str, ...]:
    said = []
    if not delivery.waiting:
        said.append("Nothing is waiting to be sent.")
    else:
        said.append(waiting(delivery))
        if (oldest := delivery.oldest_waiting) and (age_s := delivery.oldest_waiting_age_s) is not None:
            said.append(f"The oldest is from {times.when(oldest)}, {span(age_s)} ago.")
        alerts = delivery.waiting_alerts
        said.append(f"{count(alerts, 'alert is', 'alerts are')} waiting." if alerts else "No alert is waiting.")
    if delivery.parked:
        said.append(f"{count(delivery.parked, 'message was', 'messages were')} refused by the ward and kept here.")
    if delivery.confirm == "broker":
        said.append("This ward does not answer.")
    elif (at := delivery.last_ward_answer) and (age_s := delivery.last_ward_answer_age_s) is not None:
        said.append(f"The ward last answered {times.day(at)} at {times.clock(at)}, {span(age_s)} ago.")
    else:
        said.append("The ward has not answered yet.")
    return tuple(said)


def hub_rows(hub: HubView, delivery: DeliveryView) -> tuple[Row, ...]:
    """The machine: network, clock, radio, what waits, disk, version."""
    return (
        _network(delivery),
        _clock(hub),
        _radio(hub),
        Row("Waiting to be sent", f"{delivery.waiting:,}"),
        _disk(hub),
        *_certificate(hub),
        Row("Version", hub.version, f"running for {span(hub.uptime_s)}"),
        Row("Settings", hub.config_hash, "changes when any setting does"),
    )


def _clock(hub: HubView) -> Row:
    if hub.clock_synchronised:
        return Row("Clock", "Right", "set by the network")
    return Row("Clock", "Not known yet", "readings are kept and dated later")


def _network(delivery: DeliveryView) -> Row:
    if delivery.connected:
        return Row("Way to the ward", "Connected", delivery.broker)
    again = "" if delivery.retry_in_s is None else f" Trying again in {count(round(delivery.retry_in_s), 'second')}."
    return Row("Way to the ward", "Not connected", f"{delivery.problem}{again}")


def _certificate(hub: HubView) -> tuple[Row, ...]:
    """Of the hub at the broker; none where it is reached without one."""
    known = hub.certificate
    if known is None:
        return ()
    left = "" if known.days_left is None else f"{count(max(0, int(known.days_left)), 'day')} left"
    if known.problem:
        return (Row("Certificate", "Not renewed yet", f"{known.problem} {left}".strip()),)
    renews = ", renews itself" if known.renews_itself and left else ""
    return (Row("Certificate", "Good" if left else "Not known yet", left + renews),)


def _disk(hub: HubView) -> Row:
    free = f"{size(hub.disk_free_bytes)} free"
    nearly = ", nearly full" if hub.disk_free_bytes < LITTLE_DISK_BYTES else ""
    return Row("Disk", free + nearly, f"readings take {size(hub.database_bytes)}")


def _radio(hub: HubView) -> Row:
    radio = hub.radio
    word = {
        "listening": "Listening",
        "connecting": "Taking a reading",
        "no-adapter": "Not found",
        "no-bluetoothd": "Not running",
        "off": "Off",
        "simulated": "Simulated",
    }[radio.state]
    if radio.state in ("no-adapter", "no-bluetoothd"):
        return Row("Bluetooth radio", word, radio.sentence)
    if radio.last_heard_age_s is None:
        return Row("Bluetooth radio", word, "" if radio.state == "off" else "has heard nothing yet")
    return Row("Bluetooth radio", word, f"heard something {span(radio.last_heard_age_s)} ago")
