"""The ward's tables, step by step. A step that was ever released is never changed: add one at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from wardgate.ward.database import Transaction

STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (  # 1: what hubs say, and the numbers that are acknowledged. SQLite files of before there were steps have it all.
        """CREATE TABLE IF NOT EXISTS readings (
            hub TEXT NOT NULL, id TEXT NOT NULL, channel TEXT NOT NULL, taken_s DOUBLE PRECISION NOT NULL,
            payload BLOB NOT NULL, UNIQUE (hub, id))""",
        """CREATE TABLE IF NOT EXISTS alerts (
            hub TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, state TEXT NOT NULL,
            payload BLOB NOT NULL, UNIQUE (hub, id, revision))""",
        """CREATE TABLE IF NOT EXISTS events (
            hub TEXT NOT NULL, id TEXT NOT NULL, code TEXT NOT NULL, payload BLOB NOT NULL, UNIQUE (hub, id))""",
        """CREATE TABLE IF NOT EXISTS states (
            hub TEXT PRIMARY KEY, online INTEGER NOT NULL, payload BLOB NOT NULL) WITHOUT ROWID""",
        "CREATE TABLE IF NOT EXISTS canaries (hub TEXT PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID",
        """CREATE TABLE IF NOT EXISTS refused (
            hub TEXT NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL, payload BLOB NOT NULL,
            UNIQUE (hub, topic, payload))""",
        """CREATE TABLE IF NOT EXISTS committed (
            hub TEXT NOT NULL, epoch TEXT NOT NULL, cumulative INTEGER NOT NULL,
            PRIMARY KEY (hub, epoch)) WITHOUT ROWID""",
        """CREATE TABLE IF NOT EXISTS beyond (
            hub TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,
            PRIMARY KEY (hub, epoch, seq)) WITHOUT ROWID""",
        """CREATE TABLE IF NOT EXISTS seen (
            hub TEXT NOT NULL, alert TEXT NOT NULL, revision INTEGER NOT NULL, role TEXT NOT NULL, note TEXT NOT NULL,
            at_s DOUBLE PRECISION NOT NULL, answer TEXT, PRIMARY KEY (hub, alert, revision)) WITHOUT ROWID""",
        "CREATE INDEX IF NOT EXISTS seen_unanswered ON seen (hub) WHERE answer IS NULL",
    ),
    (  # 2: one row a hub: what transactions about it hold, and when it was last heard.
        """CREATE TABLE hubs (
            hub TEXT PRIMARY KEY, heard_s DOUBLE PRECISION NOT NULL, every_s DOUBLE PRECISION NOT NULL DEFAULT 0,
            gone_s DOUBLE PRECISION) WITHOUT ROWID""",
    ),
    (  # 3: silence. Hubs that were known before are missed from now on.
        "INSERT INTO hubs (hub, heard_s) SELECT hub, 0 FROM states WHERE true ON CONFLICT DO NOTHING",
        """CREATE TABLE listening (
            one INTEGER PRIMARY KEY, since_s DOUBLE PRECISION NOT NULL, until_s DOUBLE PRECISION NOT NULL)""",
        """CREATE TABLE silences (
            id TEXT PRIMARY KEY, hub TEXT NOT NULL, why TEXT NOT NULL, since_s DOUBLE PRECISION NOT NULL,
            raised_s DOUBLE PRECISION NOT NULL, resolved_s DOUBLE PRECISION) WITHOUT ROWID""",
        "CREATE UNIQUE INDEX silences_open ON silences (hub) WHERE resolved_s IS NULL",
    ),
    (  # 4: a reading may be dated anew. Every revision stays; the newest holds.
        """CREATE TABLE revisions (
            hub TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, channel TEXT NOT NULL,
            taken_s DOUBLE PRECISION NOT NULL, payload BLOB NOT NULL, UNIQUE (hub, id, revision))""",
        "INSERT INTO revisions SELECT hub, id, 1, channel, taken_s, payload FROM readings",
        "DROP TABLE readings",
        "ALTER TABLE revisions RENAME TO readings",
        """CREATE VIEW newest_readings AS SELECT * FROM readings AS r WHERE revision =
            (SELECT max(revision) FROM readings WHERE hub = r.hub AND id = r.id)""",
    ),
    (  # 5: FHIR servers, and what each has not got yet.
        """CREATE TABLE fhir_servers (
            server TEXT PRIMARY KEY, holder TEXT NOT NULL, until_s DOUBLE PRECISION NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE fhir_due (
            server TEXT NOT NULL, kind TEXT NOT NULL, hub TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL,
            problem TEXT, PRIMARY KEY (server, kind, hub, id, revision)) WITHOUT ROWID""",
    ),
    (  # 6: the nurse's page: who may sign in, what was done there, and what the letters need.
        """CREATE TABLE accounts (
            name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL, made_s DOUBLE PRECISION NOT NULL,
            gone_s DOUBLE PRECISION) WITHOUT ROWID""",
        """CREATE TABLE sessions (
            token TEXT PRIMARY KEY, account TEXT NOT NULL, begun_s DOUBLE PRECISION NOT NULL,
            until_s DOUBLE PRECISION NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE attempts (
            account TEXT PRIMARY KEY, failed INTEGER NOT NULL, until_s DOUBLE PRECISION NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE acts (
            number INTEGER PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL, account TEXT NOT NULL, hub TEXT NOT NULL,
            alert TEXT NOT NULL, detail TEXT NOT NULL, chain TEXT NOT NULL)""",
        "CREATE INDEX acts_alert ON acts (hub, alert)",
        """CREATE TABLE closings (
            hub TEXT NOT NULL, alert TEXT NOT NULL, revision INTEGER NOT NULL, account TEXT NOT NULL,
            role TEXT NOT NULL, note TEXT NOT NULL, at_s DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (hub, alert, revision)) WITHOUT ROWID""",
        """CREATE TABLE calls (
            patient TEXT NOT NULL, hub TEXT NOT NULL, alert TEXT NOT NULL, role TEXT NOT NULL,
            at_s DOUBLE PRECISION NOT NULL, PRIMARY KEY (patient, at_s)) WITHOUT ROWID""",
        "CREATE TABLE letters (patient TEXT PRIMARY KEY, settings TEXT NOT NULL) WITHOUT ROWID",
        "CREATE INDEX readings_taken ON readings (hub, taken_s)",
    ),
    (  # 7: copies of the enrolment endpoint's list: who is whose patient, and was.
        "CREATE TABLE referrals (patient TEXT PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID",
        """CREATE TABLE assignments (
            assignment TEXT PRIMARY KEY, patient TEXT NOT NULL, hub TEXT NOT NULL, begun_s DOUBLE PRECISION NOT NULL,
            ended_s DOUBLE PRECISION) WITHOUT ROWID""",
        "CREATE INDEX assignments_patient ON assignments (patient, begun_s)",
    ),
    (  # 8: what is refused may be of any size, and an index of PostgreSQL is not: it holds a sum of it.
        """CREATE TABLE refusals (
            hub TEXT NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL, payload BLOB NOT NULL, sum TEXT,
            UNIQUE (hub, topic, sum))""",
        "INSERT INTO refusals SELECT hub, topic, reason, payload, NULL FROM refused",
        "DROP TABLE refused",
        "ALTER TABLE refusals RENAME TO refused",
    ),
)
"""SQLite takes `DOUBLE PRECISION` for a real number; PostgreSQL gets `BYTEA` and `BIGINT`, see `postgres`."""


async def make(tx: Transaction, dialect: Callable[[str], str]) -> None:
    """Take the steps that this database has not taken."""
    await tx.change("CREATE TABLE IF NOT EXISTS steps (taken INTEGER PRIMARY KEY)")
    found = await tx.rows("SELECT coalesce(max(taken), 0) FROM steps")
    for number, statements in enumerate(STEPS[found[0][0] :], start=found[0][0] + 1):
        for sql in statements:
            await tx.change(dialect(sql))
        await tx.change("INSERT INTO steps VALUES ($1)", number)


async def hold(tx: Transaction, hubs: Iterable[str]) -> None:
    """Let nobody else change what is known of these hubs until this transaction ends.

    Always in the order of their names, so that two transactions never wait for each other.
    """
    await tx.each(
        "INSERT INTO hubs (hub, heard_s) VALUES ($1, 0) ON CONFLICT (hub) DO UPDATE SET hub = excluded.hub",
        [(hub,) for hub in sorted(set(hubs))],
    )
