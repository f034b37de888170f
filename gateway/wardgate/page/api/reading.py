"""What a request says, taken strictly: JSON alone, every field known and of its type, each parameter once."""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request

from wardgate.control.protocol import ControlError
from wardgate.page.api.bodies import DEVICE

T = TypeVar("T", bound=Struct)
_TYPE: Final = "application/json"


async def body_of(request: Request, to: type[T]) -> T:
    """The body.

    Raises:
        HTTPException: 415 for another kind of body, 400 for what is no JSON.
        ControlError: it is JSON, and cannot be used.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise HTTPException(415)
    raw = await request.body()
    no_query(request)
    try:
        return msgspec.json.decode(raw, type=to)
    except msgspec.ValidationError as error:
        raise _unusable(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HTTPException(400) from error


def device_of(request: Request) -> str:
    """The id in the path.

    Raises:
        ControlError: no device is called like that.
    """
    device = str(request.path_params["device"])
    if re.fullmatch(DEVICE, device, re.ASCII) is None:
        raise ControlError("no-such-device", "This home has no such device.", "The installation says which are here.")
    return device


def query_of(request: Request, to: type[T]) -> T:
    """What stands behind the address.

    Raises:
        ControlError: it cannot be used.
    """
    pairs = request.query_params.multi_items()
    found = {name: _number(text) for name, text in pairs}
    if len(found) != len(pairs):
        raise ControlError("bad-request", "A parameter is there twice.", "Say each once.")
    try:
        return msgspec.convert(found, to)
    except msgspec.ValidationError as error:
        raise _unusable(error) from error


def no_query(request: Request) -> None:
    """Nothing stands behind the address of an act.

    Raises:
        ControlError: something does.
    """
    if request.url.query:
        raise ControlError("bad-request", "An act takes no parameters.", "Say it in the body.")


def _number(text: str) -> object:
    """A number where it is written as one."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text
    return value if isinstance(value, int | float) and not isinstance(value, bool) else text


def _unusable(error: Exception) -> ControlError:
    what_to_do = "Compare it with the document: /api/1/openapi.json"
    return ControlError("bad-request", f"The request cannot be used: {error}.", what_to_do)
