"""The catalogue as a whole: nothing is in it that is not documented, checked by vectors, simulated and told apart."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from tests.support.vectors import frame_of, load
from wardgate.cli.devices_supported import supported
from wardgate.intake.judging import NotPlausible, judge
from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.errors import FrameError
from wardgate_drivers.evidence import EVIDENCE, UNSUPPORTED, Evidence, Frames, frames_of
from wardgate_drivers.measurement import Channel, Outcome
from wardgate_drivers.model.and_medical import UA_651BLE, UC_352BLE
from wardgate_drivers.model.catalogue import CATALOGUE, best_matches
from wardgate_drivers.model.declaration import Broadcast, ClockPolicy, Gatt, Match, Model, Serial
from wardgate_drivers.registry import claimed, complaints
from wardgate_drivers.vector_fields import DECODERS
from wardgate_sim.backend import open_hub
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.home import FIRMWARE, Home
from wardgate_sim.radio import Link
from wardgate_sim.scenario import DeviceSpec, Scenario

VECTORS = load()
TWO = (UA_651BLE, UC_352BLE)


def of(*models: Model, evidence: dict[str, Evidence] | None = None, firmware: set[str] | None = None) -> list[str]:
    """The complaints about these models, each simulated and documented unless it is said otherwise."""
    known = {m.id: EVIDENCE.get(m.id, EVIDENCE["and-ua-651ble"]) for m in models} if evidence is None else evidence
    return complaints(models, known, DECODERS, VECTORS, {m.id for m in models} if firmware is None else firmware)


def test_nothing_is_missing_for_any_model() -> None:
    assert complaints(CATALOGUE, EVIDENCE, DECODERS, VECTORS, FIRMWARE) == []


@pytest.mark.parametrize("model", [m for m in CATALOGUE if not isinstance(m.link, Serial)], ids=lambda m: m.id)
async def test_a_simulated_device_is_recognised_by_what_it_shouts(model: Model) -> None:
    link = Link()
    spec = DeviceSpec(id="d", model=model.id, address="F0:0B:5E:C7:A1:39")
    scenario = Scenario(name="one", hub="h", patient_pseudonym="p", assignment="a", device=(spec,))
    device = Home(scenario, link, lambda: datetime(2026, 11, 21, 12, tzinfo=UTC)).devices["d"]
    assert isinstance(device, Peripheral)
    heard: list[list[str]] = []
    recognised = asyncio.Event()

    def hear(found: BLEDevice, data: AdvertisementData) -> None:
        services = tuple(data.service_uuids)
        said = Advertisement(
            found.address, data.local_name, data.rssi, services, data.service_data, data.manufacturer_data
        )
        heard.append([m.id for m in best_matches(said, CATALOGUE)])
        if heard[-1] == [model.id]:
            recognised.set()

    async with open_hub(link) as radio, BleakScanner(hear, backend=radio.scanner):
        await device.start()
        await device.advertise()
        try:
            await asyncio.wait_for(recognised.wait(), 30)
        except TimeoutError:
            pytest.fail(f"taken for {heard[-1:]}")
        finally:
            await device.gatt.stop_advertising()
            await device.stop()


@pytest.mark.parametrize(
    "model", [m for m in CATALOGUE if isinstance(m.link, Gatt) and m.link.subscriptions], ids=lambda m: m.id
)
def test_what_a_model_subscribes_to_is_read_and_taken_by_the_hub(model: Model) -> None:
    """At least one vector of its layouts is a measurement of one of its channels in units that the intake knows."""
    assert isinstance(model.link, Gatt)
    taken = 0
    for vector in VECTORS:
        if vector["decoder"] not in EVIDENCE[model.id].decoders:
            continue
        for subscription in model.link.subscriptions:
            # A frame of another characteristic may be read as one of this, with values that cannot be.
            with contextlib.suppress(FrameError, NotPlausible):
                measurement = subscription.decode(frame_of(vector))
                if measurement is not None and measurement.outcome is Outcome.DECODE:
                    beside = (Channel.BODY_COMPOSITION,) if Channel.WEIGHT in model.channels else ()
                    assert measurement.channel in (*model.channels, *beside)
                    assert judge(measurement, {}, ()).quantities
                    taken += 1
    assert taken


def test_two_whole_models() -> None:
    assert of(*TWO) == []


def test_one_id_twice() -> None:
    twice = replace(UC_352BLE, id="and-ua-651ble")
    assert of(UA_651BLE, twice) == ["and-ua-651ble: there are 2 models of that id"]


def test_no_firmware() -> None:
    assert of(*TWO, firmware={"and-ua-651ble"}) == ["and-uc-352ble: no firmware in wardgate_sim.home"]


def test_no_documentation() -> None:
    assert of(UA_651BLE, evidence={}) == ["and-ua-651ble: no documentation (no entry in wardgate_drivers.evidence)"]
    empty = {"and-ua-651ble": Evidence(decoders=(), source="")}
    assert of(UA_651BLE, evidence=empty) == [
        "and-ua-651ble: no documentation (Evidence.source)",
        "and-ua-651ble: no vectors (Evidence.decoders)",
    ]


def test_no_vectors_and_no_codec() -> None:
    unknown = {"and-ua-651ble": Evidence(decoders=("acme.frame",), source="x")}
    assert of(UA_651BLE, evidence=unknown) == [
        "and-ua-651ble: its decoder acme.frame is not built",
        "and-ua-651ble: no vector of acme.frame that decodes",
    ]


def test_evidence_that_is_about_nothing() -> None:
    both = {m.id: EVIDENCE[m.id] for m in TWO}
    assert of(UA_651BLE, evidence=both) == ["and-uc-352ble: evidence for a model that does not exist"]


@pytest.mark.parametrize(
    ("first", "second", "claimants"),
    [
        (Match(name_prefixes=("A&D",)), Match(name_prefixes=("A&D",)), "a, b"),
        (Match(name_prefixes=("A&D_UA", "X")), Match(name_prefixes=("A&D_UA",)), "a, b"),
        (Match(service_uuids=("s1", "s2")), Match(service_uuids=("s2",)), "a, b"),
        (Match(service_data_uuids=("s1",)), Match(service_data_uuids=("s1",)), "a, b"),
    ],
)
def test_two_models_that_claim_one_advertisement(first: Match, second: Match, claimants: str) -> None:
    found = of(replace(UA_651BLE, id="a", match=first), replace(UA_651BLE, id="b", match=second))
    assert len(found) == 2
    assert all(f"is claimed by {claimants}" in what for what in found)


def test_a_longer_name_goes_before_a_shorter_one_and_a_name_before_a_service() -> None:
    one = replace(UA_651BLE, id="a", match=Match(name_prefixes=("BLESmart_",)))
    other = replace(UA_651BLE, id="b", match=Match(name_prefixes=("BLESmart_0000",)))
    third = replace(UA_651BLE, id="c", match=Match(service_uuids=("s1",)))
    assert of(one, other, third) == []
    heard = Advertisement("F0:00:00:00:00:01", "BLESmart_00001", -60, ("s1",), {}, {})
    assert [m.id for m in best_matches(heard, (one, other, third))] == ["b"]


def test_a_model_that_nobody_can_recognise() -> None:
    assert of(replace(UA_651BLE, match=Match())) == ["and-ua-651ble: no advertisement is its own (match)"]


def test_a_declaration_that_is_not_complete() -> None:
    broken = replace(UA_651BLE, id="A&D", channels=(), wake="", match=Match(name_prefixes=("A",)))
    assert of(broken) == [
        "A&D: its id is not made of lower case letters, digits and hyphens",
        "A&D: it measures nothing (channels)",
        "A&D: nobody is told how to make it talk (wake, a sentence)",
    ]
    shouting = replace(UA_651BLE, link=Broadcast(decode=lambda _: None), clock=ClockPolicy.WRITE_DATE_TIME)
    assert of(shouting) == ["and-ua-651ble: a clock policy, on a link that is not connected to"]


def test_claims_are_every_way_to_be_recognised() -> None:
    model = replace(UA_651BLE, match=Match(name_prefixes=("A", "B"), service_uuids=("s1", "s2")))
    assert [(c.name, c.service_uuids) for c in claimed(model)] == [
        ("A1A2B", ("s1",)), ("A1A2B", ("s2",)), ("B1A2B", ("s1",)), ("B1A2B", ("s2",)),
    ]  # fmt: skip


def test_evidence_is_counted_from_the_vectors() -> None:
    kinds = ["real capture", "real capture", "from a public test suite", "spec example", "constructed from spec"]
    vectors = [{"decoder": "x", "device": "Acme 1" if i else "Other 2", "kind": kind} for i, kind in enumerate(kinds)]
    evidence = Evidence(decoders=("x",), source="s", seen=("Acme",))
    assert frames_of(evidence, vectors) == Frames(1, 1, 2, 1)
    assert frames_of(evidence, vectors).level == "real capture"
    assert frames_of(replace(evidence, seen=()), vectors).level == "public document"
    assert frames_of(evidence, vectors[4:]).level == "constructed"
    faulty = [vectors[1] | {"context": {"quirk": "odd"}}]
    assert frames_of(evidence, faulty) == Frames(0, 0, 0, 0)
    assert frames_of(replace(evidence, quirk="odd"), faulty) == Frames(1, 0, 0, 0)


@pytest.mark.parametrize(
    "name",
    [
        "UC-355BLE", "JPD-500G", "My Oximeter", "Checkme O2", "SleepU", "PC-60NW", "FS20F", "KS-60", "CMS50E", "CMS50F",
        "500E-B", "BP3GY1", "Yongrow", "Metiko", "WB-3000", "HD-351BT", "Mi Body Composition Scale", "ES-CS20M",
        "ES-30M", "BS440", "BF710", "BF700", "BF800", "SBF75", "Wellue BP2", "Wellue O2Ring",
    ],
)  # fmt: skip
def test_what_a_device_is_also_called_is_found_on_the_page(name: str) -> None:
    assert name in supported(())


def test_what_cannot_be_supported_is_listed_with_its_reason() -> None:
    named = " ".join(device.name for device in UNSUPPORTED)
    for maker in ("iHealth", "Withings", "TytoCare", "Boso"):
        assert maker in named
    assert all(device.why.endswith(".") for device in UNSUPPORTED)


def test_every_channel_has_a_device() -> None:
    """A composition comes beside a weight, and is waited for by nobody."""
    awaited = {channel for model in CATALOGUE for channel in model.channels}
    assert awaited == set(Channel) - {Channel.BODY_COMPOSITION}
