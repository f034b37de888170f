"""A hub's file as a whole: with a patient, and before it has one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from wardgate.config.sections import (
    CONTROL_SOCKET,
    DATA_DIR,
    TIMEZONE,
    Alerts,
    Broker,
    Device,
    Enrol,
    Hub,
    Indicator,
    Key,
    Page,
    Radio,
    Screen,
    Ward,
    Watch,
)
from wardgate.contract.messages import Utc


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    hub: Hub
    broker: Broker
    enrol: Enrol = msgspec.field(default_factory=Enrol)
    radio: Radio = msgspec.field(default_factory=Radio)
    device: tuple[Device, ...] = ()
    watch: Watch = msgspec.field(default_factory=Watch)
    alerts: Alerts = msgspec.field(default_factory=Alerts)
    ward: Ward = msgspec.field(default_factory=Ward)
    page: Page = msgspec.field(default_factory=Page)
    screen: Screen = msgspec.field(default_factory=Screen)
    indicator: Indicator = msgspec.field(default_factory=Indicator)

    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change when anything in the configuration does."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]

    @property
    def data_dir(self) -> Path:
        """Where readings are kept."""
        return Path(self.hub.data_dir)

    @property
    def database(self) -> Path:
        """The hub's one database file."""
        return self.data_dir / "wardgate.db"


class BareHub(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As `Hub`; which hub it is, and whose, may still be missing."""

    id: Key | None = None
    patient: Annotated[str, Meta(min_length=1)] | None = None
    assignment: Key | None = None
    since: Utc | None = None
    timezone: str = TIMEZONE
    data_dir: str = DATA_DIR
    control_socket: str = CONTROL_SOCKET


class Bare(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a hub's own file says, whether it names a patient or not."""

    hub: BareHub = msgspec.field(default_factory=BareHub)
    broker: Broker | None = None
    enrol: Enrol = msgspec.field(default_factory=Enrol)
    radio: Radio = msgspec.field(default_factory=Radio)
    device: tuple[Device, ...] = ()
    watch: Watch = msgspec.field(default_factory=Watch)
    alerts: Alerts = msgspec.field(default_factory=Alerts)
    ward: Ward = msgspec.field(default_factory=Ward)
    page: Page = msgspec.field(default_factory=Page)
    screen: Screen = msgspec.field(default_factory=Screen)
    indicator: Indicator = msgspec.field(default_factory=Indicator)

    @property
    def data_dir(self) -> Path:
        """Where readings, and what was set up, are kept."""
        return Path(self.hub.data_dir)

    @property
    def database(self) -> Path:
        """The hub's one database file."""
        return self.data_dir / "wardgate.db"

    @property
    def control_socket(self) -> Path:
        """Where pages and commands reach the hub."""
        return Path(self.hub.control_socket)

    @property
    def by_file(self) -> bool:
        """Whether the file itself names the patient: then nobody else does."""
        return self.hub.patient is not None
