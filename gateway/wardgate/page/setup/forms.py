"""What browsers send: urlencoded forms alone, each field once, short."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

_TYPE: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 40
_MOST_LETTERS: Final = 200
"""Of a field: the longest is a patient's pseudonym or an address."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is hidden in every form of a page."""

    csrf: str
    revision: int
    action: str
    """Where the form goes: the page's own address."""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    """Names the page that was made; see `press_of`."""


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields, trimmed.

    Raises:
        HTTPException: 415 for another kind of body, 400 for one that is no form.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise HTTPException(415)
    try:
        text = (await request.body()).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=_MOST_FIELDS)
    except ValueError as error:  # not ASCII, not name=value, or too many
        raise HTTPException(400) from error
    fields = dict(pairs)
    if len(fields) != len(pairs) or any(len(v) > _MOST_LETTERS or not v.isprintable() for v in fields.values()):
        raise HTTPException(400)
    return {name: value.strip() for name, value in fields.items()}


def press_of(path: str, form: Mapping[str, str]) -> str:
    """Names one press: the same button of the same page, with the same filled in, pressed twice is one act. Who goes
    back and presses another one, or mends what was typed, does something else.
    """
    said = [path, *sorted(f"{name}={value}" for name, value in form.items() if name != "csrf")]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def revision_of(form: Mapping[str, str]) -> int:
    """The state that a form was made from.

    Raises:
        HTTPException: 400, it is no number.
    """
    text = form.get("revision", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise HTTPException(400)
    return int(text)
