"""A FHIR server that is not ours: what goes there is taken, is there once, is found, and comes back as it was."""

from __future__ import annotations

import asyncio
import base64
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.support import home
from tests.support.medplum import Json, Medplum
from tests.support.messages import BEGIN, alert, event, reading
from tests.support.ward_page import said
from wardgate.cli import ward as ward_command
from wardgate.contract.codes import QUANTITY
from wardgate.contract.messages import Alert, Corrected, Event, Quality, Quantity, Reading
from wardgate.ward.fhir import message_of, resources
from wardgate.ward.fhir.push import Push
from wardgate.ward.fhir.server import NotNow, Server
from wardgate.ward.store import WardStore

Message = Reading | Alert | Event
KINDS: Final = ("Patient", "Device", "Observation", "Communication", "DocumentReference")
PATIENCE_S: Final = 60.0
ODD: Final = "a|b$c,d\\e &=?#%/ é\u2028\x07 "
_replace: Final = msgspec.structs.replace


@pytest.fixture(scope="module")
def running() -> Iterator[Medplum]:
    one = Medplum()
    yield one
    one.close()


@pytest.fixture
def medplum(running: Medplum) -> Medplum:
    running.tell("clear")
    return running


def of_channel(n: int, channel: str) -> Reading:
    """A reading with all that is known of a channel: as much as one can be."""
    quantities = tuple(
        Quantity(
            name=name,
            value=60.5 + place,
            unit=code.ucum,
            original_value=60.0,
            original_unit=code.ucum,
            loinc=code.loinc,
            mdc=code.mdc,
        )
        for place, (name, code) in enumerate((name, code) for (ch, name), code in QUANTITY.items() if ch == channel)
    )
    return _replace(reading(n, channel=channel), channel=channel, quantities=quantities)


def everything() -> list[Message]:
    """Readings of every channel, odd ones, one dated anew, alerts with their revisions, events."""
    readings = [of_channel(n, channel) for n, channel in enumerate(sorted({ch for ch, _ in QUANTITY}))]
    one = reading(50)
    no_clock = _replace(one.time, device_time=None, device_offset_s=None, basis="arrival")
    lost_clock = _replace(one.time, device_time=ODD, device_offset_s=None)
    odd_device = _replace(one.device, id=ODD, model=ODD, serial=ODD, firmware=ODD, address=None)
    anew = _replace(one.time, taken=BEGIN)
    return [
        *readings,
        one,
        _replace(
            one,
            revision=2,
            time=anew,
            corrected=Corrected(reason="hub-synchronised", previous=one.time.taken, at=BEGIN),
        ),
        _replace(reading(51), attribution="unattributed", attribution_reason="two people at the scale", patient=None),
        _replace(reading(52), quality=Quality(status=(ODD,), flags=("movement",), good=False), test=True),
        _replace(reading(53), time=no_clock, quantities=()),
        _replace(reading(54, hub=ODD), time=lost_clock, device=odd_device, frame=""),
        alert(1),
        _replace(alert(1, revision=2), readings=(one.id,), inputs={"gain_kg": 2.0, ODD: ODD, "none": None}),
        alert(1, revision=3, state="resolved"),
        _replace(alert(2), sentence=ODD, home_sentence=ODD, patient=ODD),
        event(1),
        _replace(event(2), sentence=ODD, what_to_do=ODD, detail={ODD: 1.0, "on": True}),
    ]


async def came(store: WardStore, *messages: Message) -> list[Message]:
    numbered = [_replace(m, epoch="one", seq=n) for n, m in enumerate(messages, start=1)]
    await store.commit([said(m, n) for n, m in enumerate(numbered, 1)], [])
    return numbered


def what_is_there(server: Medplum) -> dict[str, Json]:
    """By kind and identifier; each is there once."""
    found = [one for kind in KINDS for one in server.search(kind)]
    names = Counter((one["resourceType"], str(one["identifier"][0])) for one in found)
    assert set(names.values()) <= {1}, names.most_common(3)
    return {f"{one['resourceType']} {one['identifier'][0]}": one for one in found}


def expect_all(server: Medplum, messages: list[Message]) -> None:
    """Each is found by its identifiers and says what it said. Of a reading the last revision counts."""
    what_is_there(server)
    last = {(m.hub, m.id, m.revision if isinstance(m, Alert) else 0): m for m in messages}
    for message in last.values():
        kinds = ("Observation", "Communication")
        own = [one for one in resources(message) if one["resourceType"] in kinds]
        assert message_of([found for one in own for found in server.by_identifier(one)]) == message


async def command(*words: str) -> int:
    return await asyncio.to_thread(ward_command.main, list(words))


