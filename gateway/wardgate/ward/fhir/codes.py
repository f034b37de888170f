"""Code systems, and the codes that messages do not carry themselves.

LOINC's codes are those of the FHIR vital signs; SNOMED CT's are observable entities; MDC is ISO/IEEE 11073-10101.
"""

from __future__ import annotations

from typing import Final

LOINC: Final = "http://loinc.org"
MDC: Final = "urn:iso:std:iso:11073:10101"
SNOMED: Final = "http://snomed.info/sct"
UCUM: Final = "http://unitsofmeasure.org"

SIMPLE_MDS: Final = "65573"
"""MDC_MOC_VMS_MDS_SIMP: a personal health device."""
GATEWAY: Final = "531981"
"""MDC_MOC_VMS_MDS_AHD: what the PHD guide calls a personal health gateway."""
ABSOLUTE_TIME: Final = "67975"
"""MDC_ATTR_TIME_ABS: the code of a coincident time stamp of a device with a wall clock."""
FIRMWARE: Final = "531976"
"""MDC_ID_PROD_SPEC_FW."""

ALSO_LOINC: Final = {"59408-5": "2708-6", "8889-8": "8867-4"}
"""The code that the FHIR vital signs ask for beside a more exact one."""
ALSO_SNOMED: Final = {
    "29463-7": "27113001",  # body weight
    "39156-5": "60621009",  # body mass index
    "85354-9": "75367002",  # blood pressure
    "8480-6": "271649006",  # systolic
    "8462-4": "271650006",  # diastolic
    "8478-0": "6797001",  # mean
    "8867-4": "364075005",  # heart rate
    "8889-8": "78564009",  # pulse rate
    "59408-5": "431314004",  # peripheral oxygen saturation
    "8310-5": "386725007",  # body temperature
}
