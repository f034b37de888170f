"""Nothing is lost on the way to FHIR: the message comes back as it was, through a model that checks FHIR's rules."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.bundle import Bundle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.messages import reading
from wardgate.contract.codes import QUANTITY
from wardgate.contract.messages import Alert, Corrected, DeviceBlock, Event, Quality, Quantity, Reading, TimeBlock
from wardgate.ward.fhir import bundle, message_of, resources

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SENTENCE = TEXT.filter(lambda text: len(text) > 0)
TIMES = st.integers(0, 2**52).map(lambda after_us: datetime.fromtimestamp(0, UTC) + timedelta(microseconds=after_us))
WHOLE = st.integers(0, 2**53)


@st.composite
def quantities(draw: st.DrawFn, channel: str) -> tuple[Quantity, ...]:
    """Those that a hub tells of this channel, in any order; sometimes one that nobody knows."""
    known = [name for ch, name in QUANTITY if ch == channel]
    names = draw(st.lists(st.sampled_from(known), unique=True, max_size=6)) + draw(st.lists(TEXT, max_size=1))
    found = []
    for name in names:
        code = QUANTITY.get((channel, name))
        found.append(
            Quantity(
                name=name,
                value=draw(FLOATS),
                unit=code.ucum if code else draw(TEXT),
                original_value=draw(FLOATS),
                original_unit=draw(TEXT),
                loinc=code.loinc if code else draw(st.none() | TEXT),
                mdc=code.mdc if code else draw(st.none() | st.integers(-(2**31), 2**31)),
            )
        )
    return tuple(found)


CORRECTED = st.builds(Corrected, previous=TIMES, at=TIMES)


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    channel: Any = draw(st.sampled_from(sorted({ch for ch, _ in QUANTITY})))
    return Reading(
        epoch=draw(TEXT),
        seq=draw(WHOLE),
        id=draw(TEXT),
        hub=draw(TEXT),
        assignment=draw(TEXT),
        patient=draw(st.none() | TEXT),
        attribution=draw(st.sampled_from(["assigned", "unattributed"])),
        attribution_reason=draw(st.none() | TEXT),
        channel=channel,
        quantities=draw(quantities(channel)),
        time=draw(
            st.builds(
                TimeBlock,
                taken=TIMES,
                uncertainty_s=FLOATS.map(abs),
                basis=st.sampled_from(["arrival", "device-clock"]),
                received=TIMES,
                device_time=st.none() | TEXT,
                device_offset_s=st.none() | FLOATS,
                boot_id=TEXT,
                boottime_s=FLOATS.map(abs),
                synchronised=st.booleans(),
            )
        ),
        device=draw(
            st.builds(
                DeviceBlock,
                id=TEXT,
                model=TEXT,
                address=st.none() | st.just("C0:FF:EE:00:00:01") | TEXT,
                serial=st.none() | TEXT,
                firmware=st.none() | TEXT,
                user_index=st.none() | st.integers(0, 255),
                bonded=st.none() | st.booleans(),
            )
        ),
        quality=draw(
            st.builds(Quality, status=st.lists(TEXT).map(tuple), flags=st.lists(TEXT).map(tuple), good=st.booleans())
        ),
        backfill=draw(st.booleans()),
        test=draw(st.booleans()),
        frame=draw(st.binary(max_size=20)).hex(),
        revision=draw(st.integers(1, 3)),
        corrected=draw(st.none() | CORRECTED),
    )


ALERTS = st.builds(
    Alert,
    epoch=TEXT,
    seq=WHOLE,
    id=TEXT,
    revision=st.integers(1, 2**31),
    hub=TEXT,
    assignment=TEXT,
    patient=TEXT,
    sentence=SENTENCE,
    home_sentence=SENTENCE,
    inputs=st.dictionaries(TEXT, FLOATS | TEXT | st.none(), max_size=4),
    readings=st.lists(TEXT, max_size=3).map(tuple),
    raised=TIMES,
    changed=TIMES,
    pathways=st.lists(TEXT, max_size=2).map(tuple),
    acknowledged_revision=st.none() | st.integers(1, 9),
    acknowledged_by=st.none() | TEXT,
    acknowledged_at=st.none() | TIMES,
    quiet_until=st.none() | TIMES,
    corrected=st.none() | CORRECTED,
)
EVENTS = st.builds(
    Event,
    epoch=TEXT,
    seq=WHOLE,
    id=TEXT,
    hub=TEXT,
    code=TEXT,
    device=st.none() | TEXT,
    sentence=SENTENCE,
    what_to_do=TEXT,
    detail=st.dictionaries(TEXT, FLOATS | TEXT | st.booleans() | st.none(), max_size=4),
    at=TIMES,
)
MESSAGES = st.one_of(readings(), ALERTS, EVENTS)
QUIETLY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUIETLY
@given(MESSAGES)
def test_back_to_the_exact_message(message: Reading | Alert | Event) -> None:
    over_the_wire = json.loads(json.dumps(resources(message), allow_nan=False))
    back = message_of(over_the_wire)
    assert back == message
    assert msgspec.json.encode(back) == msgspec.json.encode(message)


@QUIETLY
@given(MESSAGES)
def test_every_resource_is_fhir_r4(message: Reading | Alert | Event) -> None:
    made = bundle([message, message])
    Bundle.model_validate(made)
    names = {entry["fullUrl"] for entry in made["entry"]}
    assert len(names) == len(made["entry"]) == len(resources(message)), "what is said twice is in it once"
    for entry in made["entry"]:
        get_fhir_model_class(entry["resource"]["resourceType"]).model_validate(entry["resource"])
        assert _references(entry["resource"]) <= names


def _references(element: Any) -> set[str]:
    """Every reference to another resource."""
    if isinstance(element, list):
        return set().union(*map(_references, element))
    if not isinstance(element, dict):
        return set()
    own = {element["reference"]} if "reference" in element else set()
    return own.union(*map(_references, element.values()))


@QUIETLY
@given(MESSAGES, st.randoms(use_true_random=False))
def test_a_server_may_change_the_order(message: Reading | Alert | Event, rng: random.Random) -> None:
    """Of the resources, of their extensions and of the fields of a JSON object. It keeps the order of codings."""
    made = resources(message)
    rng.shuffle(made)
    for resource in made:
        rng.shuffle(resource.get("extension", []))
        for component in resource.get("component", []):
            rng.shuffle(component["extension"])
    assert message_of(json.loads(json.dumps(made, sort_keys=True))) == message


def test_a_part_that_is_missing_is_noticed() -> None:

    second = Quantity(name="bmi", value=24, unit="kg/m2", original_value=24, original_unit="kg/m2")
    made = resources(msgspec.structs.replace(reading(1), quantities=(*reading(1).quantities, second)))
    with pytest.raises(ValueError, match="missing"):
        message_of(made[:-1])
    with pytest.raises(ValueError, match="carries"):
        message_of(made[-1:])
