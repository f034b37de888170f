"""The stages of a hub, and every way from one to another. Nothing here touches a disk or a network.

factory -> claimed -> assigned -> locked, and back the same way, one stage at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from wardgate.contract.assigning import Assigned
from wardgate.counted import count
from wardgate.installation import Leaving, Record, Stage, Way
from wardgate.provision.missing import Lacking
from wardgate.provision.refused import Refused

BY_FILE: Final = Refused(
    "by-file",
    "This hub's own file names the hub and its patient.",
    "Change the file, then restart the hub: sudo systemctl restart wardgate",
)


def stage_of(record: Record, *, by_file: bool, has_identity: bool) -> Stage:
    """Where a hub stands.

    Args:
        record: what was set up on it.
        by_file: its own file names its patient.
        has_identity: it has an id, and a certificate or credentials for the broker, from wherever.
    """
    if by_file:
        return "locked" if record.stage == "locked" else "assigned"
    if record.stage == "factory" and has_identity:
        return "claimed"
    return record.stage


def claimed(record: Record, stage: Stage, hub: str) -> Record:
    """The hub has its id and its certificate.

    Raises:
        Refused: it is claimed already.
    """
    if stage != "factory":
        raise Refused(
            "claimed-already",
            f"This hub is claimed already, as {record.hub or 'its own file says'}.",
            "Go on with the patient. To claim it anew, forget this claim first: wardgate provision forget",
        )
    return replace(record, stage="claimed", hub=hub)


def may_be_assigned(record: Record, stage: Stage) -> None:
    """Whether the hub waits for a patient.

    Raises:
        Refused: it is not claimed, or serves a patient.
    """
    if stage == "factory":
        raise Refused("not-claimed", "This hub is not claimed yet.", "Claim it first, with the code from the ward.")
    if stage != "claimed":
        raise Refused(
            "assigned-already",
            f"This hub is {record.words or record.patient or 'another patient'}'s.",
            "Release it from that patient first.",
        )


def assigned(
    record: Record,
    stage: Stage,
    hub: str,
    words: str,
    given: Assigned,
    now: datetime,
    now_at: tuple[str, float] | None = None,
) -> Record:
    """The hub serves a patient from now on; nothing of an earlier one is taken over.

    Args:
        now_at: boot and its second, where the clock that says `now` does not know the time.

    Raises:
        Refused: it is not claimed, or serves a patient.
    """
    may_be_assigned(record, stage)
    return replace(
        without_patient(record),
        stage="assigned",
        hub=hub,
        patient=given.patient,
        words=words,
        assignment=given.assignment,
        since=now,
        since_at=now_at,
        pathways=given.pathways,
        kinds=given.kinds,
        phone=given.phone,
        limits=given.limits,
    )


def locked(record: Record, stage: Stage, missing: Sequence[Lacking]) -> Record:
    """The hub is ready, and nothing of it is changed until it is unlocked.

    Raises:
        Refused: something is missing, or it has no patient.
    """
    if stage not in ("assigned", "locked") or missing:
        what = " ".join(lacking.sentence for lacking in missing) or "It has no patient."
        raise Refused("not-yet", f"This hub cannot be locked yet. {what}", "Do what is missing, then lock it.")
    return replace(record, stage="locked", handed_over=True)


def unlocked(record: Record, stage: Stage) -> Record:
    """The hub can be changed again.

    Raises:
        Refused: it was not locked.
    """
    if stage != "locked":
        raise Refused("not-locked", "This hub is not locked.", "You can change it now.")
    return replace(record, stage="assigned")


def released(record: Record, stage: Stage, unsent: int, leaving: Leaving, *, seal: bool) -> Record:
    """The hub serves nobody from now on. What is left of the patient on it is named in `leaving`, to be cleared away.

    Args:
        unsent: messages that the ward does not have yet.
        seal: what is unsent may stay, closed to everybody but the ward.

    Raises:
        Refused: it has no patient, is locked, or has something for the ward and `seal` was not said.
    """
    if stage == "locked":
        raise Refused("locked", "This hub is locked.", "Unlock it first.")
    if stage != "assigned":
        raise Refused("no-patient", "This hub has no patient.", "There is nothing to release.")
    if unsent and not seal:
        raise Refused(
            "unsent",
            f"{count(unsent, 'message')} of {record.words or record.patient} {'is' if unsent == 1 else 'are'} "
            "not at the ward yet.",
            "Send them first: leave the hub connected. Or seal and wipe: they stay here for the ward alone.",
        )
    return replace(without_patient(record), stage="claimed", leaving=(*record.leaving, leaving))


def forgotten(record: Record, stage: Stage) -> Record:
    """The hub is nobody's. How it reaches the ward stays, without name and password.

    Raises:
        Refused: it has a patient, is not claimed, or still has something for the ward.
    """
    if stage in ("assigned", "locked"):
        raise Refused("has-patient", "This hub has a patient.", "Release it from the patient first.")
    if stage == "factory":
        raise Refused("not-claimed", "This hub is not claimed.", "There is nothing to forget.")
    if record.hub is None:
        raise BY_FILE
    if record.leaving:
        raise Refused(
            "still-leaving",
            "This hub still has something of an earlier patient for the ward.",
            "Leave it connected until the ward has everything, then try again.",
        )
    way = Way(host=record.broker.host, port=record.broker.port, ca_file=record.broker.ca_file)
    return replace(without_patient(record), stage="factory", hub=None, broker=way)


def without_patient(record: Record) -> Record:
    """A record in which nobody is named."""
    return replace(
        record,
        patient=None,
        words=None,
        assignment=None,
        since=None,
        since_at=None,
        pathways=(),
        kinds=(),
        phone="",
        limits={},
        handed_over=False,
        device=(),
        tested={},
        ways={},
        left_out={},
        limits_read_back=None,
        limits_fingerprint="",
    )
