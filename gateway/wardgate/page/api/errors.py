"""What the API answers when something was not done: the sentence of the pages, and the status that fits its key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.responses import Response

from wardgate.control.messages import Problem
from wardgate.control.protocol import ControlError
from wardgate.page.setup.reasons import of_key, told

_STATUS: Final = {
    "sign-in-first": 401,
    "signed-out": 401,
    "taken-over": 401,
    "stolen-cookie": 401,
    "wrong-code": 403,
    "closed": 403,
    "no-such-device": 404,
    "no-page": 404,
    "not-here": 405,
    "too-slow": 408,
    "too-large": 413,
    "not-json": 415,
    "not-understood": 400,
    "wait": 429,
    "hub-away": 503,
    "ward-away": 503,
    "ward-not-trusted": 503,
    "ward-not-understood": 503,
    "busy": 503,
    "not-kept": 503,
    "damaged": 503,
    "record-damaged": 503,
    "failed": 500,
    "unknown-method": 500,
}
_OF_STATE: Final = frozenset(
    {
        "stale", "someone-else", "not-yet", "no-patient", "no-patient-yet", "has-patient", "not-claimed",
        "claimed-already", "assigned-already", "still-assigned", "still-leaving", "by-file", "unsent", "locked",
        "not-locked", "here-already", "in-configuration", "no-pairing-waits", "no-list", "no-endpoint", "no-code",
        "no-light", "no-report", "taken", "pairing-stays",
    }
)  # fmt: skip
"""Nothing is wrong with the request: the hub is not where it could be done."""
_BY_STATUS: Final = {
    400: "not-understood",
    403: "not-from-there",
    404: "no-page",
    405: "not-here",
    408: "too-slow",
    413: "too-large",
    415: "not-json",
    421: "not-this-address",
}
_AGAIN_S: Final = {429: "60", 503: "5"}


def status_of(key: str) -> int:
    """As HTTP says it."""
    return 409 if key in _OF_STATE else _STATUS.get(key, 422)


def refused(error: ControlError) -> Response:
    """What the hub, or this API, would not do."""
    said = told(error)
    return problem(status_of(error.key), Problem(key=error.key, sentence=said.sentence, what_to_do=said.what_to_do))


def of_status(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A request that cannot be served."""
    return of_reason(status, _BY_STATUS.get(status, "not-understood"), headers)


def of_reason(status: int, key: str, headers: Mapping[str, str] | None = None) -> Response:
    """The same for a reason of the pages' own."""
    said = of_key(key)
    return problem(status, Problem(key=key, sentence=said.sentence, what_to_do=said.what_to_do), headers)


def problem(status: int, what: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """As it is sent."""
    more = dict(headers or {})
    if status in _AGAIN_S:
        more["Retry-After"] = _AGAIN_S[status]
    if status == 401:
        more["WWW-Authenticate"] = "Bearer"
    return Response(msgspec.json.encode(what), status, more, "application/json")
