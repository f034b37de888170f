"""What a ward may tell a hub to do, and how the hub answers.

A command travels in an envelope that carries the exact bytes which were signed: nobody has to agree on how JSON is
written. The signature is Ed25519 (RFC 8032) over `signed` alone; what is inside names its own schema, the hub, the
assignment and the time, so that no part can be taken for another.
"""

from __future__ import annotations

import typing
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from wardgate.contract.messages import AlertAck, Text, Utc

MAX_BYTES: Final = 64 * 1024
"""No envelope is larger."""
LONGEST_DAYS: Final = 7
"""Between `issued` and `expires`, at most: so long a hub remembers what it was told."""

Nonce = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$", description="128 random bits, new for every command")]
KeyId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="which of the hub's keys it is")]


class Envelope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is published: a command or a configuration as bytes, and who stands behind it."""

    schema: Literal["wardgate/signed/1"]
    key: KeyId
    signature: Annotated[bytes, Meta(min_length=64, max_length=64, description="Ed25519 over the bytes of signed")]
    signed: Annotated[bytes, Meta(description="the command's or configuration's JSON")]


# What a command can ask for


class TakeNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="note", tag_field="kind"):
    """A change of treatment or device, as `wardgate note` takes it."""

    note: Annotated[str, Meta(min_length=1, max_length=64)]


class Measure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="measure", tag_field="kind"):
    """The home is asked to measure with a device."""

    device: Annotated[str, Meta(description="the device's id in the hub's configuration")]


class Pair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pair", tag_field="kind"):
    """Opens the pairing window for a device; somebody in the home has to wake it within two minutes."""

    device: str


class SendAgain(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="send-again", tag_field="kind"):
    """Every message from a number on is sent once more, also what the ward has acknowledged."""

    epoch: str
    from_seq: Annotated[int, Meta(ge=1, le=2**53)]
    to_seq: Annotated[int, Meta(ge=1, le=2**53)] | None = None


class Restart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="restart", tag_field="kind"):
    """The hub's program stops cleanly and starts anew."""


class SupportBundle(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="support-bundle", tag_field="kind"
):
    """A scrubbed report for support is made; it stays on the hub."""


class OpenPage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="open-page", tag_field="kind"):
    """The technician's page is opened in the home for a while, as with the hub's button."""

    minutes: Annotated[float, Meta(gt=0, le=60)] = 30.0


class Acknowledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="acknowledge", tag_field="kind"):
    """Somebody has seen alerts: as in `down/ack`, for a ward that signs what people do."""

    alerts: Annotated[tuple[AlertAck, ...], Meta(min_length=1, max_length=100)]


Do = TakeNote | Measure | Pair | SendAgain | Restart | SupportBundle | OpenPage | Acknowledge
KINDS: Final = tuple(str(kind.__struct_config__.tag) for kind in typing.get_args(Do))


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On `down/command`, signed: one thing to do, once."""

    schema: Literal["wardgate/command/1"]
    hub: str
    assignment: Annotated[str, Meta(description="the hub's present one; a command for an earlier patient is refused")]
    nonce: Nonce
    issued: Utc
    expires: Annotated[Utc, Meta(description="at most 7 days after issued")]
    do: Do


# What a configuration can change


class AlertSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How alerts are told. It replaces the hub's section `[alerts]` as a whole."""

    raise_again_min: tuple[float, ...] = (2.0, 5.0, 15.0)
    an_hour: int = 8
    a_day: int = 24
    quiet_from: str | None = None
    quiet_until: str | None = None
    home_values: bool = False


Part = Literal["limits", "pathways", "cadences", "alerts", "command_keys"]
PARTS: Final[tuple[Part, ...]] = ("limits", "pathways", "cadences", "alerts", "command_keys")


class Configuration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On `down/config`, signed: a part that is given replaces what the ward said of that part before.

    A part that is not given stays. A part in `revert` is again as the hub's own file says.
    """

    schema: Literal["wardgate/configuration/1"]
    hub: str
    assignment: str
    nonce: Nonce
    issued: Utc
    expires: Annotated[Utc, Meta(description="at most 7 days after issued; what is applied holds until it is replaced")]
    version: Annotated[int, Meta(ge=1, le=2**53, description="higher than every one that was applied before")]
    only_try: Annotated[bool, Meta(description="check it and answer what it would have told; apply nothing")] = False
    limits: Annotated[dict[str, float], Meta(description="by the names of docs/pathways.md")] | None = None
    pathways: tuple[str, ...] | None = None
    cadences: Annotated[dict[str, float], Meta(description="hours between two readings, by device")] | None = None
    alerts: AlertSettings | None = None
    command_keys: (
        Annotated[
            tuple[str, ...],
            Meta(
                min_length=1,
                max_length=16,
                description="all keys from now on, as id:base64. The one that signs this has to be among them",
            ),
        ]
        | None
    ) = None
    revert: tuple[Part, ...] = ()

    def speaks_of(self) -> frozenset[Part]:
        """The parts that it sets or takes back."""
        return frozenset(part for part in PARTS if getattr(self, part) is not None) | frozenset(self.revert)


Result = Literal["done", "refused", "failed"]


class CommandAnswer(Struct, frozen=True, kw_only=True):
    """On the response topic: what became of a command or a configuration."""

    schema: Literal["wardgate/answer/1"] = "wardgate/answer/1"
    hub: str
    nonce: Annotated[str, Meta(description="of what is answered; empty where it could not be read")] = ""
    kind: Annotated[str, Meta(description="note, measure, ..., configuration; empty where it could not be read")] = ""
    result: Annotated[Result, Meta(description="refused: nothing was done. failed: it was tried")]
    reason: Annotated[str, Meta(description="a stable key; empty when it was done")] = ""
    sentence: Text
    detail: dict[str, float | str | bool | None] = msgspec.field(default_factory=dict)
    repeated: Annotated[bool, Meta(description="it came before; this is the answer it had then")] = False
    at: Utc


Downward = Command | Configuration


def kind_of(asked: Downward) -> str:
    """The word for it in answers and events."""
    return "configuration" if isinstance(asked, Configuration) else str(asked.do.__struct_config__.tag)
