"""The ward's list: which patients are to be set up, which hub serves whom, and since when.

In the authority's register, because the enrolment endpoint asks it, and every change has its line in the audit there. A
pseudonym is a patient's for ever: one that was ever given is never given to anybody else. A patient has one hub and a
hub one patient; a change of either is the ward's act or the hub's own release, and never a guess.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random, SystemRandom
from typing import Final, Literal

import msgspec
from msgspec import Struct

from wardgate.contract import pseudonym
from wardgate.contract.assigning import Ask, Assigned, Kind, Offered
from wardgate.contract.pseudonym import NotAPseudonym, Pseudonym
from wardgate.pathways.known import LIMITS
from wardgate.pathways.pathway import names
from wardgate.ward.register import Register

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS referral(
    patient TEXT PRIMARY KEY, pathways TEXT NOT NULL, kinds TEXT NOT NULL, phone TEXT NOT NULL, limits TEXT NOT NULL,
    offered TEXT, state TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS assignment(
    id TEXT PRIMARY KEY, patient TEXT NOT NULL, hub TEXT NOT NULL, pathways TEXT NOT NULL, begun TEXT NOT NULL,
    ended TEXT
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS assignment_patient ON assignment(patient) WHERE ended IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS assignment_hub ON assignment(hub) WHERE ended IS NULL;
"""
_ID_LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_LENGTH: Final = 12
"""60 bits: no two assignments of any ward are called alike."""
_OFTEN: Final = 20
"""Tries for digits that nobody else on the list has."""
State = Literal["waiting", "assigned", "ended"]


class Referral(Struct, frozen=True, kw_only=True):
    """A patient on the ward's list."""

    patient: str
    """`copper-heron-93`."""
    words: str
    digits: str
    pathways: tuple[str, ...]
    kinds: tuple[Kind, ...]
    phone: str
    limits: dict[str, float]
    offered: str | None
    """The one hub that may have them; none: any."""
    state: State
    at: datetime
    """Since when it is in this state."""
    hub: str | None = None
    """That serves them, or did last."""
    assignment: str | None = None


class NotDone(Exception):
    """Nothing was changed: `key` for programs, the rest for people."""

    def __init__(self, key: str, sentence: str, what_to_do: str) -> None:
        super().__init__(f"{sentence} {what_to_do}")
        self.key: Final = key
        self.sentence: Final = sentence
        self.what_to_do: Final = what_to_do


