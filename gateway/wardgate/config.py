"""One TOML file, typed and checked. What it says is all there is to set; every default stands here.

`load` refuses an unknown key and names the nearest known one. It collects every problem before it gives up, so that
a technician mends the file once.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
import types
import typing
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from wardgate_drivers.model.declaration import Serial
from wardgate_drivers.model.lookup import by_id

_ADDRESS: Final = re.compile(r"^([0-9A-F]{2}:){5}[0-9A-F]{2}$")
_TIME: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
Key = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class ConfigError(ValueError):
    """The configuration cannot be used. `problems` holds one sentence for each thing to mend."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        self.path = path
        self.problems = problems
        lines = "\n".join(f"  - {p}" for p in problems)
        super().__init__(f"{path} cannot be used:\n{lines}")


class Hub(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which hub this is and whom it serves."""

    id: Annotated[Key, Meta(description="the hub's id; also its MQTT client id and the name in its certificate")]
    patient: Annotated[str, Meta(min_length=1, description="pseudonym of the patient; never a name or a number")]
    assignment: Annotated[Key, Meta(description="id of this hub's assignment to this patient")]
    timezone: Annotated[str, Meta(description="where the patient lives, as the tz database names it")] = "Europe/London"
    data_dir: Annotated[str, Meta(description="where readings are kept")] = "/var/lib/wardgate"
    control_socket: Annotated[str, Meta(description="where pages and commands reach the hub")] = (
        "/run/wardgate/control.sock"
    )


class Radio(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Bluetooth adapter."""

    enabled: Annotated[bool, Meta(description="false for a home with serial devices alone")] = True
    adapter: Annotated[str, Meta(description="the adapter, as BlueZ names it")] = "hci0"
    reboots_a_week: Annotated[
        int,
        Meta(
            ge=0, le=14, description="how often the hub may restart its machine when nothing else brings the radio back"
        ),
    ] = 0


class Broker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The way to the ward."""

    host: Annotated[str, Meta(min_length=1, description="name or address of the MQTT broker")]
    port: Annotated[int, Meta(ge=1, le=65535, description="its port")] = 8883
    tls: Annotated[bool, Meta(description="encrypt and check the broker's certificate")] = True
    ca_file: Annotated[str | None, Meta(description="authority that signed the broker; none: the system's")] = None
    cert_file: Annotated[str | None, Meta(description="this hub's certificate")] = None
    key_file: Annotated[str | None, Meta(description="its private key, mode 0600")] = None
    username: Annotated[str | None, Meta(description="where the broker wants one")] = None
    password_file: Annotated[str | None, Meta(description="file with the password, mode 0600")] = None
    confirm: Annotated[
        Literal["ward", "broker"],
        Meta(description="who has to say that a reading has arrived; `broker` is the weaker promise"),
    ] = "ward"
    heartbeat_s: Annotated[float, Meta(ge=1, description="seconds between two signs of life")] = 60.0


class Device(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device of this patient."""

    id: Annotated[Key, Meta(description="its name in this home: scale, cuff, oximeter")]
    model: Annotated[str, Meta(description="its model's id in the catalogue: `wardgate devices list`")]
    address: Annotated[str | None, Meta(description="Bluetooth address, AA:BB:CC:DD:EE:FF")] = None
    port: Annotated[str | None, Meta(description="serial line, best a path below /dev/serial/by-id")] = None
    cadence_h: Annotated[float, Meta(gt=0, description="a reading is expected every so many hours")] = 24.0
    user_index: (
        Annotated[
            int, Meta(ge=0, le=0xFFFFFFFF, description="the patient's slot or number on a device of several users")
        ]
        | None
    ) = None
    consent_code: (
        Annotated[int, Meta(ge=0, le=9999, description="the code with which a scale lets that user in")] | None
    ) = None


class Weight(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits on weight."""

    dry_weight_kg: Annotated[float, Meta(gt=20, lt=400, description="agreed dry weight, where there is one")] | None = (
        None
    )
    gain_3_days_kg: Annotated[float, Meta(gt=0, description="ESC: tell the ward above this gain in 3 days")] = 2.0
    gain_1_day_kg: Annotated[float, Meta(gt=0, description="US advice: 3 lb in a day")] = 1.36
    gain_7_days_kg: Annotated[float, Meta(gt=0, description="US advice: 5 lb in a week")] = 2.27
    other_person_kg: Annotated[
        float, Meta(gt=0, description="further than this from the patient's usual weight: not attributed")
    ] = 8.0


class Saturation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The patient's own target range."""

    target_low_pct: Annotated[float, Meta(ge=50, le=100, description="lower end of the target")] = 94.0
    target_high_pct: Annotated[float, Meta(ge=50, le=100, description="upper end of the target")] = 100.0


class Pressure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits on blood pressure."""

    systolic_low_mmhg: Annotated[float, Meta(ge=50, le=140, description="persistently below this: tell the ward")] = (
        90.0
    )


class Watch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the ward wants to be told about."""

    weight: Weight = msgspec.field(default_factory=Weight)
    saturation: Saturation = msgspec.field(default_factory=Saturation)
    pressure: Pressure = msgspec.field(default_factory=Pressure)


class Alerts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How alerts are told."""

    raise_again_min: Annotated[
        tuple[float, ...],
        Meta(
            description="minutes without acknowledgement after which a medium or high alert is raised again; with the "
            "last comes an event. Empty for a ward that cannot acknowledge"
        ),
    ] = (2.0, 5.0, 15.0)
    an_hour: Annotated[int, Meta(ge=1, description="calls in an hour; high priority and worsening always pass")] = 8
    a_day: Annotated[int, Meta(ge=1, description="calls in a day; high priority and worsening always pass")] = 24
    quiet_from: (
        Annotated[str, Meta(pattern=_TIME, description="quiet hours begin, local time, HH:MM; high never waits")] | None
    ) = None
    quiet_until: Annotated[str, Meta(pattern=_TIME, description="quiet hours end, local time, HH:MM")] | None = None
    home_values: Annotated[bool, Meta(description="whether the home is told its values with an alert")] = False


class Page(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The page's own process."""

    port: Annotated[int, Meta(ge=0, le=65535, description="loopback port; 0 takes a free one")] = 8077


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    hub: Hub
    broker: Broker
    radio: Radio = msgspec.field(default_factory=Radio)
    device: tuple[Device, ...] = ()
    watch: Watch = msgspec.field(default_factory=Watch)
    alerts: Alerts = msgspec.field(default_factory=Alerts)
    page: Page = msgspec.field(default_factory=Page)

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


def load(path: Path) -> Config:
    """Read and check a file.

    Raises:
        ConfigError: it cannot be read, is no TOML, or says something that cannot be.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(path, ["There is no such file. Write one, or name another with --config."]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(path, [f"It cannot be read: {error}."]) from error
    return parse(text, path)


def parse(text: str, path: Path) -> Config:
    """Check the text of a configuration; `path` stands in the error.

    Raises:
        ConfigError: see `load`.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [f"It is no TOML: {error}."]) from error
    problems = _unknown_keys(raw, Config, "")
    if problems:
        raise ConfigError(path, problems)
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(path, [_plain(error)]) from error
    problems = _contradictions(config)
    if problems:
        raise ConfigError(path, problems)
    return config


def _plain(error: msgspec.ValidationError) -> str:
    """msgspec's words, with the place first: `Expected ... - at `$.hub.id`` becomes `hub.id: expected ...`."""
    what, _, where = str(error).partition(" - at `$")
    place = where.rstrip("`").lstrip(".") or "the file"
    missing = re.fullmatch(r"Object missing required field `(\w+)`", what)
    if missing:
        prefix = f"{place}." if where.strip("`") else ""
        return f"{prefix}{missing[1]} is missing."
    return f"{place}: {what[0].lower()}{what[1:]}."


def struct_of(hint: Any) -> type[Struct] | None:
    """The section type behind a field's type, whether it stands alone, in a tuple or beside None."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        return hint
    if typing.get_origin(hint) in (tuple, typing.Union, types.UnionType, Annotated):
        return next((s for s in map(struct_of, typing.get_args(hint)) if s), None)
    return None


def _unknown_keys(raw: object, section: type[Struct], place: str) -> list[str]:
    if isinstance(raw, list):
        return [p for i, item in enumerate(raw) for p in _unknown_keys(item, section, f"{place}[{i}]")]
    if not isinstance(raw, dict):
        return []
    hints = typing.get_type_hints(section, include_extras=True)
    problems = []
    for key, value in raw.items():
        here = f"{place}.{key}" if place else key
        if key not in hints:
            near = difflib.get_close_matches(key, hints, n=1, cutoff=0.5)
            hint = f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(hints)}."
            problems.append(f"{here} is not known. {hint}")
        elif inner := struct_of(hints[key]):
            problems += _unknown_keys(value, inner, here)
    return problems


def _contradictions(config: Config) -> list[str]:
    problems = _unknown_zone(config.hub.timezone)
    for field in ("id", "address", "port"):
        values = [v for d in config.device if (v := getattr(d, field)) is not None]
        twice = sorted({v for v in values if values.count(v) > 1})
        problems += [f"device: two devices have the {field} `{v}`." for v in twice]
    for device in config.device:
        problems += [f"device `{device.id}`: {p}" for p in _device_problems(device)]
    target = config.watch.saturation
    if target.target_low_pct >= target.target_high_pct:
        problems.append("watch.saturation: target_low_pct has to be below target_high_pct.")
    return problems + _alerts_problems(config.alerts) + _broker_problems(config.broker)


def _alerts_problems(alerts: Alerts) -> list[str]:
    problems = []
    if list(alerts.raise_again_min) != sorted({m for m in alerts.raise_again_min if m > 0}):
        problems.append("alerts.raise_again_min: each has to be above zero and longer than the one before.")
    if (alerts.quiet_from is None) != (alerts.quiet_until is None):
        problems.append("alerts: quiet_from and quiet_until go together.")
    elif alerts.quiet_from is not None and alerts.quiet_from == alerts.quiet_until:
        problems.append("alerts: quiet hours that begin when they end would be all day or never.")
    return problems


def _unknown_zone(name: str) -> list[str]:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(name, zoneinfo.available_timezones(), n=1, cutoff=0.3)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        return [f"hub.timezone: `{name}` is no known time zone.{hint}"]
    return []


def _device_problems(device: Device) -> list[str]:
    model = by_id(device.model)
    if model is None:
        return [f"model `{device.model}` is not in the catalogue. `wardgate devices list` shows what is."]
    if isinstance(model.link, Serial):
        return [] if device.port else [f"a {model.name} needs `port`, its serial line."]
    if device.address is None:
        return [f"a {model.name} needs `address`, its Bluetooth address."]
    if not _ADDRESS.match(device.address):
        return [f"address `{device.address}` has to look like AA:BB:CC:DD:EE:FF, in capitals."]
    return []


def _broker_problems(broker: Broker) -> list[str]:
    problems = []
    if (broker.cert_file is None) != (broker.key_file is None):
        problems.append("broker: cert_file and key_file go together.")
    for field in ("key_file", "password_file"):
        name = getattr(broker, field)
        if name and Path(name).exists() and Path(name).stat().st_mode & 0o077:
            problems.append(f"broker.{field}: others can read {name}. Run: chmod 600 {name}")
    for field in ("ca_file", "cert_file", "key_file", "password_file"):
        name = getattr(broker, field)
        if name and not Path(name).exists():
            problems.append(f"broker.{field}: there is no file {name}.")
    if broker.username and not broker.password_file:
        problems.append("broker: a username needs a password_file.")
    return problems
