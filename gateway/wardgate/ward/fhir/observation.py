"""A reading as Observations: one a quantity, but systolic, diastolic and mean as the panel that they are."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

import msgspec

from wardgate.contract.codes import PANEL
from wardgate.contract.messages import Quantity, Reading
from wardgate.ward.fhir import things
from wardgate.ward.fhir.codes import ABSOLUTE_TIME, ALSO_LOINC, ALSO_SNOMED, LOINC, MDC, SNOMED, UCUM
from wardgate.ward.fhir.extension import BASE, Json, fields_of, instant, is_plain, of_struct

_IN_PANEL: Final = frozenset({"systolic", "diastolic", "mean"})
_QUANTITY: Final = BASE + "quantity"
_LOINC: Final = re.compile(r"[0-9]{1,7}-[0-9]")
_GATEWAY: Final = "http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice"
_VITAL: Final = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]
}
_QUESTIONABLE: Final = {
    "coding": [{"system": "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status", "code": "questionable"}]
}
_TEST: Final = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
_UNKNOWN: Final = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}]
}


def of_reading(reading: Reading) -> list[Json]:
    """Hub, device, patient, coincident time stamp and the Observations, in the order of their creation."""
    hub, device = things.hub(reading.hub), things.device(reading.hub, reading.device)
    found = [hub, device]
    common: Json = {
        "resourceType": "Observation",
        "extension": [{"url": _GATEWAY, "valueReference": things.reference(hub)}],
        "status": "final" if reading.revision == 1 else "corrected",
        "effectiveDateTime": instant(reading.time.taken),
        "issued": instant(reading.time.received),
        "device": things.reference(device),
    }
    if reading.test:
        common["meta"] = {"security": [_TEST]}
    if not reading.quality.good:
        common["interpretation"] = [_QUESTIONABLE]
    if reading.patient is not None and reading.attribution == "assigned":
        patient = things.patient(reading.patient)
        found.append(patient)
        common |= {"subject": things.reference(patient), "category": [_VITAL]}
    stamp = _coincident(reading, hub, device)
    if stamp:
        found.append(stamp)
        common["derivedFrom"] = [things.reference(stamp)]
    return found + _observations(reading, common)


def _observations(reading: Reading, common: Json) -> list[Json]:
    """The first one carries all that the reading says beside its values."""
    numbered = list(enumerate(reading.quantities))
    panel = [(n, q) for n, q in numbered if q.name in _IN_PANEL] if reading.channel in PANEL else []
    alone = [(n, q) for n, q in numbered if (n, q) not in panel]
    said = [_panel(reading, panel)] if panel or not alone else []
    said += [_single(n, q) for n, q in alone]
    found = [{**common, **one, "extension": common["extension"] + one.get("extension", [])} for one in said]
    for place, observation in enumerate(found):
        observation["identifier"] = [things.identifier("reading", reading.hub, reading.id, str(place))]
    message = of_struct(reading, ("quantities", "time.taken", "time.received"))
    message["extension"].append({"url": "quantities", "valueDecimal": len(numbered)})
    found[0]["extension"] = [*found[0]["extension"], message]
    return found


def _panel(reading: Reading, quantities: list[tuple[int, Quantity]]) -> Json:
    code = PANEL.get(reading.channel)
    concept = _code(code.loinc, code.mdc, "") if code else {"text": "a reading without values"}
    if not quantities:
        return {"code": concept, "dataAbsentReason": _UNKNOWN}
    return {"code": concept, "component": [_single(n, q) for n, q in quantities]}


def _single(place: int, quantity: Quantity) -> Json:
    """Code and value; what the device itself said, and where among the quantities it stood, beside it."""
    elsewhere = ("value", "loinc", "mdc") if _LOINC.fullmatch(quantity.loinc or "") else ("value", "mdc")
    extension = of_struct(quantity, elsewhere, _QUANTITY)
    extension["extension"].append({"url": "place", "valueDecimal": place})
    value: Json = {"value": quantity.value}
    if is_plain(quantity.unit) and " " not in quantity.unit:
        value |= {"unit": quantity.unit, "system": UCUM, "code": quantity.unit}
    return {
        "extension": [extension],
        "code": _code(quantity.loinc, quantity.mdc, quantity.name),
        "valueQuantity": value,
    }


def _code(loinc: str | None, mdc: int | None, name: str) -> Json:
    """The message's own codes first, then what others look for."""
    coding = []
    if loinc is not None and _LOINC.fullmatch(loinc):
        coding.append({"system": LOINC, "code": loinc})
    if mdc is not None:
        coding.append({"system": MDC, "code": str(mdc)})
    if coding and loinc in ALSO_LOINC:
        coding.append({"system": LOINC, "code": ALSO_LOINC[loinc]})
    if coding and loinc in ALSO_SNOMED:
        coding.append({"system": SNOMED, "code": ALSO_SNOMED[loinc]})
    concept: Json = {"coding": coding} if coding else {}
    if is_plain(name) or not coding:
        concept["text"] = name if is_plain(name) else "a quantity without a name"
    return concept


def _coincident(reading: Reading, hub: Json, device: Json) -> Json | None:
    """What the device's clock said, and the hub's, at one moment: as in HL7's guide for personal health devices."""
    time = reading.time
    if time.device_time is None:
        return None
    stamp: Json = {
        "resourceType": "Observation",
        "identifier": [things.identifier("coincident-time", reading.hub, reading.id)],
        "status": "final",
        "code": {"coding": [{"system": MDC, "code": ABSOLUTE_TIME}], "text": "MDC_ATTR_TIME_ABS"},
        "subject": things.reference(device),
        "device": things.reference(hub),
        "effectiveDateTime": instant(time.received),
    }
    try:
        if time.device_offset_s is None:
            raise OverflowError
        # Written as if the device kept UTC: its clock has no zone, and the offset is against the hub's UTC.
        stamp["valueDateTime"] = instant(time.received + timedelta(seconds=time.device_offset_s))
    except OverflowError:
        stamp["dataAbsentReason"] = _UNKNOWN
    return stamp


def reading_of(observations: list[Json]) -> Reading:
    """The reading that these Observations were made of, coincident time stamp or not.

    Raises:
        ValueError: they are not all the Observations of one reading.
    """
    first = next((one for one in observations if fields_of(one)), None)
    if first is None:
        raise ValueError("none of these carries a reading")
    fields = fields_of(first) or {}
    fields.setdefault("time", {})
    fields["time"] |= {"taken": first["effectiveDateTime"], "received": first["issued"]}
    found = [quantity for one in observations for part in one.get("component", [one]) if (quantity := _quantity(part))]
    found.sort(key=lambda quantity: int(quantity["place"]))
    if [quantity.pop("place") for quantity in found] != list(range(fields["quantities"])):
        raise ValueError("an Observation of this reading is missing, or there is one too many")
    fields["quantities"] = found
    return msgspec.convert(fields, Reading)


def _quantity(part: Json) -> Json | None:
    fields = fields_of(part, _QUANTITY)
    if fields is None:
        return None
    coding = part["code"].get("coding", [])
    own = {one["system"]: one["code"] for one in reversed(coding)}  # the message's own code is the first of its system
    fields["value"] = part["valueQuantity"]["value"]
    if LOINC in own:
        fields["loinc"] = own[LOINC]
    if MDC in own:
        fields["mdc"] = int(own[MDC])
    return fields