@pytest.mark.parametrize("transactions", ["on", "off"])
async def test_everything_is_taken_once_and_comes_back_as_it_was(
    medplum: Medplum, store: WardStore, tmp_path: Path, capsys: pytest.CaptureFixture[str], transactions: str
) -> None:
    """With its transactions, 8 resources each; and without, as this server comes."""
    medplum.tell(f"transactions {transactions}")
    messages = await came(store, *everything())
    push = ("fhir", "--once", "--database", str(tmp_path / "ward.db"), "--to")
    assert await command(*push, medplum.url) == 0
    assert capsys.readouterr() == (f"{len(messages)} messages handed on, 0 refused.\n", "")
    expect_all(medplum, messages)
    before = what_is_there(medplum)
    # Under another address the same server is one that has got nothing yet.
    assert await command(*push, medplum.url.replace("127.0.0.1", "localhost")) == 0
    after = what_is_there(medplum)
    assert {name: one["id"] for name, one in after.items()} == {name: one["id"] for name, one in before.items()}
    expect_all(medplum, messages)


async def test_it_is_found_as_people_search(medplum: Medplum, store: WardStore) -> None:
    await came(store, *everything())
    push = Push(store.database, Server(medplum.url), pytest.fail)
    await push.begin()
    await push.run(once=True)
    (patient,) = medplum.search("Patient", ("identifier", "urn:wardgate:1:id:patient|patient-1"))
    subject = ("subject", f"Patient/{patient['id']}")
    (pressure,) = medplum.search("Observation", subject, ("code", "http://loinc.org|85354-9"))
    assert {part["code"]["text"] for part in pressure["component"]} == {"systolic", "diastolic", "mean"}
    weights = medplum.search("Observation", subject, ("code", "http://loinc.org|29463-7"))
    assert {one["status"] for one in weights} == {"final", "corrected"}
    assert weights == medplum.search("Observation", subject, ("code", "http://snomed.info/sct|27113001"))
    (fifth,) = medplum.search("Observation", subject, ("date", "2026-03-01T08:52:00Z"))
    assert fifth["meta"]["security"][0]["code"] == "HTEST"
    said_of = medplum.search("Communication", subject)
    assert [one["priority"] for one in said_of] == ["stat"] * 3
    kept = [
        part["subject"]["reference"]
        for part in medplum.search("Observation")
        if "valueQuantity" in part and "subject" in part
    ]
    assert {one.partition("/")[0] for one in kept} == {"Patient"}


async def test_an_answer_that_is_lost_doubles_nothing(medplum: Medplum, store: WardStore) -> None:
    messages = await came(store, *everything(), *[reading(n) for n in range(100, 110)])
    push = Push(store.database, Server(medplum.url), pytest.fail)
    await push.begin()
    troubles = 0
    medplum.tell("lose 7")
    while True:
        try:
            if await push.step() == 0:
                break
        except NotNow:
            troubles += 1
    medplum.tell("lose 0")
    assert troubles >= 3
    expect_all(medplum, messages)


async def test_a_push_that_is_killed_goes_on_where_it_was(medplum: Medplum, store: WardStore, tmp_path: Path) -> None:
    messages = await came(store, *everything())
    words = ["fhir", "--once", "--database", str(tmp_path / "ward.db"), "--to", medplum.url]
    medplum.tell("transactions off")  # or the first would be refused for its size, and not done
    medplum.tell("hold")
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "wardgate", "ward", *words)
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.to_thread(medplum.wait_until_held)
    process.kill()
    await process.wait()
    before = what_is_there(medplum)
    assert before
    await store.database.run(lambda tx: tx.change("UPDATE fhir_servers SET until_s = 0"))
    assert await command(*words) == 0
    after = what_is_there(medplum)
    assert {name: after[name]["id"] for name in before} == {name: one["id"] for name, one in before.items()}
    expect_all(medplum, messages)


async def test_a_letter_stands_in_the_patients_record_once(medplum: Medplum, store: WardStore, tmp_path: Path) -> None:
    weights = [
        _replace(home.reading("weight", datetime(2026, 11, day, 8, tzinfo=UTC), weight=78.0), patient="copper-heron-93")
        for day in range(14, 21)
    ]
    await came(store, *weights)
    words = ("letter", "copper-heron-93", "--database", str(tmp_path / "ward.db"))
    assert await command(*words, "--enable", "--phone", "0116 000 0000", "--hours", "8am to 8pm") == 0
    for _ in range(2):
        assert await command(*words, "--week", "2026-11-20", "--send-to", medplum.url) == 0
    (patient,) = medplum.search("Patient", ("identifier", "urn:wardgate:1:id:patient|copper-heron-93"))
    (letter,) = medplum.search("DocumentReference", ("subject", f"Patient/{patient['id']}"))
    (attachment,) = [content["attachment"] for content in letter["content"]]
    assert "In your target" in base64.b64decode(attachment["data"]).decode()
    push = Push(store.database, Server(medplum.url), pytest.fail)
    await push.begin()
    await push.run(once=True)
    assert len(medplum.search("Patient")) == 1
    assert len(medplum.search("Observation", ("subject", f"Patient/{patient['id']}"))) == len(weights)
