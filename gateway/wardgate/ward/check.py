"""What comes in is checked against the contract before it is believed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Struct

from wardgate.contract import topics
from wardgate.contract.messages import UNREADABLE, Alert, Event, Reading, State
from wardgate.ward.received import Received, Refused

_DECODER: Final[
    dict[
        str,
        msgspec.json.Decoder[Reading]
        | msgspec.json.Decoder[Alert]
        | msgspec.json.Decoder[Event]
        | msgspec.json.Decoder[State],
    ]
] = {
    "reading": msgspec.json.Decoder(Reading),
    "test": msgspec.json.Decoder(Reading),
    "alert": msgspec.json.Decoder(Alert),
    "event": msgspec.json.Decoder(Event),
    "state": msgspec.json.Decoder(State),
}


_LARGEST: Final = 2**53
"""Every JSON reader and every database holds a whole number up to here."""
_LONGEST: Final = 200
"""Characters of a hub's name, an epoch or an id; a hub's own have 63 at most. An index of PostgreSQL refuses a row of
more than 2,704 bytes, and with it the whole transaction."""


class _Numbered(Struct):
    """As much of a message as is needed to tell its hub that it is refused."""

    epoch: str
    seq: int


def checked(topic: str, payload: bytes) -> Received | Refused | None:
    """A message that is good, or a refusal with its reason; None for what is no message of a hub at all."""
    hub = topics.hub_of(topic)
    decoder = _DECODER.get(topic.rpartition("/")[2])
    if hub is None or len(hub) > _LONGEST or decoder is None or topic != topics.up(hub, topic.rpartition("/")[2]):
        return None
    try:
        message = decoder.decode(payload)
    except UNREADABLE as error:
        return _refused(hub, topic, payload, f"not as the schema says: {error}")
    if message.hub != hub:
        return _refused(hub, topic, payload, f"it names the hub {message.hub} on the topic of {hub}")
    if isinstance(message, Reading) and message.test != topic.endswith("/test"):
        return _refused(hub, topic, payload, "a test has a topic of its own, and nothing else is sent there")
    if not isinstance(message, State) and (message.seq < 1 or not message.epoch):
        return _refused(hub, topic, payload, "it has no epoch or no seq")
    if b"\\u0000" in payload or _largest(message) > _LARGEST or _longest(message) > _LONGEST:
        return _refused(hub, topic, payload, "it has a number, a name or a character that no database takes")
    if (b"0001-01-01T" in payload or b"9999-12-31T" in payload) and not _has_dates_of_utc(message):
        return _refused(hub, topic, payload, "it has a date that in UTC is none")
    return Received(message, payload)


def _largest(message: Reading | Alert | Event | State) -> int:
    match message:
        case State():
            return message.floor
        case Alert() | Reading():
            return max(message.seq, message.revision)
        case _:
            return message.seq


def _longest(message: Reading | Alert | Event | State) -> int:
    return max(len(message.epoch), 0 if isinstance(message, State) else len(message.id))


def _has_dates_of_utc(message: Struct) -> bool:
    """The first hours of the year 1 and the last of 9999 are of another year in UTC, which has no name."""
    for name in message.__struct_fields__:
        value = getattr(message, name)
        try:
            if isinstance(value, datetime):
                value.astimezone(UTC)
        except OverflowError:
            return False
        if isinstance(value, Struct) and not _has_dates_of_utc(value):
            return False
    return True


def _refused(hub: str, topic: str, payload: bytes, why: str) -> Refused:
    reason = why.replace("\0", " ")
    try:
        number = msgspec.json.decode(payload, type=_Numbered)
    except UNREADABLE:
        return Refused(hub, topic, payload, reason)
    if abs(number.seq) > _LARGEST or "\0" in number.epoch or len(number.epoch) > _LONGEST:
        return Refused(hub, topic, payload, reason)
    return Refused(hub, topic, payload, reason, number.epoch, number.seq)
