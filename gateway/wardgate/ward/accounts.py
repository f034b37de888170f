"""Who may sign in at the ward's pages: accounts by role, passwords as scrypt hashes, sessions for one shift.

Everything is in the ward's database, so that a restart signs nobody out and several pages know the same people. A
session is kept as the hash of its token: who reads the database cannot use one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wardgate.counted import count
from wardgate.ward import audit, browsers
from wardgate.ward.database import Transaction
from wardgate.ward.seen import ROLE

NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")
LEAST: Final = 10
MOST: Final = 256
"""Characters of a password."""
SHIFT: Final = timedelta(hours=12)
"""How long a session lasts. A still page has no shorter limit: a list of alerts that goes dark warns nobody."""
FREE_TRIES: Final = 5
_WAIT_FIRST_S: Final = 60.0
_WAIT_LONGEST_S: Final = 900.0
_UNKNOWN: Final = ""
"""All names that nobody has share one count: whoever tries many of them fills no table."""
_LOG_N, _R, _P = 15, 8, 1
"""32 MiB and about a tenth of a second for each try: RFC 7914, and what OWASP names for scrypt."""
_MEMORY: Final = 2**26


class AccountError(ValueError):
    """The account cannot be made or used; the message says why."""


class Wait(Exception):
    """Too many tries: nothing is looked at for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"wait {seconds:.0f} s")
        self.seconds = seconds


class WrongPassword(Exception):
    """Name and password do not fit. `left` tries remain before the wait."""

    def __init__(self, left: int) -> None:
        super().__init__(f"{count(left, 'try', 'tries')} left")
        self.left = left


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    name: str
    role: str
    """What the hub is told: nurse, doctor. Never a person's name."""


