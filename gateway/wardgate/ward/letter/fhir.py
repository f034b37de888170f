"""A letter as a FHIR R4 DocumentReference, for a ward that keeps or sends its letters elsewhere.

The patient is a pseudonym, and the letter in it is the one without a name.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import datetime

from wardgate.ward.fhir import things
from wardgate.ward.fhir.bundle import entry
from wardgate.ward.fhir.extension import Json, instant
from wardgate.ward.letter.record import Record
from wardgate.ward.letter.texts import Texts


def document(record: Record, texts: Texts, html: str, at: datetime) -> Json:
    """The resource. The same week written again has the same identifier."""
    body = html.encode()
    return {
        "resourceType": "DocumentReference",
        "identifier": [things.identifier("letter", record.patient, record.week.last.isoformat())],
        "status": "current",
        "type": {"text": "Weekly results letter to the patient"},
        "subject": {"type": "Patient", "identifier": things.identifier("patient", record.patient)},
        "date": instant(at),
        "content": [
            {
                "attachment": {
                    "contentType": "text/html; charset=utf-8",
                    "language": texts.code,
                    "data": b64encode(body).decode(),
                    "size": len(body),
                    "hash": b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode(),
                }
            }
        ],
        "context": {
            "period": {"start": record.week.first.isoformat(), "end": record.week.last.isoformat()},
        },
    }


def delivery(letter: Json) -> Json:
    """A transaction with a letter: the same week sent again takes the place of the one before.

    The patient is in it, too: a server finds what stands in a record by a reference, and few by an identifier alone.
    """
    patient = {"resourceType": "Patient", "identifier": [letter["subject"]["identifier"]]}
    placed = letter | {"subject": letter["subject"] | things.reference(patient)}
    entries = [entry(patient, again=False), entry(placed, again=True)]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}
