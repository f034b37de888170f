"""What the authority has issued and withdrawn, the claim codes it has given out, and who did what when.

One SQLite file beside the authority's key. A claim code is kept as its hash: who reads the file cannot claim with it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS issued(
    serial TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, key_hash TEXT NOT NULL,
    not_before TEXT NOT NULL, not_after TEXT NOT NULL, certificate BLOB NOT NULL, revoked TEXT, reason TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS issued_name ON issued(name);
CREATE TABLE IF NOT EXISTS code(
    hash TEXT PRIMARY KEY, hub TEXT NOT NULL, expires TEXT NOT NULL, serial TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS audit(
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, what TEXT NOT NULL, name TEXT, detail TEXT NOT NULL,
    chain TEXT NOT NULL
) STRICT;
"""
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing in it is taken for something else when it is read out."""
_GROUPS: Final = 4
_GROUP: Final = 4
"""80 bits: guessing is hopeless even without the limit on attempts."""
_MISREAD: Final = str.maketrans("OIL", "011")
Role = Literal["hub", "account", "server"]


class CodeRefused(Exception):
    """This claim code does not open: `why` is for the ward's log and not for whoever asked."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Issued(Struct, frozen=True, kw_only=True):
    """One certificate of this authority."""

    serial: str
    name: str
    role: Role
    not_before: datetime
    not_after: datetime
    certificate: bytes
    """PEM."""
    revoked: datetime | None = None
    reason: str | None = None


class AuditRow(Struct, frozen=True, kw_only=True):
    """What was done, and when."""

    at: datetime
    what: str
    name: str | None
    detail: str


