"""The ward's list in the ward's own database: what the alerts and the nurse's page say of a patient.

The list itself stands in the authority's register, which only the enrolment endpoint's machine has and nobody else may
read. The endpoint copies it here whenever it has changed; the copy is read and never written by anybody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Struct

from wardgate.ward.database import Database, DatabaseError, Row, Transaction
from wardgate.ward.referrals import Referral, Referrals
from wardgate.ward.register import Register

LOOK_S: Final = 2.0
"""How often the endpoint looks whether its list has changed."""


class Assignment(Struct, frozen=True, kw_only=True):
    """A hub served a patient from then to then."""

    assignment: str
    patient: str
    hub: str
    begun: datetime
    ended: datetime | None
    """None: it does."""


async def referral_of(tx: Transaction, patient: str) -> Referral | None:
    """What the ward's list says of a patient, as readings and alerts call them; None where it does not know them."""
    found = await tx.rows("SELECT payload FROM referrals WHERE patient = $1", patient)
    return msgspec.json.decode(found[0][0], type=Referral) if found else None


async def assignments_of(tx: Transaction, patient: str) -> list[Assignment]:
    """Which hubs have served a patient, the oldest first."""
    found = await tx.rows(
        "SELECT assignment, patient, hub, begun_s, ended_s FROM assignments WHERE patient = $1 ORDER BY begun_s",
        patient,
    )
    return [
        Assignment(
            assignment=assignment,
            patient=patient,
            hub=hub,
            begun=datetime.fromtimestamp(begun_s, UTC),
            ended=None if ended_s is None else datetime.fromtimestamp(ended_s, UTC),
        )
        for assignment, patient, hub, begun_s, ended_s in found
    ]


class Copies:
    """Keeps the copy.

    Args:
        register: the authority's book, on a connection of its own or the endpoint's.
        database: the ward's.
        tell: gets a sentence when the database refuses, and one when it takes it again.
    """

    def __init__(self, register: Register, database: Database, tell: Callable[[str], None]) -> None:
        self._register = register
        self._referrals = Referrals(register)
        self._database = database
        self._tell = tell
        self._copied: int | None = None
        self._refused = False

    async def run(self) -> None:
        """Copy until cancelled. A database that is away is tried again."""
        while True:
            try:
                await self.look()
                if self._refused:
                    self._tell("The ward's database has the list of patients again.")
                self._refused = False
            except DatabaseError as error:
                if not self._refused:
                    self._tell(f"The ward's database does not take the list of patients: {error}. It is tried again.")
                self._refused = True
            await asyncio.sleep(LOOK_S)

    async def look(self) -> bool:
        """Copy the list if it has changed. Whether it had.

        Raises:
            DatabaseError: nothing was copied.
        """
        last = self._last()
        if last == self._copied:
            return False
        referrals: list[Row] = [(one.patient, msgspec.json.encode(one)) for one in self._referrals.all()]
        assignments = self._assignments()

        async def copy(tx: Transaction) -> None:
            await tx.each(
                "INSERT INTO referrals (patient, payload) VALUES ($1, $2) "
                "ON CONFLICT (patient) DO UPDATE SET payload = excluded.payload",
                referrals,
            )
            await tx.each(
                "INSERT INTO assignments (assignment, patient, hub, begun_s, ended_s) VALUES ($1, $2, $3, $4, $5) "
                "ON CONFLICT (assignment) DO UPDATE SET ended_s = excluded.ended_s",
                assignments,
            )

        await self._database.run(copy)
        self._copied = last
        return True

    def _last(self) -> int:
        """Every change of the list has a line in the audit."""
        (last,) = self._register.db.execute("SELECT coalesce(max(id), 0) FROM audit").fetchone()
        return int(last)

    def _assignments(self) -> list[Row]:
        return [
            (assignment, patient, hub, _seconds(begun), None if ended is None else _seconds(ended))
            for assignment, patient, hub, begun, ended in self._register.db.execute(
                "SELECT id, patient, hub, begun, ended FROM assignment ORDER BY id"
            )
        ]


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