def hashed(password: str) -> str:
    """A password as it is kept. It takes a tenth of a second and 32 MiB: call it in a thread."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, _LOG_N)
    return f"scrypt${_LOG_N}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def fits(password: str, kept: str) -> bool:
    """Whether a password is the kept one. As slow as `hashed`."""
    _, log_n, salt, digest = kept.split("$")
    return hmac.compare_digest(_scrypt(password, b64decode(salt), int(log_n)), b64decode(digest))


def _scrypt(password: str, salt: bytes, log_n: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**log_n, r=_R, p=_P, maxmem=_MEMORY, dklen=32)


NOBODYS: Final = f"scrypt${_LOG_N}${b64encode(bytes(16)).decode()}${b64encode(bytes(32)).decode()}"
"""Fits no password, as slowly as any other: an answer does not tell by its time whether there is such an account."""


def check_new(name: str, role: str, password: str) -> None:
    """Whether an account may be made so.

    Raises:
        AccountError: it may not.
    """
    if not NAME.fullmatch(name):
        raise AccountError(f"`{name}` is no account name. Use small letters, digits, dots and dashes: nurse-a.")
    if not ROLE.fullmatch(role):
        raise AccountError(f"`{role}` is no role. Say nurse, doctor, ...: small letters, and nobody's name.")
    if not LEAST <= len(password) <= MOST:
        raise AccountError(f"A password has {LEAST} to {MOST} characters. Three or four words are easy to keep.")


async def add(tx: Transaction, name: str, role: str, kept: str, at: datetime) -> bool:
    """Make an account, or give it a new role and password and end its sessions. Whether it is new."""
    known = await tx.rows("SELECT 1 FROM accounts WHERE name = $1 AND gone_s IS NULL", name)
    await tx.change(
        "INSERT INTO accounts VALUES ($1, $2, $3, $4, NULL) ON CONFLICT (name) DO UPDATE SET "
        "role = excluded.role, password = excluded.password, made_s = excluded.made_s, gone_s = NULL",
        name,
        role,
        kept,
        at.timestamp(),
    )
    await tx.change("DELETE FROM sessions WHERE account = $1", name)
    await tx.change("DELETE FROM attempts WHERE account = $1 OR account LIKE $2", name, f"{name} %")
    await audit.note(tx, "account-changed" if known else "account-added", name, at, role=role)
    return not known


async def remove(tx: Transaction, name: str, at: datetime) -> bool:
    """Nobody signs in as that any more, and its sessions end. Its acts stay. Whether there was one."""
    gone = await tx.change("UPDATE accounts SET gone_s = $1 WHERE name = $2 AND gone_s IS NULL", at.timestamp(), name)
    await tx.change("DELETE FROM sessions WHERE account = $1", name)
    if gone:
        await audit.note(tx, "account-removed", name, at)
    return bool(gone)


async def all_accounts(tx: Transaction) -> list[Account]:
    """Who may sign in, by name."""
    rows = await tx.rows("SELECT name, role FROM accounts WHERE gone_s IS NULL ORDER BY name")
    return [Account(name, role) for name, role in rows]


async def password_of(tx: Transaction, name: str, now: datetime, browser: str = "") -> str:
    """What is kept of an account's password; of one that nobody has, what fits none. `browser`: its cookie.

    Raises:
        Wait: it was tried too often.
    """
    kept = await _kept(tx, name)
    _, until_s = await _attempts(tx, _counted(name, kept, browser))
    if until_s > now.timestamp():
        raise Wait(until_s - now.timestamp())
    return NOBODYS if kept is None else kept


async def failed(tx: Transaction, name: str, now: datetime, browser: str = "") -> int:
    """Count a wrong password. How many tries are left before one has to wait; 0 when that begins now."""
    kept = await _kept(tx, name)
    counted = _counted(name, kept, browser)
    await tx.alone("attempts")
    failures = (await _attempts(tx, counted))[0] + 1
    beyond = failures - FREE_TRIES
    wait_s = 0.0 if beyond < 0 else min(_WAIT_LONGEST_S, _WAIT_FIRST_S * 2.0 ** min(beyond, 10))
    await tx.change(
        "INSERT INTO attempts VALUES ($1, $2, $3) ON CONFLICT (account) DO UPDATE SET "
        "failed = excluded.failed, until_s = excluded.until_s",
        counted,
        failures,
        now.timestamp() + wait_s,
    )
    await audit.note(tx, "refused", "(no account)" if kept is None else name, now, failed=failures)
    return max(0, -beyond)


async def begin(tx: Transaction, name: str, kept: str, now: datetime, browser: str = "") -> str | None:
    """A new session of an account whose password was right. Its token; None when the account has changed meanwhile."""
    if await _kept(tx, name) != kept:
        return None
    token = secrets.token_urlsafe(32)
    await tx.change("DELETE FROM sessions WHERE until_s < $1", now.timestamp())
    until_s = (now + SHIFT).timestamp()
    await tx.change("INSERT INTO sessions VALUES ($1, $2, $3, $4)", _of(token), name, now.timestamp(), until_s)
    await tx.change("DELETE FROM attempts WHERE account = $1", _counted(name, kept, browser))
    await audit.note(tx, "signed-in", name, now)
    return token


async def _kept(tx: Transaction, name: str) -> str | None:
    rows = await tx.rows("SELECT password FROM accounts WHERE name = $1 AND gone_s IS NULL", name)
    return str(rows[0][0]) if rows else None


def _counted(name: str, kept: str | None, browser: str) -> str:
    """Under what name tries are counted: a browser that this account has used before has a count of its own."""
    if kept is None:
        return _UNKNOWN
    return f"{name} {browsers.number_of(browser, name, kept)}".rstrip()


async def who(tx: Transaction, token: str, now: datetime) -> Account | None:
    """Whose session it is, while it lasts."""
    rows = await tx.rows(
        "SELECT accounts.name, accounts.role FROM sessions JOIN accounts ON accounts.name = sessions.account "
        "WHERE token = $1 AND until_s > $2 AND gone_s IS NULL",
        _of(token),
        now.timestamp(),
    )
    return Account(*rows[0]) if rows else None


async def end(tx: Transaction, token: str, now: datetime) -> None:
    """Sign out."""
    rows = await tx.rows("SELECT account FROM sessions WHERE token = $1", _of(token))
    if rows:
        await tx.change("DELETE FROM sessions WHERE token = $1", _of(token))
        await audit.note(tx, "signed-out", rows[0][0], now)


def form_key(token: str) -> str:
    """What every form of a session carries: another site's page cannot know it."""
    return hashlib.sha256(b"form " + token.encode()).hexdigest()


def _of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def _attempts(tx: Transaction, name: str) -> tuple[int, float]:
    rows = await tx.rows("SELECT failed, until_s FROM attempts WHERE account = $1", name)
    return (int(rows[0][0]), float(rows[0][1])) if rows else (0, 0.0)