def new_code() -> str:
    """A claim code as it is printed: XXXX-XXXX-XXXX-XXXX."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def _hashed(code: str) -> str:
    plain = "".join(letter for letter in code.upper().translate(_MISREAD) if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


class Register:
    """The authority's book. Every change and its audit line are one transaction.

    Other tables may stand in the same file (`referrals`): they go by `db`, `change` and `line`.
    """

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self.db: Final = sqlite3.connect(path, timeout=20.0, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    # Certificates

    def enter(self, issued: Issued, key_hash: str, code: str | None = None) -> None:
        """A certificate before it leaves the house; with `code`, the code is spent in the same breath.

        Raises:
            CodeRefused: another was quicker with it; nothing is entered.
        """
        with self.change():
            self.db.execute(
                "INSERT INTO issued(serial, name, role, key_hash, not_before, not_after, certificate) "
                "VALUES(?, ?, ?, ?, ?, ?, ?)",
                (
                    issued.serial,
                    issued.name,
                    issued.role,
                    key_hash,
                    issued.not_before.isoformat(),
                    issued.not_after.isoformat(),
                    issued.certificate,
                ),
            )
            if code is not None:
                spent = self.db.execute(
                    "UPDATE code SET serial = ? WHERE hash = ? AND serial IS NULL", (issued.serial, _hashed(code))
                )
                if spent.rowcount != 1:
                    raise CodeRefused("the code was used before")
            self.line("issued", issued.name, serial=issued.serial, role=issued.role, claimed=code is not None)

    def find(self, serial: str) -> Issued | None:
        """One certificate by its number, in hexadecimal."""
        row = self.db.execute("SELECT * FROM issued WHERE serial = ?", (serial.lower(),)).fetchone()
        return None if row is None else _issued(row)

    def of_key(self, name: str, key_hash: str, since: datetime) -> Issued | None:
        """What was issued for this very key lately and still holds: the answer was lost on the way."""
        row = self.db.execute(
            "SELECT * FROM issued WHERE name = ? AND key_hash = ? AND not_before >= ? AND revoked IS NULL",
            (name, key_hash, since.isoformat()),
        ).fetchone()
        return None if row is None else _issued(row)

    def of(self, name: str) -> list[Issued]:
        """All of a name, the oldest first."""
        rows = self.db.execute("SELECT * FROM issued WHERE name = ? ORDER BY not_before, rowid", (name,))
        return [_issued(row) for row in rows]

    def all(self) -> list[Issued]:
        """All there are, the oldest first."""
        return [_issued(row) for row in self.db.execute("SELECT * FROM issued ORDER BY not_before, rowid")]

    def revoked(self) -> list[Issued]:
        """All that were withdrawn."""
        rows = self.db.execute("SELECT * FROM issued WHERE revoked IS NOT NULL ORDER BY revoked")
        return [_issued(row) for row in rows]

    def revoke(self, name: str, serial: str | None, reason: str, now: datetime) -> list[str]:
        """Withdraw one certificate of a name, or all, and its unspent codes. The serials that this has changed."""
        with self.change():
            rows = self.db.execute(
                "UPDATE issued SET revoked = ?, reason = ? WHERE name = ? AND revoked IS NULL "
                "AND (?4 IS NULL OR serial = ?4) RETURNING serial",
                (now.isoformat(), reason, name, serial),
            ).fetchall()
            if serial is None:
                self.db.execute("DELETE FROM code WHERE hub = ? AND serial IS NULL", (name,))
            self.line("revoked", name, serials=[row[0] for row in rows], reason=reason)
        return [row[0] for row in rows]

    # Claim codes

    def give_code(self, hub: str, lasts: timedelta, now: datetime) -> str:
        """A new code for a hub; earlier ones that were not used are void."""
        code = new_code()
        with self.change():
            self.db.execute("DELETE FROM code WHERE hub = ? AND serial IS NULL", (hub,))
            self.db.execute(
                "INSERT INTO code(hash, hub, expires) VALUES(?, ?, ?)", (_hashed(code), hub, (now + lasts).isoformat())
            )
            self.line("code", hub, expires=(now + lasts).isoformat())
        return code

    def check_code(self, code: str, hub: str, key_hash: str, now: datetime) -> Issued | None:
        """Whether a code opens for this hub. A certificate when it did before, for the same key: then the answer was
        lost on the way, and may be given again.

        Raises:
            CodeRefused: it does not.
        """
        row = self.db.execute("SELECT hub, expires, serial FROM code WHERE hash = ?", (_hashed(code),)).fetchone()
        if row is None or row[0] != hub:
            raise CodeRefused("unknown code")
        if datetime.fromisoformat(row[1]) <= now:
            raise CodeRefused("the code has expired")
        if row[2] is None:
            return None
        again = self.db.execute(
            "SELECT * FROM issued WHERE serial = ? AND key_hash = ? AND revoked IS NULL", (row[2], key_hash)
        ).fetchone()
        if again is None:
            raise CodeRefused("the code was used before")
        return _issued(again)

    # The audit

    def note(self, what: str, name: str | None, **detail: object) -> None:
        """Something that changes nothing in the book: a refusal."""
        with self.change():
            self.line(what, name, **detail)

    def audit(self) -> list[AuditRow]:
        """Everything, the oldest first."""
        rows = self.db.execute("SELECT at, what, name, detail FROM audit ORDER BY id")
        return [AuditRow(at=datetime.fromisoformat(at), what=w, name=n, detail=d) for at, w, n, d in rows]

    def broken_at(self) -> int | None:
        """The number of the first audit line that was changed, or follows a missing one; None when all are whole."""
        before = ""
        for number, at, what, name, detail, chain in self.db.execute(
            "SELECT id, at, what, name, detail, chain FROM audit ORDER BY id"
        ):
            if chain != _chained(before, at, what, name, detail):
                return int(number)
            before = chain
        return None

    def line(self, what: str, name: str | None, **detail: object) -> None:
        """An audit line of the change that is under way."""
        last = self.db.execute("SELECT chain FROM audit ORDER BY id DESC LIMIT 1").fetchone()
        at, said = datetime.now(UTC).isoformat(), json.dumps(detail, sort_keys=True)
        self.db.execute(
            "INSERT INTO audit(at, what, name, detail, chain) VALUES(?, ?, ?, ?, ?)",
            (at, what, name, said, _chained(last[0] if last else "", at, what, name, said)),
        )

    @contextmanager
    def change(self) -> Iterator[None]:
        """One transaction, with the `line` that tells of it."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")


def _issued(row: tuple[str, str, Role, str, str, str, bytes, str | None, str | None]) -> Issued:
    serial, name, role, _, not_before, not_after, certificate, revoked, reason = row
    return Issued(
        serial=serial,
        name=name,
        role=role,
        not_before=datetime.fromisoformat(not_before),
        not_after=datetime.fromisoformat(not_after),
        certificate=certificate,
        revoked=datetime.fromisoformat(revoked) if revoked else None,
        reason=reason,
    )


def _chained(before: str, at: str, what: str, name: str | None, detail: str) -> str:
    return hashlib.sha256(json.dumps([before, at, what, name, detail]).encode()).hexdigest()