class Referrals:
    """The list.

    Args:
        register: the authority's book.
        random: where new pseudonyms come from.
    """

    def __init__(self, register: Register, random: Random | None = None) -> None:
        self._register = register
        self._random = random or SystemRandom()
        register.db.executescript(_SCHEMA)

    # The ward's acts

    def add(
        self,
        one: Pseudonym | None,
        *,
        pathways: Sequence[str],
        kinds: Sequence[Kind],
        phone: str,
        limits: dict[str, float] | None = None,
        hub: str | None = None,
    ) -> Referral:
        """Put a patient on the list: under a new pseudonym, or again under the one they had.

        Raises:
            NotDone: they are on it already, or a pathway or limit is not known.
        """
        _check(pathways, limits or {})
        with self._register.change():
            who = one or self._new()
            known = self.find(who.slug)
            if known is not None and known.state != "ended":
                raise NotDone(
                    "listed",
                    f"{who.words} is on the list already.",
                    f"To begin anew: wardgate ward patients end {who.slug}",
                )
            self._register.db.execute(
                "INSERT INTO referral(patient, pathways, kinds, phone, limits, offered, state, at) "
                "VALUES(?, ?, ?, ?, ?, ?, 'waiting', ?) ON CONFLICT(patient) DO UPDATE SET "
                "pathways = excluded.pathways, kinds = excluded.kinds, phone = excluded.phone, "
                "limits = excluded.limits, offered = excluded.offered, state = excluded.state, at = excluded.at",
                (who.slug, _text(pathways), _text(kinds), phone, _text(limits or {}), hub, _now()),
            )
            self._register.line(
                "referred", hub, patient=who.slug, pathways=list(pathways), kinds=list(kinds), limits=limits or {}
            )
        return self.of(who.slug)

    def stop(self, patient: str) -> Referral:
        """Take a patient off the list; the hub that served them does so no more in the ward's eyes.

        Raises:
            NotDone: nobody is called so.
        """
        with self._register.change():
            known = self.of(patient)
            if known.state != "ended":
                self._register.db.execute(
                    "UPDATE assignment SET ended = ? WHERE patient = ? AND ended IS NULL", (_now(), patient)
                )
                self._ended(patient)
                self._register.line("ended", known.hub, patient=patient, assignment=known.assignment, by="ward")
        return self.of(patient)

    # What hubs ask

    def offered(self, hub: str) -> tuple[Offered, ...]:
        """The patients who wait and may be given this hub, and the one whom it serves; in the order of their words."""
        return tuple(
            Offered(words=one.words, pathways=one.pathways, kinds=one.kinds, phone=one.phone)
            for one in self.all()
            if (one.state == "waiting" and one.offered in (None, hub)) or (one.state == "assigned" and one.hub == hub)
        )

    def assign(self, hub: str, ask: Ask) -> Assigned:
        """Give a patient this hub. Asked again by the same hub, the same answer.

        Raises:
            NotDone: `wrong-digits`, `not-listed`, `taken`, `still-assigned`, `unknown-pathway`.
        """
        who = _meant(ask)
        with self._register.change():
            known = self.find(who.slug)
            if known is None or known.state == "ended":
                raise _not_listed(who.words)
            if known.state == "assigned":
                if known.hub != hub:
                    raise NotDone(
                        "taken",
                        f"{who.words} has another hub already.",
                        "Look at the referral sheet again. If it says so, ring the ward.",
                    )
                return _assigned(known)
            if known.offered not in (None, hub):
                raise _not_listed(who.words)
            self._refuse_second_patient(hub)
            return self._begin(hub, known, ask.pathways)

    def end(self, hub: str, assignment: str) -> None:
        """A hub has let its patient go. Said again, nothing happens.

        Raises:
            NotDone: `not-yours`: this hub never had that assignment.
        """
        with self._register.change():
            row = self._register.db.execute(
                "SELECT patient, ended FROM assignment WHERE id = ? AND hub = ?", (assignment, hub)
            ).fetchone()
            if row is None:
                raise NotDone(
                    "not-yours", "This hub never had that assignment.", "Ask the ward which patient this hub is for."
                )
            if row[1] is None:
                self._register.db.execute("UPDATE assignment SET ended = ? WHERE id = ?", (_now(), assignment))
                self._ended(row[0])
                self._register.line("ended", hub, patient=row[0], assignment=assignment, by="hub")

    # Reading

    def find(self, patient: str) -> Referral | None:
        """One patient."""
        return next(iter(self._read(patient)), None)

    def of(self, patient: str) -> Referral:
        """One patient.

        Raises:
            NotDone: nobody is called so.
        """
        known = self.find(patient)
        if known is None:
            raise NotDone("not-listed", f"Nobody is called {patient}.", "See: wardgate ward patients list")
        return known

    def all(self) -> list[Referral]:
        """Everybody, in the order of their words."""
        return self._read(None)

    def _read(self, patient: str | None) -> list[Referral]:
        """The last assignment of a patient is the open one, or there is none open."""
        return [
            _referral(row)
            for row in self._register.db.execute(
                "SELECT r.patient, coalesce(a.pathways, r.pathways), r.kinds, r.phone, r.limits, r.offered, r.state, "
                "r.at, a.hub, a.id FROM referral AS r LEFT JOIN assignment AS a ON r.state != 'waiting' AND a.rowid = "
                "(SELECT max(rowid) FROM assignment WHERE patient = r.patient) "
                "WHERE ?1 IS NULL OR r.patient = ?1 ORDER BY r.patient",
                (patient,),
            )
        ]

    # Within a change

    def _new(self) -> Pseudonym:
        """One that nobody ever had; if it can be had, with digits that nobody else on the list has: then a sheet in the
        wrong folder is found out as well."""
        everyone = self.all()
        had = {pseudonym.parse(one.patient) for one in everyone}
        digits = {one.digits for one in everyone if one.state != "ended"}
        try:
            some = [pseudonym.new(self._random, had) for _ in range(_OFTEN)]
        except LookupError as error:
            raise NotDone("none-left", "Every pseudonym was given to somebody.", "Begin a new register.") from error
        return next((one for one in some if one.digits not in digits), some[0])

    def _refuse_second_patient(self, hub: str) -> None:
        row = self._register.db.execute(
            "SELECT patient FROM assignment WHERE hub = ? AND ended IS NULL", (hub,)
        ).fetchone()
        if row is not None:
            words = pseudonym.parse(row[0]).words
            raise NotDone(
                "still-assigned",
                f"For the ward this hub is still {words}'s.",
                f"Release {words} on this hub first, or ask the ward to end it.",
            )

    def _begin(self, hub: str, known: Referral, changed: tuple[str, ...] | None) -> Assigned:
        pathways = known.pathways if changed is None else changed
        _check(pathways, {})
        assignment = "a-" + "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
        self._register.db.execute(
            "INSERT INTO assignment(id, patient, hub, pathways, begun) VALUES(?, ?, ?, ?, ?)",
            (assignment, known.patient, hub, _text(pathways), _now()),
        )
        self._register.db.execute(
            "UPDATE referral SET state = 'assigned', at = ? WHERE patient = ?", (_now(), known.patient)
        )
        self._register.line("assigned", hub, patient=known.patient, assignment=assignment, pathways=list(pathways))
        return _assigned(self.of(known.patient))

    def _ended(self, patient: str) -> None:
        self._register.db.execute("UPDATE referral SET state = 'ended', at = ? WHERE patient = ?", (_now(), patient))


