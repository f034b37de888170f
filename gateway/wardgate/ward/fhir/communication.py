"""A revision of an alert, and an event, as Communication.

A Communication is something that was said by a device and is never changed afterwards. That is what a revision of an
alert is: each keeps its sentence, its priority and its reasons, and a repetition is found by its identifier. A Flag or
a DetectedIssue would be one resource that each revision overwrites; a ward that wants one makes it of the last one.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from wardgate.contract.messages import Alert, Event
from wardgate.ward.fhir import things
from wardgate.ward.fhir.extension import BASE, Json, fields_of, instant, is_plain, of_struct

_PRIORITY: Final = {"high": "stat", "medium": "urgent", "low": "routine"}
_SEVERITY: Final = {"problem": "asap", "attention": "urgent", "info": "routine"}
_CATEGORIES: Final = "http://terminology.hl7.org/CodeSystem/communication-category"


def of_alert(alert: Alert) -> list[Json]:
    """The patient, the hub and the Communication."""
    patient, hub = things.patient(alert.patient), things.hub(alert.hub)
    said: Json = _said(alert, hub, "alert", alert.sentence, ("sentence", "changed"))
    said |= {
        "identifier": [things.identifier("alert", alert.hub, alert.id, str(alert.revision))],
        "subject": things.reference(patient),
        "priority": _PRIORITY[alert.priority],
        "sent": instant(alert.changed),
        "topic": {"coding": [{"system": BASE + "alert-state", "code": alert.state}]},
    }
    if alert.readings:
        said["about"] = [
            {"type": "Observation", "identifier": things.identifier("reading", alert.hub, reading, "0")}
            for reading in alert.readings
        ]
    if alert.revision > 1:
        before = things.identifier("alert", alert.hub, alert.id, str(alert.revision - 1))
        said["inResponseTo"] = [{"type": "Communication", "identifier": before}]
    return [patient, hub, said]


def of_event(event: Event) -> list[Json]:
    """The hub and the Communication."""
    hub = things.hub(event.hub)
    said = _said(event, hub, "event", event.sentence, ("sentence", "at"))
    said |= {
        "identifier": [things.identifier("event", event.hub, event.id)],
        "priority": _SEVERITY[event.severity],
        "sent": instant(event.at),
    }
    return [hub, said]


def _said(message: Alert | Event, hub: Json, kind: str, sentence: str, elsewhere: tuple[str, ...]) -> Json:
    plain = is_plain(sentence)
    extension = of_struct(message, elsewhere if plain else [name for name in elsewhere if name != "sentence"])
    category = {"alert": "alert", "event": "notification"}[kind]
    return {
        "resourceType": "Communication",
        "extension": [extension],
        "status": "completed",
        "category": [{"coding": [{"system": _CATEGORIES, "code": category}]}],
        "sender": things.reference(hub),
        "payload": [{"contentString": sentence if plain else "not printable"}],
    }


def said_in(communication: Json) -> Alert | Event:
    """The message that this Communication was made of.

    Raises:
        ValueError: none of ours.
    """
    fields: dict[str, Any] | None = fields_of(communication)
    if fields is None:
        raise ValueError("this Communication carries no message of a hub")
    fields.setdefault("sentence", communication["payload"][0]["contentString"])
    if str(fields["schema"]).startswith("wardgate/alert/"):
        return msgspec.convert(fields | {"changed": communication["sent"]}, Alert)
    return msgspec.convert(fields | {"at": communication["sent"]}, Event)
