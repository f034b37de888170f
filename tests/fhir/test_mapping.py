"""What stands where, as the FHIR vital signs and HL7's guide for personal health devices say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from tests.support.messages import BEGIN, alert, event, reading
from wardgate.contract.messages import Quality, Quantity, Reading
from wardgate.ward.fhir import bundle, resources

LOINC = "http://loinc.org"
MDC = "urn:iso:std:iso:11073:10101"
SNOMED = "http://snomed.info/sct"
GATEWAY = "http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice"


def pressure() -> Reading:
    figures = (
        ("systolic", 128.0, "8480-6", 150021),
        ("diastolic", 81.0, "8462-4", 150022),
        ("mean", 96.0, "8478-0", 150023),
    )
    quantities = [
        Quantity(name=n, value=v, unit="mm[Hg]", original_value=v, original_unit="mmHg", loinc=loinc, mdc=mdc)
        for n, v, loinc, mdc in figures
    ]
    pulse = Quantity(name="pulse", value=71.0, unit="/min", original_value=71.0, original_unit="/min", loinc="8867-4")
    return msgspec.structs.replace(reading(1), channel="blood_pressure", quantities=(*quantities, pulse))


def of_type(found: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [one for one in found if one["resourceType"] == name]


def codes(concept: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["system"], one["code"]) for one in concept["coding"]}


def test_blood_pressure_is_a_panel_and_the_pulse_stands_beside_it() -> None:
    _, panel, pulse = of_type(resources(pressure()), "Observation")
    assert codes(panel["code"]) == {(LOINC, "85354-9"), (MDC, "150020"), (SNOMED, "75367002")}
    assert "valueQuantity" not in panel
    parts = {next(c for s, c in codes(part["code"]) if s == LOINC): part for part in panel["component"]}
    assert list(parts) == ["8480-6", "8462-4", "8478-0"]
    unit = {"unit": "mm[Hg]", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
    assert parts["8480-6"]["valueQuantity"] == {"value": 128.0, **unit}
    assert (SNOMED, "271649006") in codes(parts["8480-6"]["code"])
    assert (LOINC, "8867-4") in codes(pulse["code"])
    assert pulse["valueQuantity"]["code"] == "/min"
    assert panel["identifier"] != pulse["identifier"]
    for one in (panel, pulse):
        assert [part["url"] for part in one["extension"]].count(GATEWAY) == 1, "a server may refuse a second one"


def test_oximetry_has_the_code_that_the_vital_signs_ask_for_beside_its_own() -> None:
    spo2 = Quantity(name="spo2", value=93, unit="%", original_value=93, original_unit="%", loinc="59408-5", mdc=150456)
    one = msgspec.structs.replace(reading(1), channel="saturation", quantities=(spo2,))
    (_, seen) = of_type(resources(one), "Observation")
    assert [c["code"] for c in seen["code"]["coding"] if c["system"] == LOINC] == ["59408-5", "2708-6"]


def test_the_coincident_time_stamp_sets_the_devices_clock_beside_the_hubs() -> None:
    """67975 is MDC_ATTR_TIME_ABS; the sensor is its subject, the gateway its device."""
    one = reading(1)
    found = resources(msgspec.structs.replace(one, time=msgspec.structs.replace(one.time, device_offset_s=-3600.0)))
    stamp, seen = of_type(found, "Observation")
    hub, device = of_type(found, "Device")
    names = {e["fullUrl"]: e["resource"] for e in bundle([one])["entry"]}
    assert codes(stamp["code"]) == {(MDC, "67975")}
    assert stamp["effectiveDateTime"] == "2026-03-01T08:01:00Z"
    assert stamp["valueDateTime"] == "2026-03-01T07:01:00Z"
    assert names[stamp["subject"]["reference"]]["identifier"] == device["identifier"]
    assert names[stamp["device"]["reference"]]["identifier"] == hub["identifier"]
    assert seen["derivedFrom"][0]["reference"] in names
    assert codes(hub["type"]) == {(MDC, "531981")}
    assert codes(device["type"]) == {(MDC, "65573")}
    assert device["identifier"][1]["value"] == "00-00-00-00-00-01"


def test_a_device_without_a_clock_has_none_and_one_that_cannot_be_compared_a_fault() -> None:
    one = reading(1)
    without = msgspec.structs.replace(one.time, device_time=None, device_offset_s=None)
    assert len(of_type(resources(msgspec.structs.replace(one, time=without)), "Observation")) == 1
    unknown = msgspec.structs.replace(one.time, device_offset_s=None)
    stamp, _ = of_type(resources(msgspec.structs.replace(one, time=unknown)), "Observation")
    assert "valueDateTime" not in stamp
    assert stamp["dataAbsentReason"]["coding"][0]["code"] == "unknown"


def test_what_may_be_another_persons_is_in_nobodys_record() -> None:
    doubtful = msgspec.structs.replace(reading(1), patient=None, attribution="unattributed")
    found = resources(doubtful)
    assert not of_type(found, "Patient")
    assert all("category" not in one for one in of_type(found, "Observation"))
    (_, seen) = of_type(found, "Observation")
    assert "subject" not in seen
    named = msgspec.structs.replace(reading(1), attribution="unattributed")
    assert not of_type(resources(named), "Patient")


def test_tests_and_poor_readings_are_marked() -> None:
    one = msgspec.structs.replace(reading(1), test=True, quality=Quality(good=False, flags=("motion",)))
    (_, seen) = of_type(resources(one), "Observation")
    assert seen["meta"]["security"][0]["code"] == "HTEST"
    assert seen["interpretation"][0]["coding"][0]["code"] == "questionable"


def test_each_revision_of_an_alert_is_said_once_and_names_its_reasons() -> None:
    second = msgspec.structs.replace(alert(1, revision=2), readings=(reading(1).id,))
    patient, _, said = resources(second)
    assert patient["identifier"] == [{"system": "urn:wardgate:1:id:patient", "value": "patient-1"}]
    assert (said["resourceType"], said["status"], said["priority"]) == ("Communication", "completed", "stat")
    assert said["payload"] == [{"contentString": second.sentence}]
    assert said["sent"] == (BEGIN + timedelta(minutes=2)).isoformat().replace("+00:00", "Z")
    (_, seen) = of_type(resources(reading(1)), "Observation")
    assert said["about"][0]["identifier"] == seen["identifier"][0]
    (_, _, first) = resources(alert(1))
    assert said["inResponseTo"][0]["identifier"] == first["identifier"][0]
    assert "inResponseTo" not in first


def test_an_event_concerns_the_hub_alone() -> None:
    _, said = resources(event(1))
    assert "subject" not in said
    assert said["priority"] == "urgent"


def test_a_reading_that_is_dated_anew_takes_the_place_of_the_first() -> None:
    """FHIR's conditional update: https://hl7.org/fhir/R4/http.html#cond-update."""
    later = msgspec.structs.replace(reading(1), revision=2)
    entries = bundle([reading(1), later])["entry"]
    assert len(entries) == len(bundle([reading(1)])["entry"])
    last = entries[-1]
    assert last["resource"]["status"] == "corrected"
    assert last["request"]["method"] == "PUT"
    assert last["request"]["url"].startswith("Observation?identifier=urn%3Awardgate%3A1%3Aid%3Areading%7C")
    assert [e["request"]["method"] for e in entries if e["resource"]["resourceType"] != "Observation"] == ["POST"] * 3


def test_nothing_is_created_twice() -> None:
    """FHIR's conditional create: https://hl7.org/fhir/R4/http.html#ccreate."""
    one = bundle([reading(1)])
    assert (one["type"], {e["request"]["method"] for e in one["entry"]}) == ("transaction", {"POST"})
    assert one["entry"][0]["request"] == {
        "method": "POST",
        "url": "Device",
        "ifNoneExist": "identifier=urn%3Awardgate%3A1%3Aid%3Ahub%7Chub-1",
    }
    assert len(bundle([reading(1), reading(2)])["entry"]) == len(one["entry"]) + 2
