"""Who and what a message is about: patient, device, hub. By identifiers of ours, and no more than a hub knows."""

from __future__ import annotations

import re
import uuid
from typing import Final
from urllib.parse import quote

from wardgate.contract.messages import DeviceBlock
from wardgate.ward.fhir.codes import FIRMWARE, GATEWAY, MDC, SIMPLE_MDS
from wardgate.ward.fhir.extension import Json, is_plain

_SYSTEM: Final = "urn:wardgate:1:id:"
_MAC: Final = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")
_MAC_TYPE: Final = {"system": "http://hl7.org/fhir/uv/phd/CodeSystem/ContinuaDeviceIdentifiers", "code": "BTMAC"}


def identifier(kind: str, *parts: str) -> Json:
    """One of ours. What could mean something in a search is escaped."""
    return {"system": _SYSTEM + kind, "value": "/".join(quote(part, safe="") or "-" for part in parts)}


def urn(of: Json) -> str:
    """The name of a resource within a bundle, the same each time."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, of['system'] + '|' + of['value'])}"


def patient(pseudonym: str) -> Json:
    """A patient, known by a pseudonym alone."""
    return {"resourceType": "Patient", "identifier": [identifier("patient", pseudonym)]}


def hub(name: str) -> Json:
    """The hub: a personal health gateway."""
    return {
        "resourceType": "Device",
        "identifier": [identifier("hub", name)],
        "manufacturer": "Wardgate",
        "type": {"coding": [{"system": MDC, "code": GATEWAY}], "text": "MDC_MOC_VMS_MDS_AHD"},
    }


def device(hub_name: str, block: DeviceBlock) -> Json:
    """A device in a home. Another address or serial number is another device; new firmware is not."""
    found: Json = {
        "resourceType": "Device",
        "identifier": [
            identifier("device", hub_name, block.id, block.model, block.address or "", block.serial or ""),
        ],
        "type": {"coding": [{"system": MDC, "code": SIMPLE_MDS}], "text": "MDC_MOC_VMS_MDS_SIMP"},
    }
    address = (block.address or "").upper()
    if _MAC.fullmatch(address):
        found["identifier"].append(
            {
                "type": {"coding": [_MAC_TYPE]},
                "system": "http://hl7.org/fhir/sid/eui-48/bluetooth",
                "value": address.replace(":", "-"),
            }
        )
    if is_plain(block.model):
        found["modelNumber"] = block.model
    if block.serial and is_plain(block.serial):
        found["serialNumber"] = block.serial
    if block.firmware and is_plain(block.firmware):
        found["version"] = [{"type": {"coding": [{"system": MDC, "code": FIRMWARE}]}, "value": block.firmware}]
    return found


def reference(resource: Json) -> Json:
    """To a resource of the same bundle."""
    return {"reference": urn(resource["identifier"][0])}
