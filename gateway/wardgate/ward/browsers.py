"""Browsers at which an account has signed in before: a stranger's wrong passwords do not keep those out.

Tries are limited for each account, or guessing would be free; but then whoever knows an account's name could keep a
nurse from the list of alerts for as long as they like. So a browser keeps a mark of each account that has signed in
there, and its tries are counted by themselves (OWASP: device cookies). A mark opens nothing. It is made with the hash
of the password, which nobody outside the database knows, and ends with it; nothing is kept here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

_MOST: Final = 20
"""Accounts at one browser, those that signed in last: a ward's own computer has many."""
_COOKIE: Final = re.compile(r"[0-9a-f]{16}(?:\.[0-9a-f]{32}){1,20}")


def marked(cookie: str, name: str, kept: str) -> str:
    """The cookie of a browser at which this account has just signed in. `kept`: its password's hash."""
    number, marks = _parts(cookie)
    number = number or secrets.token_hex(8)
    mark = _mark(number, name, kept)
    return ".".join((number, *[mark, *(m for m in marks if m != mark)][:_MOST]))


def number_of(cookie: str, name: str, kept: str) -> str:
    """The number of a browser at which this account has signed in with this password; empty for any other."""
    number, marks = _parts(cookie)
    mark = _mark(number, name, kept)
    return number if any(hmac.compare_digest(mark, m) for m in marks) else ""


def _parts(cookie: str) -> tuple[str, list[str]]:
    if not _COOKIE.fullmatch(cookie):
        return "", []
    number, *marks = cookie.split(".")
    return number, marks


def _mark(number: str, name: str, kept: str) -> str:
    return hmac.digest(kept.encode(), f"browser {number} {name}".encode(), hashlib.sha256).hex()[:32]
