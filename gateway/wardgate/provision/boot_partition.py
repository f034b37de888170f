"""`wardgate.toml` on the boot partition: how a boxed hub learns its ward and its claim code without a keyboard.

Any computer can write the partition, and read it. So the file is checked as a whole, imported (secrets into files that
the hub alone may read), and erased. One that cannot be used stays, with a text beside it that says what to mend.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tomllib
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.structs import replace

from wardgate import installation
from wardgate.checked import Unusable, converted
from wardgate.durable import erase, sync, write_whole
from wardgate.installation import Act, Record
from wardgate.provision.claim import Ticket, ticket
from wardgate.provision.refused import Refused

LONGEST: Final = 64 * 1024
BESIDE: Final = ".what-to-mend.txt"
CLAIM: Final = "claim-ticket"
PASSWORD: Final = "broker-password"  # noqa: S105 - a file's name
_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


class Claim(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ticket that the ward has printed."""

    hub: str = ""
    code: str = ""


class EnrolPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ward's enrolment endpoint."""

    url: Annotated[str, Meta(pattern="^https://")] | None = None
    ca_pem: str | None = None
    """The ward's authority, as text."""


class BrokerPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ward's broker."""

    host: Annotated[str, Meta(min_length=1)] | None = None
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    username: Annotated[str, Meta(min_length=1)] | None = None
    password: Annotated[str, Meta(min_length=1)] | None = None


class BootFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    claim: Claim = Claim()
    enrol: EnrolPart = EnrolPart()
    broker: BrokerPart = BrokerPart()
    timezone: str | None = None


def import_file(path: Path, data_dir: Path) -> str:
    """Check, import and erase. A sentence that says what was done; asked again after a power cut, the rest is done.

    Raises:
        Refused: the file cannot be used, or the hub is past this; the text beside the file says why.
        OSError: a disk refuses; nothing of the file is lost.
    """
    content = _content(path)
    if content is None:
        return _erased(path)
    try:
        with _as_owner(data_dir):
            done = _imported(content, data_dir)
    except Refused as refused:
        _say_beside(path, refused)
        raise
    _erased(path)
    return done


def ticket_kept(data_dir: Path) -> Ticket | None:
    """The ticket that was imported and has not been used yet."""
    try:
        text = (data_dir / CLAIM).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    hub, _, code = text.strip().partition(" ")
    return Ticket(hub=hub, code=code)


def drop_ticket(data_dir: Path) -> None:
    """It was used, or opens no more.

    Raises:
        OSError: the disk refuses.
    """
    with contextlib.suppress(FileNotFoundError):
        erase(data_dir / CLAIM)


def _content(path: Path) -> bytes | None:
    """None where an import was erasing the file when the power went.

    Raises:
        OSError: it cannot be read.
        Refused: it is no such file.
    """
    with path.open("rb") as file:
        content = file.read(LONGEST + 1)
    if len(content) > LONGEST:
        refused = _unusable(["It is too long to be the file that the ward gave you."])
        _say_beside(path, refused)
        raise refused
    return content if content.strip(b"\0") and b"\0" not in content else None


def _imported(content: bytes, data_dir: Path) -> str:
    fingerprint = hashlib.sha256(content).hexdigest()
    try:
        record = installation.read(data_dir)
    except Unusable as error:
        raise Refused("record-damaged", str(error), "Ring the ward.") from error
    if record.imported == fingerprint:
        return "It was imported before, and is erased now."
    if record.stage != "factory":
        raise Refused(
            "claimed-already",
            f"This hub is claimed already, as {record.hub}. The file was not imported.",
            "Remove the file. To set this hub up anew, release it and forget its claim first.",
        )
    file = _checked(content)
    new, secrets = _laid_into(record, file, data_dir)
    for name, text in secrets.items():
        write_whole(data_dir / name, text.encode())
    act = Act(what="imported", by="command", sentence="The file of the boot partition was imported.")
    installation.keep(data_dir, replace(new, revision=record.revision + 1, imported=fingerprint, act=act))
    return "Imported and erased. The hub goes on by itself."


def _checked(content: bytes) -> BootFile:
    """Raises Refused: with everything that has to be mended."""
    try:
        raw = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _unusable([f"It is no TOML: {error}."]) from error
    try:
        file = converted(raw, BootFile)
    except Unusable as error:
        raise _unusable(error.problems) from error
    problems = list(_contradictions(file))
    if problems:
        raise _unusable(problems)
    return file


def _contradictions(file: BootFile) -> Iterator[str]:
    if file.timezone is not None and file.timezone not in zoneinfo.available_timezones():
        yield f"timezone: `{file.timezone}` is no known time zone."
    if file.enrol.ca_pem is not None and not _PEM.search(file.enrol.ca_pem):
        yield "enrol.ca_pem: there is no certificate in it."
    if (file.broker.username is None) != (file.broker.password is None):
        yield "broker: username and password go together."
    if file.broker.port is not None and file.broker.host is None:
        yield "broker: a port needs a host."
    if file.claim != Claim():
        try:
            ticket(file.claim.hub, file.claim.code)
        except Refused as refused:
            yield f"claim: {refused.sentence}"
    if file == BootFile():
        yield "It says nothing."


def _laid_into(record: Record, file: BootFile, data_dir: Path) -> tuple[Record, dict[str, str]]:
    """The record with what the file says, and the files that have to be there before it holds."""
    files: dict[str, str] = {}
    enrol, broker = record.enrol, record.broker
    if file.enrol.url is not None:
        enrol = replace(enrol, url=file.enrol.url)
    if file.enrol.ca_pem is not None:
        name = f"ward-ca-{hashlib.sha256(file.enrol.ca_pem.encode()).hexdigest()[:8]}.pem"
        files[name] = file.enrol.ca_pem
        enrol, broker = (replace(way, ca_file=str(data_dir / name)) for way in (enrol, broker))
    if file.broker.host is not None:
        broker = replace(broker, host=file.broker.host, port=file.broker.port)
    if file.broker.password is not None:
        files[PASSWORD] = file.broker.password
        broker = replace(broker, username=file.broker.username, password_file=str(data_dir / PASSWORD))
    if file.claim != Claim():
        one = ticket(file.claim.hub, file.claim.code)
        files[CLAIM] = f"{one.hub} {one.code}\n"
    return replace(record, enrol=enrol, broker=broker, timezone=file.timezone or record.timezone), files


def _unusable(problems: list[str]) -> Refused:
    return Refused(
        "file-unusable",
        "The file on the boot partition cannot be used: " + " ".join(problems),
        "Mend the file, or copy the ward's file anew. Then switch the hub off and on.",
    )


def _say_beside(path: Path, refused: Refused) -> None:
    """For whoever puts the card into a computer again. It is a help, and no more: a full partition does without."""
    with contextlib.suppress(OSError):
        write_whole(path.with_name(path.name + BESIDE), f"{refused.sentence}\n\n{refused.what_to_do}\n".encode())


def _erased(path: Path) -> str:
    erase(path)
    beside = path.with_name(path.name + BESIDE)
    if beside.exists():
        beside.unlink()
        sync(path.parent)
    return "What was left of an imported file is erased."


@contextlib.contextmanager
def _as_owner(data_dir: Path) -> Iterator[None]:
    """Files made by root would be closed to the hub: write them as the owner of its directory.

    Raises:
        OSError: there is no such directory.
    """
    owner = data_dir.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        yield
        return
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
