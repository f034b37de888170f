"""The ward's list at the enrolment endpoint: what a hub asks while a patient is chosen (`contract.assigning`)."""

from __future__ import annotations

import http
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from wardgate.contract.assigning import ASSIGNMENTS, END, PATIENTS, Ask, End
from wardgate.ward.asked import Answer, Asked, Refused
from wardgate.ward.est import nothing_here, present
from wardgate.ward.referrals import NotDone, Referrals
from wardgate.ward.register import Register

T = TypeVar("T", bound=Struct)
_STATUS: Final = {
    "wrong-digits": http.HTTPStatus.UNPROCESSABLE_ENTITY,
    "unknown-pathway": http.HTTPStatus.UNPROCESSABLE_ENTITY,
    "taken": http.HTTPStatus.CONFLICT,
    "still-assigned": http.HTTPStatus.CONFLICT,
    "not-listed": http.HTTPStatus.NOT_FOUND,
    "not-yours": http.HTTPStatus.NOT_FOUND,
}
_TRIED: Final = ("wrong-digits", "not-listed", "not-yours")
"""Who says these often is guessing."""


class PatientList:
    """The three routes.

    Args:
        register: knows the hubs and holds the list.
        wait_s: how long a hub has to wait before it is listened to, because of what it has tried.
    """

    def __init__(self, register: Register, wait_s: Callable[[str], float]) -> None:
        self._register = register
        self._referrals = Referrals(register)
        self._wait_s = wait_s

    def answer(self, asked: Asked) -> Answer:
        """Do what was asked.

        Raises:
            Refused: it is not done.
        """
        hub = present(self._register, asked).name
        wait_s = self._wait_s(hub)
        if wait_s > 0:
            raise too_often(wait_s)
        try:
            return Answer(msgspec.json.encode(self._do(hub, asked)), "application/json")
        except NotDone as problem:
            raise Refused(
                _STATUS.get(problem.key, http.HTTPStatus.CONFLICT),
                problem.sentence,
                problem.what_to_do,
                key=problem.key,
                why=f"{hub}: {problem.key}",
                counts=problem.key in _TRIED,
                by=hub,
            ) from problem

    def _do(self, hub: str, asked: Asked) -> object:
        match asked.method, asked.path:
            case "GET", path if path == PATIENTS:
                return self._referrals.offered(hub)
            case "POST", path if path == ASSIGNMENTS:
                return self._referrals.assign(hub, _read(asked.body, Ask))
            case "POST", path if path == END:
                ended = _read(asked.body, End)
                self._referrals.end(hub, ended.assignment)
                return ended
            case _:
                raise nothing_here(asked)


def too_often(wait_s: float) -> Refused:
    """For somebody who has tried too often."""
    return Refused(
        http.HTTPStatus.TOO_MANY_REQUESTS, "Too many attempts. Wait.", key="wait", counts=False, wait_s=wait_s
    )


def _read(body: bytes, to: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=to)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(http.HTTPStatus.BAD_REQUEST, "This is not what is asked for here.") from error
