"""One sentence of truth first: what needs attention, and what is fine. Nobody has to add up badges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from wardgate.contract.messages import Alert
from wardgate.control.messages import DeliveryView, HubView, Status
from wardgate.faces.words import Times, count, listed, sentence, size
from wardgate.page.devices import in_order, noun, state_sentence

LITTLE_DISK_BYTES: Final = 500_000_000
"""Below this the hub is about to have nowhere to keep readings."""
_CANARY: Final = {
    "store": "The hub's own test reading cannot be stored. Send a report for support.",
    "rules": "The hub's own test readings raise no alert. Send a report for support.",
    "ward": "The ward has not answered the hub's own test reading.",
}
PRIORITIES: Final = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`said` is the one sentence that is read aloud when it changes."""

    tone: str
    headline: str
    said: str
    also: tuple[str, ...] = ()
    fine: str = ""
    what_to_do: str = ""


def worst_first(alerts: tuple[Alert, ...]) -> list[Alert]:
    """Worst first, then oldest."""
    return sorted(alerts, key=lambda a: (PRIORITIES.index(a.priority), a.raised))


def verdict(status: Status) -> Verdict:
    """What is true of this home now."""
    things = list(_things(status))
    fine = _fine(status)
    if not things:
        return Verdict("good", "Working", "Nothing to do.", fine=fine)
    headline = f"{count(len(things), 'thing')} {'needs' if len(things) == 1 else 'need'} attention"
    today = any(a.priority == "high" for a in status.open_alerts)
    return Verdict("problem" if today else "attention", headline, things[0], tuple(things[1:]), fine)


def away(why: str, what_to_do: str, known: str) -> Verdict:
    """Nothing is known: never "all good" from an old answer. `known` says of when the rest of the page is."""
    return Verdict("unknown", "The hub does not answer", why, fine=known, what_to_do=what_to_do)


def known_since(times: Times) -> str:
    """What the page still shows when the hub has gone quiet."""
    return f"Not known since {times.clock(times.now)}. What is below was true then. The hub keeps what it has stored."


def _things(status: Status) -> Iterator[str]:
    # Its first sentence: the rest stands right below, with the alert.
    yield from (alert.sentence.split(". ")[0].rstrip(".") + "." for alert in worst_first(status.open_alerts))
    yield from hub_troubles(status.hub, status.delivery)
    if not status.devices:
        yield "No device is set up for this patient."
    for device in in_order(status.devices):
        if trouble := state_sentence(device, status.devices):
            yield trouble


def hub_troubles(hub: HubView, delivery: DeliveryView) -> Iterator[str]:
    """The hub's own troubles, each a sentence."""
    if not delivery.connected:
        yield delivery.problem or "The ward's broker does not answer. Readings wait here, safe."
    yield from inner_troubles(hub, delivery)
    if hub.radio.state in ("no-adapter", "no-bluetoothd"):
        yield hub.radio.sentence
    if not hub.clock_synchronised:
        yield "The hub does not know the time yet. Readings are kept and dated later."
    if hub.disk_free_bytes < LITTLE_DISK_BYTES:
        yield f"The hub's disk is nearly full: {size(hub.disk_free_bytes)} free."


def inner_troubles(hub: HubView, delivery: DeliveryView) -> Iterator[str]:
    """Those that nobody but the hub itself can see."""
    if delivery.parked:
        yield f"{count(delivery.parked, 'message was', 'messages were')} refused by the ward. They are kept here."
    if hub.canary.late and (delivery.connected or hub.canary.stage != "ward"):
        yield _CANARY[hub.canary.stage or "ward"]
    if hub.configuration is not None and hub.configuration.problem:
        yield f"What the ward configured does not hold as it was sent. {hub.configuration.problem}"


def _fine(status: Status) -> str:
    working = [noun(d, status.devices) for d in status.devices if d.state == "working"]
    be = "is" if len(working) == 1 else "are"
    devices = f"{sentence(listed(working))} {be} working. " if working else ""
    return devices + reached(status.delivery)


def reached(delivery: DeliveryView) -> str:
    """How far everything has come. Green words about the ward only once the ward has said so."""
    if delivery.waiting:
        return f"{waiting(delivery)} Nothing is lost."
    if not delivery.stored:
        return "Nothing has been sent yet."
    if delivery.confirm == "broker":
        return "Everything they sent has reached the broker. This ward does not answer."
    return "Everything they sent has reached the ward."


def waiting(delivery: DeliveryView) -> str:
    """`14 messages are waiting for the ward.`"""
    where = "for the ward" if delivery.confirm == "ward" else "for the broker"
    return f"{count(delivery.waiting, 'message is', 'messages are')} waiting {where}."