def _meant(ask: Ask) -> Pseudonym:
    try:
        return pseudonym.checked(ask.words, ask.digits)
    except NotAPseudonym as problem:
        if problem.key == "wrong-digits":
            raise NotDone(problem.key, problem.sentence, problem.what_to_do) from problem
        raise NotDone("not-listed", problem.sentence, problem.what_to_do) from problem


def _not_listed(words: str) -> NotDone:
    return NotDone(
        "not-listed",
        f"{words} is not on the ward's list for this hub.",
        "Look at the referral sheet again. If it says so, ring the ward.",
    )


def _check(pathways: Sequence[str], limits: dict[str, float]) -> None:
    for name in pathways:
        if name not in names():
            raise NotDone("unknown-pathway", f"There is no pathway `{name}`.", f"There are: {', '.join(names())}.")
    for name, value in limits.items():
        limit = LIMITS.get(name)
        if limit is None:
            raise NotDone("unknown-limit", f"There is no limit `{name}`.", f"There are: {', '.join(LIMITS)}.")
        if not limit.least <= value <= limit.most:
            allowed = f"{limit.least:g} to {limit.most:g} {limit.unit}"
            raise NotDone("unknown-limit", f"{name} can be {allowed}.", "Give another number.")


def _assigned(known: Referral) -> Assigned:
    return Assigned(
        patient=known.patient,
        assignment=known.assignment or "",
        pathways=known.pathways,
        kinds=known.kinds,
        phone=known.phone,
        limits=known.limits,
    )


def _referral(row: tuple[str, str, str, str, str, str | None, State, str, str | None, str | None]) -> Referral:
    patient, pathways, kinds, phone, limits, offered, state, at, hub, assignment = row
    who = pseudonym.parse(patient)
    return Referral(
        patient=patient,
        words=who.words,
        digits=who.digits,
        pathways=msgspec.json.decode(pathways, type=tuple[str, ...]),
        kinds=msgspec.json.decode(kinds, type=tuple[Kind, ...]),
        phone=phone,
        limits=msgspec.json.decode(limits, type=dict[str, float]),
        offered=offered,
        state=state,
        at=datetime.fromisoformat(at),
        hub=hub,
        assignment=assignment,
    )


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _now() -> str:
    return datetime.now(UTC).isoformat()
