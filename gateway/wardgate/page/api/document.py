"""The OpenAPI document: FastAPI writes what it knows of the routes, the message types say the rest.

`python -m wardgate.page.api.document OUTDIR` writes `openapi.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from msgspec import Struct

from wardgate.control.messages import Problem
from wardgate.page.api.acts import ACTS
from wardgate.page.api.bodies import DEVICE, SignIn, Visit

AT: Final = "/api/1"
_REF: Final = "#/components/schemas/{name}"
_RETRY: Final = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
_ABOUT: Final = """What the technician's pages of a Wardgate hub can do, for programs.

It is served by the hub itself while its pages are open: by its button, by command or by the ward, for 30 minutes. The
hub's certificate is its own; its SHA-256 stands on the label. `POST /sign-in` gives a token for the address and the
program that asked; 15 minutes without a request end it. Cookies are not looked at. One visit at a time sets a hub up.

An act that is asked for twice is done once and answered alike. With `revision`, an act is done only on the state that
was looked at. A hub that was given a patient or a device starts anew: requests wait some seconds for it.

Whatever is not done says why: `key` stays the same for the same reason, `sentence` and `what_to_do` are for people."""
_PROBLEMS: Final = {
    400: "This is no JSON.",
    401: "Nobody is signed in with this token, or not any more.",
    403: "The pages are closed, the code is wrong, or another site asked.",
    404: "There is no such device.",
    405: "This cannot be done here.",
    408: "The body did not arrive in time.",
    409: "The hub is not where this can be done, has moved on since, or is set up by somebody else.",
    413: "The body is larger than 64 KiB.",
    415: "The body is not `application/json`.",
    421: "The hub is not called that.",
    422: "This is JSON and cannot be used, or the hub would not do it.",
    429: "Too many wrong codes. Wait.",
    503: "The hub or the ward does not answer now, or the hub's disk refuses. Nothing was changed.",
}
_NOT_OF_A_SIGN_IN: Final = frozenset({401, 404, 409})
_OF_A_SIGN_IN_ALONE: Final = frozenset({429})


def answers(gives: Any) -> dict[int | str, dict[str, Any]]:
    """What a route gives when it was done; what it says when it was not is the same for all."""
    return {200: _is("It was done.", gives)}


def file_answers(kind: str, description: str) -> dict[int | str, dict[str, Any]]:
    """The same for a file."""
    schema = {"type": "object"} if kind == "application/json" else {"type": "string", "format": "binary"}
    return {200: {"description": description, "content": {kind: {"schema": schema}}}}


def asked(verb: str, takes: type[Struct], *, signed_in: bool = True, of_device: bool = False) -> dict[str, Any]:
    """What a route takes."""
    found: dict[str, Any] = {"security": [{"token": []}] if signed_in else []}
    parameters = _query(takes) if verb == "GET" else []
    if of_device:
        schema = {"type": "string", "pattern": DEVICE}
        parameters.append({"name": "device", "in": "path", "required": True, "schema": schema})
    if parameters:
        found["parameters"] = parameters
    if verb == "POST":
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": _schema(takes)}}}
    return found


def document(app: FastAPI) -> dict[str, Any]:
    """All of it."""
    made = get_openapi(title=app.title, version=app.version, description=_ABOUT, routes=app.routes)
    for operation in (one for path in made["paths"].values() for one in path.values()):
        alone = _NOT_OF_A_SIGN_IN if not operation["security"] else _OF_A_SIGN_IN_ALONE
        for status in _PROBLEMS:
            if status not in alone:
                operation["responses"][str(status)] = {"$ref": f"#/components/responses/{status}"}
    components = {
        "schemas": _schemas(),
        "responses": {str(status): _problem(status) for status in _PROBLEMS},
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "Of a sign-in."}},
    }
    return {**made, "servers": [{"url": AT}], "components": components}


def _problem(status: int) -> dict[str, Any]:
    said = _is(_PROBLEMS[status], Problem)
    return {**said, "headers": _RETRY} if status in (429, 503) else said


def _schemas() -> dict[str, Any]:
    """Of everything that comes or goes."""
    takes_and_gives = [kind for act in ACTS for kind in (act.takes, act.gives)]
    _, schemas = msgspec.json.schema_components([*takes_and_gives, SignIn, Visit, Problem], ref_template=_REF)
    return dict(sorted(schemas.items()))


def _is(description: str, what: Any) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _schema(what)}}}


def _schema(of: Any) -> dict[str, Any]:
    """A reference to it, or the thing itself; what it needs is among the components."""
    (schema,), _ = msgspec.json.schema_components([of], ref_template=_REF)
    return dict(schema)


def _query(takes: type[Struct]) -> list[dict[str, Any]]:
    (_,), components = msgspec.json.schema_components([takes], ref_template=_REF)
    body = components[takes.__name__]
    needed = body.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _not_null(schema)}
        for name, schema in body["properties"].items()
    ]


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """In an address what is not said is left out."""
    some = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    return {k: v for k, v in some[0].items() if k != "default" or v is not None}


def main(directory: Path) -> None:
    """Write it."""
    from wardgate.page.api.app import bare_api

    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document(bare_api()), indent=2, ensure_ascii=False) + "\n"
    (directory / "openapi.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
