"""Requests that nobody would think of, made by schemathesis from the document, to a real hub at each of its stages.

Every answer is one of those that the document tells: no 5xx but the 503 that is told, nothing beside the schema,
nothing done on a request that it forbids, nothing without a token. `WARDGATE_API_EXAMPLES`: how many for each act and
stage; with a patient, the edges of every field come besides.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema

from tests.support.boxed_door import BoxedDoor
from tests.support.served_setup import AGENT
from wardgate.page.api.app import bare_api
from wardgate.page.api.document import document

pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # within schemathesis
EXAMPLES = int(os.environ.get("WARDGATE_API_EXAMPLES", "3"))
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
ENDING = r"^/(sign-in|release|forget)$"
"""After these the hub is at another stage, or waits: they come last."""
Case = schemathesis.Case[Any]
Test = TypeVar("Test", bound=Callable[..., None])


def schema(*, edges: bool) -> BaseSchema:
    """The document; `edges` has every field tried at its limits and beyond."""
    config = {
        "generation": {"deterministic": True},
        "phases": {"coverage": {"enabled": edges}},
        "checks": {
            "enabled": False,
            **{name: {"enabled": True} for name in CHECKS},
            "not_a_server_error": {"enabled": True, "expected-statuses": ["2xx", "4xx", "503"]},
        },
    }
    return schemathesis.openapi.from_dict(document(bare_api()), config=SchemathesisConfig.from_dict(config))


def each_act(of: BaseSchema) -> Callable[[Test], Test]:
    """A test for each of the acts."""
    return cast("Callable[[Test], Test]", of.parametrize())


EDGES, FREE = schema(edges=True), schema(edges=False)
bounded = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Program:
    """What asks: signed in before each request, over one connection."""

    def __init__(self, door: BoxedDoor) -> None:
        self._door = door
        self._session = requests.Session()

    def tries(self, case: Case) -> None:
        headers = {"User-Agent": AGENT, "Authorization": f"Bearer {self._door.token()}"}
        case.call_and_validate(
            base_url=self._door.api, session=self._session, headers=headers, verify=str(self._door.certificate)
        )

    def stage(self) -> str:
        return self._door.do(self._door.boxed.stands()).stage


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoxedDoor]:
    one = BoxedDoor(tmp_path_factory.mktemp("door"))
    one.start()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def factory(door: BoxedDoor) -> Program:
    """Out of its box."""
    return Program(door)


@pytest.fixture(scope="module")
def claimed(door: BoxedDoor) -> Program:
    """The ward knows it."""
    door.claim()
    return Program(door)


@pytest.fixture(scope="module")
def assigned(door: BoxedDoor) -> Program:
    """It has a patient."""
    door.assign()
    return Program(door)


@each_act(FREE.exclude(path_regex=ENDING))
@bounded
def test_out_of_its_box(case: Case, factory: Program) -> None:
    factory.tries(case)


@each_act(FREE.exclude(path_regex=ENDING))
@bounded
def test_claimed(case: Case, claimed: Program) -> None:
    claimed.tries(case)


@each_act(EDGES.exclude(path_regex=ENDING))
@bounded
def test_with_a_patient(case: Case, assigned: Program) -> None:
    assigned.tries(case)


@each_act(EDGES.include(path="/release"))
@bounded
def test_taken_from_its_patient(case: Case, assigned: Program) -> None:
    assigned.tries(case)


@each_act(EDGES.include(path="/forget"))
@bounded
def test_forgotten(case: Case, assigned: Program) -> None:
    assigned.tries(case)


@each_act(EDGES.include(path="/sign-in"))
@bounded
def test_who_signs_in(case: Case, assigned: Program) -> None:
    assigned.tries(case)
