"""The documents of the contract: generated, current, and true of what hubs and wards really say."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.messages import alert, event, reading
from wardgate.contract import topics
from wardgate.contract.commands import CommandAnswer, TakeNote
from wardgate.contract.messages import Ack, Refusal, State
from wardgate.contract.schema import documents, json_schema
from wardgate.contract.signing import PrivateKey
from wardgate.store.outbox import encode, numbered
from wardgate.ward.commands import command, configuration

jsonschema: Any = importlib.import_module("jsonschema")  # it brings no types
ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

SAID = {
    "reading": numbered(encode(reading(1)), b"abcd", 7),
    "alert": numbered(encode(alert(1)), b"abcd", 8),
    "event": numbered(encode(event(1)), b"abcd", 9),
    "state": msgspec.json.encode(State(hub="hub-1", online=True, epoch="abcd")),
    "ack": msgspec.json.encode(
        Ack(hub="hub-1", epoch="abcd", cumulative=7, selective=(9,), refused=(Refusal(seq=8, reason="no"),))
    ),
    "answer": msgspec.json.encode(
        CommandAnswer(
            hub="hub-1", nonce="0" * 32, kind="note", result="refused", reason="expired", sentence="No.", at=NOW
        )
    ),
    "command": msgspec.json.encode(command("hub-1", "a-1", TakeNote(note="diuretic_up"))),
    "configuration": msgspec.json.encode(configuration("hub-1", "a-1", 7, limits={"gain_3_days_kg": 1.5})),
    "signed": PrivateKey.new("ward-1").envelope(command("hub-1", "a-1", TakeNote(note="diuretic_up"))),
}


def test_the_checked_in_documents_are_current() -> None:
    there = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "docs" / "contract").iterdir()}
    assert there == documents(), "run: make contract"


def test_the_command_writes_the_documents(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "wardgate.contract.schema", str(tmp_path / "out")], check=True)
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == sorted(documents())


@pytest.mark.parametrize("name", SAID)
def test_what_is_really_said_is_as_the_schema_says(name: str) -> None:
    schema = json_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(SAID[name]))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("reading", {"channel": "height"}),
        ("reading", {"seq": 0}),
        ("reading", {"epoch": ""}),
        ("reading", {"schema": "wardgate/reading/2"}),
        ("reading", {"quantities": [{"name": "weight", "value": "78"}]}),
        ("alert", {"revision": 0}),
        ("alert", {"sentence": ""}),
        ("event", {"severity": "fatal"}),
        ("state", {"online": "yes"}),
        ("ack", {"cumulative": -1}),
        ("answer", {"result": "perhaps"}),
        ("command", {"do": {"kind": "open-the-door"}}),
        ("command", {"nonce": "7"}),
        ("command", {"also": 1}),
        ("configuration", {"version": 0}),
        ("configuration", {"broker": {"host": "elsewhere"}}),
        ("signed", {"signature": "AAAA"}),
    ],
)
def test_what_must_not_be_said_is_not_valid(name: str, change: dict[str, Any]) -> None:
    wrong = json.loads(SAID[name]) | change
    assert not jsonschema.Draft202012Validator(json_schema(name)).is_valid(wrong)


@pytest.mark.parametrize("field", ["schema", "epoch", "seq", "id"])
def test_a_reading_without_its_number_or_id_is_not_valid(field: str) -> None:
    wrong = json.loads(SAID["reading"])
    del wrong[field]
    assert not jsonschema.Draft202012Validator(json_schema("reading")).is_valid(wrong)


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [r for value in node.values() for r in _references(value)]
    return [r for value in node for r in _references(value)] if isinstance(node, list) else []


def test_the_asyncapi_document_hangs_together() -> None:
    document = json.loads(documents()["asyncapi.json"])
    references = _references(document)
    assert references
    for reference in references:
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert addresses == {topics.up("{hub}", x) for x in ("reading", "test", "alert", "event", "state", "answer")} | {
        topics.down("{hub}", x) for x in ("ack", "command", "config")
    }
    assert document["operations"]["sendState"]["bindings"]["mqtt"]["retain"] is True


def test_a_test_is_a_reading_on_a_topic_of_its_own() -> None:
    document = json.loads(documents()["asyncapi.json"])
    payloads = {name: document["components"]["messages"][name]["payload"] for name in ("reading", "test")}
    assert payloads["reading"] == payloads["test"]
    assert document["channels"]["test"]["address"] == "wardgate/1/{hub}/up/test"


def test_a_topic_names_its_hub_and_nothing_else() -> None:
    assert topics.hub_of(topics.up("hub-1", "reading")) == "hub-1"
    assert topics.hub_of("wardgate/1/hub-1") is None
    assert topics.hub_of("other/1/hub-1/up/reading") is None
    assert topics.hub_of("wardgate/1//up/reading") is None
