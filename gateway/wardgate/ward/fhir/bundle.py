"""Messages as one transaction of conditional creates: what is there already is not made again."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from wardgate.contract.messages import Alert, Event, Reading
from wardgate.ward.fhir import things
from wardgate.ward.fhir.communication import of_alert, of_event, said_in
from wardgate.ward.fhir.extension import Json
from wardgate.ward.fhir.observation import of_reading, reading_of


def resources(message: Reading | Alert | Event) -> list[Json]:
    """Everything one message says, those that others refer to first."""
    match message:
        case Reading():
            return of_reading(message)
        case Alert():
            return of_alert(message)
        case Event():
            return of_event(message)


def message_of(found: Iterable[Json]) -> Reading | Alert | Event:
    """The message that these resources were made of. Patients and devices may be among them or not.

    Raises:
        ValueError: they are not what `resources` makes of one message.
    """
    own = list(found)
    said = [one for one in own if one["resourceType"] == "Communication"]
    if said:
        return said_in(said[0])
    return reading_of([one for one in own if one["resourceType"] == "Observation"])


def bundle(messages: Iterable[Reading | Alert | Event]) -> Json:
    """A transaction. Each resource is in it once, and is created only when the server has none with its identifier.

    A later revision of a reading takes the place of the one before by a conditional update: it says the same of another
    time. Both may be sent any number of times, and the first revision after the second changes nothing.
    """
    entries: dict[str, Json] = {}
    for message in messages:
        anew = isinstance(message, Reading) and message.revision > 1
        for resource in resources(message):
            again = anew and resource["resourceType"] == "Observation"
            name = things.urn(resource["identifier"][0])
            if again or name not in entries:
                entries[name] = entry(resource, again=again)
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries.values())}


def halves(made: Json) -> list[Json]:
    """The same as two transactions, each with all that it refers to. None where one resource is what it is about."""
    entries = made["entry"]
    wanted = [one for one in entries if not any(_refers(other, one) for other in entries)]
    middle = len(wanted) // 2
    found = [wanted[:middle], wanted[middle:]] if middle else []
    return [{**made, "entry": _with_referred(entries, half)} for half in found]


def _with_referred(entries: list[Json], wanted: list[Json]) -> list[Json]:
    found = list(wanted)
    for one in reversed(entries):  # what is referred to stands first
        if one not in wanted and any(_refers(other, one) for other in found):
            found.insert(0, one)
    return found


def _refers(one: Json, to: Json) -> bool:
    return to["fullUrl"].encode() in msgspec.json.encode(one["resource"])


def entry(resource: Json, *, again: bool) -> Json:
    """One resource's part of a transaction; `again`: it takes the place of the one with its identifier."""
    own = resource["identifier"][0]
    kind = resource["resourceType"]
    search = "identifier=" + quote(f"{own['system']}|{own['value']}", safe="")
    create = {"method": "POST", "url": kind, "ifNoneExist": search}
    update = {"method": "PUT", "url": f"{kind}?{search}"}
    return {"fullUrl": things.urn(own), "resource": resource, "request": update if again else create}
