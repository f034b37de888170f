"""One TOML file, typed and checked. What it says is all there is to set; every default stands here.

`load` refuses an unknown key and names the nearest known one. It collects every problem before it gives up, so that
a technician mends the file once.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
import zoneinfo
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from wardgate.checked import Unusable, converted, did_you_mean
from wardgate.contract.messages import Utc
from wardgate.contract.signing import key_problems
from wardgate.pathways.combine import settings
from wardgate.pathways.known import CONDITIONS, LIMITS, RULES, TARGET, rule_problems
from wardgate.pathways.notes import note_problem
from wardgate.pathways.pathway import names, pathway, unknown
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
    protocol: Annotated[
        Literal["5", "3.1.1"],
        Meta(description="MQTT version; 3.1.1 is for a broker that knows no other, and is told less by it"),
    ] = "5"


class Enrol(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the hub gets its certificate from, and renews it."""

    url: Annotated[
        str | None,
        Meta(description="the ward's enrolment endpoint, https://...; then the hub keeps its own pair in data_dir"),
    ] = None
    ca_file: Annotated[
        str | None, Meta(description="authority that signed the endpoint's certificate; none: broker.ca_file")
    ] = None


class Device(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device of this patient."""

    id: Annotated[Key, Meta(description="its name in this home: scale, cuff, oximeter")]
    model: Annotated[str, Meta(description="its model's id in the catalogue: `wardgate devices list`")]
    address: Annotated[str | None, Meta(description="Bluetooth address, AA:BB:CC:DD:EE:FF")] = None
    port: Annotated[str | None, Meta(description="serial line, best a path below /dev/serial/by-id")] = None
    cadence_h: (
        Annotated[
            float,
            Meta(gt=0, description="a reading is expected every so many hours; not set: as the pathways say, else 24"),
        ]
        | None
    ) = None
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
    gain_3_days_kg: (
        Annotated[float, Meta(gt=0, description="ESC: tell the ward above this gain in 3 days; 2.0 without a pathway")]
        | None
    ) = None
    gain_1_day_kg: (
        Annotated[float, Meta(gt=0, description="US advice: 3 lb in a day; 1.36 without a pathway")] | None
    ) = None
    gain_7_days_kg: (
        Annotated[float, Meta(gt=0, description="US advice: 5 lb in a week; 2.27 without a pathway")] | None
    ) = None
    other_person_kg: Annotated[
        float, Meta(gt=0, description="further than this from the patient's usual weight: not attributed")
    ] = 8.0


class Saturation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The patient's own target range."""

    target_low_pct: (
        Annotated[float, Meta(ge=50, le=100, description="lower end of the target; 94 without a pathway")] | None
    ) = None
    target_high_pct: (
        Annotated[float, Meta(ge=50, le=100, description="upper end of the target; 100 without a pathway")] | None
    ) = None


class Pressure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits on blood pressure."""

    systolic_low_mmhg: (
        Annotated[
            float, Meta(ge=50, le=140, description="persistently below this: tell the ward; 90 without a pathway")
        ]
        | None
    ) = None
    systolic_high_mmhg: (
        Annotated[float, Meta(ge=100, le=220, description="average at home: tell the ward from here; pathways say 135")]
        | None
    ) = None
    diastolic_high_mmhg: (
        Annotated[float, Meta(ge=60, le=140, description="average at home: tell the ward from here; pathways say 85")]
        | None
    ) = None


class Shadow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule that is tried: it computes and is counted, and tells nobody."""

    name: Annotated[Key, Meta(description="what the ward calls it")]
    rule: Annotated[str, Meta(description="the rule that is tried")]
    limits: Annotated[dict[str, float], Meta(description="the limits it is tried with; the others are the plan's")] = (
        msgspec.field(default_factory=dict)
    )


class Note(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fact about the treatment that the detectors have to know. `wardgate note` says one at once."""

    at: Annotated[Utc, Meta(description="when it was so")]
    note: Annotated[str, Meta(description="diuretic_up, diuretic_down, discharged, dry_weight:78.5, ...")]


class Watch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the ward wants to be told about."""

    pathways: Annotated[
        tuple[str, ...], Meta(description="what the patient is monitored for; `wardgate plan` says what that means")
    ] = ()
    conditions: Annotated[tuple[str, ...], Meta(description="also known of the patient: atrial_fibrillation")] = ()
    beta_blocker: Annotated[bool, Meta(description="whether a beta blocker holds the pulse down")] = False
    agreed: Annotated[
        tuple[str, ...], Meta(description="rules that may tell the ward although comfort comes first")
    ] = ()
    weight: Weight = msgspec.field(default_factory=Weight)
    saturation: Saturation = msgspec.field(default_factory=Saturation)
    pressure: Pressure = msgspec.field(default_factory=Pressure)
    shadow: tuple[Shadow, ...] = ()
    note: tuple[Note, ...] = ()

    def given(self) -> dict[str, float]:
        """The limits that stand in the file."""
        values = {name: getattr(getattr(self, limit.section), name) for name, limit in LIMITS.items()}
        return {name: value for name, value in values.items() if value is not None}


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


class Ward(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may command this hub from afar."""

    command_keys: Annotated[
        tuple[str, ...],
        Meta(description="public keys as id:base64 (`wardgate ward keys new`); none: every command is refused"),
    ] = ()


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
    try:
        config = converted(raw, Config)
    except Unusable as error:
        raise ConfigError(path, error.problems) from error
    problems = _contradictions(config)
    if problems:
        raise ConfigError(path, problems)
    return _with_own_pair(config)


def _with_own_pair(config: Config) -> Config:
    """A hub that enrols has its pair where it keeps it itself."""
    if config.enrol.url is None:
        return config
    pair = config.data_dir / "identity" / "current"
    broker = msgspec.structs.replace(config.broker, cert_file=str(pair / "hub.pem"), key_file=str(pair / "hub.key"))
    return msgspec.structs.replace(config, broker=broker)


def checked_whole(config: Config) -> Config:
    """A configuration that was put together by the program, checked as a file is.

    Raises:
        Unusable: it says something that cannot be.
    """
    whole = converted(msgspec.to_builtins(config), Config)
    problems = _contradictions(whole)
    if problems:
        raise Unusable(problems)
    return whole


def _contradictions(config: Config) -> list[str]:
    problems = _unknown_zone(config.hub.timezone)
    problems += [f"ward.command_keys: {p}" for p in key_problems(config.ward.command_keys)]
    for field in ("id", "address", "port"):
        values = [v for d in config.device if (v := getattr(d, field)) is not None]
        twice = sorted({v for v in values if values.count(v) > 1})
        problems += [f"device: two devices have the {field} `{v}`." for v in twice]
    for device in config.device:
        problems += [f"device `{device.id}`: {p}" for p in _device_problems(device)]
    return (
        problems
        + _watch_problems(config.watch)
        + _alerts_problems(config.alerts)
        + _broker_problems(config.broker)
        + _enrol_problems(config)
    )


def _watch_problems(watch: Watch) -> list[str]:
    problems = [f"watch.pathways: {unknown(name)}" for name in watch.pathways if name not in names()]
    for place, words, known in (
        ("conditions", watch.conditions, CONDITIONS),
        ("agreed", watch.agreed, tuple(RULES)),
    ):
        problems += [
            f"watch.{place}: `{word}` is not known. {did_you_mean(word, known)}" for word in words if word not in known
        ]
    if not problems:
        settled = settings([pathway(name) for name in watch.pathways], watch.given())
        low, high = (settled[name] for name in TARGET)
        if low.value >= high.value:
            problems.append(
                "watch.saturation: target_low_pct has to be below target_high_pct. "
                f"They are {low.value:g} ({low.source}) and {high.value:g} ({high.source})."
            )
    called = [shadow.name for shadow in watch.shadow]
    problems += [
        f"watch.shadow: two are called `{name}`." for name in sorted({c for c in called if called.count(c) > 1})
    ]
    for shadow in watch.shadow:
        problems += [f"watch.shadow `{shadow.name}`: {p}" for p in rule_problems(shadow.rule, shadow.limits)]
    return problems + [f"watch.note: {p}" for note in watch.note if (p := note_problem(note.note))]


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


def _enrol_problems(config: Config) -> list[str]:
    enrol, problems = config.enrol, []
    if enrol.url is not None:
        if not enrol.url.startswith("https://"):
            problems.append("enrol.url: it has to begin with https://.")
        if config.broker.cert_file is not None:
            problems.append("broker.cert_file: a hub that enrols keeps its own pair. Remove cert_file and key_file.")
        if not config.broker.tls:
            problems.append("broker.tls: a certificate needs TLS. Set it to true, or remove enrol.url.")
    if enrol.ca_file and not Path(enrol.ca_file).exists():
        problems.append(f"enrol.ca_file: there is no file {enrol.ca_file}.")
    return problems


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
