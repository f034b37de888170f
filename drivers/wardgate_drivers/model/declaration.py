"""What there is to say about a model of device: one frozen declaration."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.measurement import Channel, Measurement


class Kind(StrEnum):
    """What a person calls the device."""

    SCALE = "scale"
    CUFF = "cuff"
    OXIMETER = "oximeter"
    THERMOMETER = "thermometer"
    HEART_BELT = "heart-belt"

    @property
    def noun(self) -> str:
        """In the middle of a sentence."""
        return "heart rate belt" if self is Kind.HEART_BELT else self.value


class Bond(StrEnum):
    """How a model wants to be paired."""

    NONE = "none"
    JUST_WORKS = "just-works"
    PASSKEY = "passkey"


class ClockPolicy(StrEnum):
    """What the host does about the device's clock. The offset is always measured before it is set."""

    NONE = "none"
    WRITE_DATE_TIME = "write-date-time"
    """Write characteristic 0x2A08 soon after connecting."""
    WRITE_CURRENT_TIME = "write-current-time"
    """Write characteristic 0x2A2B."""


class History(StrEnum):
    """How stored measurements come out."""

    NONE = "none"
    PUSHED = "pushed"
    """The device sends what is unsent by itself."""
    RACP = "racp"
    """Asked for by the Record Access Control Point and deleted after the commit."""
    ACKNOWLEDGED = "acknowledged"
    """Each record is repeated until it is acknowledged."""
    ASKED = "asked"
    """Asked for by the maker's own commands; erased, if at all, after the commit."""


@dataclass(frozen=True, slots=True)
class Match:
    """How an advertisement is recognised. Every given condition must hold."""

    name_prefixes: tuple[str, ...] = ()
    service_uuids: tuple[str, ...] = ()
    """Any of these is advertised."""
    service_data_uuids: tuple[str, ...] = ()
    """Any of these carries service data."""

    def covers(self, advertisement: Advertisement) -> bool:
        """Whether this advertisement is of the model."""
        if self.name_prefixes and not (advertisement.name or "").startswith(self.name_prefixes):
            return False
        if self.service_uuids and not set(self.service_uuids) & set(advertisement.service_uuids):
            return False
        if self.service_data_uuids and not set(self.service_data_uuids) & set(advertisement.service_data):
            return False
        return bool(self.name_prefixes or self.service_uuids or self.service_data_uuids)


@dataclass(frozen=True, slots=True)
class Stream:
    """How to choose the one measurement to keep from frames that come every second while a finger is in."""

    good: frozenset[str]
    """Status names of which one says that the device itself finds this frame good enough for the record."""
    doubtful: frozenset[str] = frozenset()
    """Status names with any of which a frame is never chosen."""
    steady_frames: int | None = None
    """For a device that never says so: so many frames in a row with nearly the same values will do."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A characteristic that carries measurements, and the codec that reads it."""

    characteristic: str
    decode: Callable[[bytes], Measurement | None]
    """None for a frame that is sound and carries nothing to keep (a side frame)."""
    stream: Stream | None = None
    """Set where frames come every second and one is to be chosen."""
    fallback: bool = False
    """Subscribed to only when the device has none of those that stand before it. One that is no fallback and is
    missing ends the session, unless a fallback is there."""
    follows: bool = False
    """Its frames belong each to the measurement that came before, whose time and user they have when they tell none."""


@dataclass(frozen=True, slots=True)
class Gatt:
    """A model that is connected to."""

    subscriptions: tuple[Subscription, ...]
    deadline_s: float
    """The longest a whole session may take; a stream ends itself before."""
    quiet_s: float = 5.0
    """With nothing heard for so long after the last frame, the session ends."""
    patience_s: float = 60.0
    """With nothing heard at all for so long, the session ends."""
    on_measurement: bytes | None = None
    """Maker's command to write after a good measurement is safe."""
    command_characteristic: str | None = None
    subscribe_after_s: float = 0.0
    """Some devices lose a subscription that comes too soon after the connection."""
    prepare: Callable[[Conversation], Awaitable[None]] | None = None
    """What the device wants to be told after the subscriptions and the clock, before it sends anything."""
    converse: Callable[[Conversation], Awaitable[None]] | None = None
    """The maker's own protocol, after the subscriptions and the clock. The session ends when it returns."""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A model that only advertises. One measurement an advertisement, duplicates dropped by the sink's ids."""

    decode: Callable[[Advertisement], Measurement | None]


@dataclass(frozen=True, slots=True)
class Serial:
    """A model on a serial line."""

    baud: int
    data_bits: int
    parity: str
    """`N`, `O` or `E`."""
    stop_bits: int
    open_session: Callable[[SessionSink], SerialSession]
    silence_s: float | None = None
    """With nothing heard for so long the device was switched off or stopped by itself: the session's `start` is
    called and written again, until it is heard. None: the device speaks when it has something to say."""


class SerialSession(Protocol):
    """Bytes in, bytes out, no I/O: whoever owns the port feeds it and writes what it returns."""

    def start(self) -> bytes:
        """What to write when the line has just been opened, or the device has been silent for `silence_s`."""
        ...

    async def feed(self, data: bytes) -> bytes:
        """Take bytes as they came; return what to write back once everything in them is safe."""
        ...


@dataclass(frozen=True, slots=True)
class Model:
    """One model, or one family whose members behave the same."""

    id: str
    """Stable, lower case, in configuration files: `and-ua-651ble`."""
    maker: str
    name: str
    kind: Kind
    channels: tuple[Channel, ...]
    link: Gatt | Broadcast | Serial
    match: Match = field(default_factory=Match)
    bond: Bond = Bond.NONE
    clock: ClockPolicy = ClockPolicy.NONE
    history: History = History.NONE
    user_slots: int = 0
    """How many users the device tells apart; 0 when it does not."""
    live_s: float = 120.0
    """How long after the measurement the device sends it at the latest when nothing went wrong: the age up to which
    a frame without a usable time stamp is taken as just measured."""
    disconnect_after_bond: bool = False
    """The connection that made the bond carries no measurements: the host hangs up as soon as it is bonded."""
    wake: str = ""
    """What a person does to make it talk, in a sentence."""

    @property
    def may_replay(self) -> bool:
        """Whether it tells what it kept without a word that it is old."""
        return self.history in (History.PUSHED, History.ASKED)
