"""The contract as machines read it, made from the message types.

`python -m wardgate.contract.schema OUTDIR` writes a JSON Schema for each message and the AsyncAPI 3 document.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from wardgate.contract import topics
from wardgate.contract.commands import Command, CommandAnswer, Configuration, Envelope
from wardgate.contract.messages import Ack, Alert, Event, Reading, State

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_UP: Final[dict[str, type[Struct]]] = {
    "reading": Reading,
    "test": Reading,
    "alert": Alert,
    "event": Event,
    "state": State,
    "answer": CommandAnswer,
}
_DOWN: Final[dict[str, type[Struct]]] = {"ack": Ack, "command": Envelope, "config": Envelope}
_MESSAGES: Final = _UP | _DOWN
_SIGNED: Final[dict[str, type[Struct]]] = {"command": Command, "configuration": Configuration}
"""What the bytes in an envelope say."""
_SCHEMAS: Final[dict[str, type[Struct]]] = (
    {name: kind for name, kind in _MESSAGES.items() if kind is not Envelope and name != "test"}
    | {"signed": Envelope}
    | _SIGNED
)
"""A test is a reading and has no schema of its own."""
_ALWAYS: Final = ("schema", "epoch", "seq")
"""They have a default in the program, which fills them in late, but stand in every message that is sent."""
_SUMMARY: Final = {
    "reading": "A measurement the hub stands behind.",
    "test": "A reading that was taken to try the way out; it is nobody's.",
    "alert": "One revision of an episode.",
    "event": "A technical fact.",
    "state": "Retained: birth, heartbeat and last will.",
    "ack": "What the ward has committed.",
    "answer": "What became of a command or a configuration.",
    "command": "A signed command, in an envelope.",
    "config": "A signed configuration, in an envelope.",
}


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one message: reading, alert, event, state, answer, ack, signed, command or configuration."""
    body = msgspec.json.schema(_SCHEMAS[name])
    definitions: dict[str, Any] = body["$defs"]
    _complete(definitions)
    root = definitions.pop(_SCHEMAS[name].__name__)
    rest = {"$defs": definitions} if definitions else {}
    return {"$schema": _DIALECT, "$id": f"urn:wardgate:1:{name}", **root, **rest}


def _complete(definitions: dict[str, Any]) -> None:
    """Say of the messages what their types cannot: the fields that are always there, numbers that begin at 1."""
    for kind in _SCHEMAS.values():
        schema = definitions.get(kind.__name__)
        if schema is None:
            continue
        present = [f for f in _ALWAYS if f in schema["properties"] and f not in schema.get("required", [])]
        schema["required"] = present + schema.get("required", [])
        for field in present:
            schema["properties"][field].pop("default", None)
        if "seq" in present:
            schema["properties"]["seq"]["minimum"] = 1
            schema["properties"]["epoch"]["minLength"] = 1


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document, from the hub's side: it sends what goes up and receives what comes down."""
    _, schemas = msgspec.json.schema_components(_SCHEMAS.values(), ref_template="#/components/schemas/{name}")
    _complete(schemas)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Wardgate, hub and ward",
            "version": "1.0.0",
            "description": "What a Wardgate hub says to a virtual ward over MQTT 5, and what it expects to hear. "
            "docs/ward.md explains it.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": topics.CONTENT_TYPE,
        "channels": {
            name: {
                "address": (topics.up if name in _UP else topics.down)("{hub}", name),
                "description": _SUMMARY[name],
                "parameters": {"hub": {"description": "the hub's id, which is also its MQTT client id"}},
                "messages": {name: {"$ref": f"#/components/messages/{name}"}},
            }
            for name in _MESSAGES
        },
        "operations": {
            f"{'send' if name in _UP else 'receive'}{name.capitalize()}": {
                "action": "send" if name in _UP else "receive",
                "channel": {"$ref": f"#/channels/{name}"},
                "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
                "bindings": {"mqtt": {"qos": 1, "retain": name == "state", "bindingVersion": "0.2.0"}},
            }
            for name in _MESSAGES
        },
        "components": {
            "messages": {
                name: {
                    "name": name,
                    "summary": _SUMMARY[name],
                    "contentType": topics.CONTENT_TYPE,
                    "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
                }
                for name, kind in _MESSAGES.items()
            },
            "schemas": schemas,
        },
    }


def documents() -> dict[str, str]:
    """Every file of the contract by its name."""
    found = {f"{name}.schema.json": json_schema(name) for name in _SCHEMAS} | {"asyncapi.json": asyncapi()}
    return {name: json.dumps(body, indent=2, ensure_ascii=False) + "\n" for name, body in found.items()}


def main() -> None:
    """Write the files."""
    if len(sys.argv) != 2:
        sys.exit("Say where to write: python -m wardgate.contract.schema OUTDIR")
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (directory / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(documents())} files in {directory}\n")


if __name__ == "__main__":
    main()
