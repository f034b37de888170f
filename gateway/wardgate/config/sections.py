"""The sections of a hub's file: every setting with its meaning and its default."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from wardgate.contract.messages import Utc
from wardgate.pathways.known import LIMITS

_TIME: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_LANGUAGE: Final = r"^[a-z]{2}$"
TIMEZONE: Final = "Europe/London"
DATA_DIR: Final = "/var/lib/wardgate"
CONTROL_SOCKET: Final = "/run/wardgate/control.sock"
Key = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class Hub(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which hub this is and whom it serves."""

    id: Annotated[Key, Meta(description="the hub's id; also its MQTT client id and the name in its certificate")]
    patient: Annotated[str, Meta(min_length=1, description="pseudonym of the patient; never a name or a number")]
    assignment: Annotated[Key, Meta(description="id of this hub's assignment to this patient")]
    since: (
        Annotated[Utc, Meta(description="when it began: what was measured before is not called this patient's")] | None
    ) = None
    timezone: Annotated[str, Meta(description="where the patient lives, as the tz database names it")] = TIMEZONE
    data_dir: Annotated[str, Meta(description="where readings are kept")] = DATA_DIR
    control_socket: Annotated[str, Meta(description="where pages and commands reach the hub")] = CONTROL_SOCKET


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
    listen: Annotated[
        str,
        Meta(
            description="address on the home's network at which a technician's phone reaches the pages that set the "
            "hub up, while they are open; `::` is every address, `` none"
        ),
    ] = "::"
    setup_port: Annotated[int, Meta(ge=0, le=65535, description="their port, HTTPS; 0 takes a free one")] = 8443
    state_dir: Annotated[str, Meta(description="where the page keeps its own certificate, and nothing else")] = (
        "/var/lib/wardgate-page"
    )
    button: (
        Annotated[
            str,
            Meta(
                description="input device of the button on the box, such as "
                "/dev/input/by-path/platform-gpio-keys-event: held for 3 seconds it opens the pages that set the hub up"
            ),
        ]
        | None
    ) = None


class Screen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the patient sees in a browser: on this machine's own display, or on a tablet at home."""

    port: Annotated[int, Meta(ge=0, le=65535, description="its port; 0 takes a free one")] = 8078
    listen: (
        Annotated[
            str,
            Meta(
                description="address on the home's network at which a tablet reaches it, or 0.0.0.0; not set: this "
                "machine alone. `wardgate screen address` then says what to open"
            ),
        ]
        | None
    ) = None
    https: Annotated[
        bool, Meta(description="on the home's network: encrypt; false for a tablet that takes no own certificate")
    ] = True
    cert_file: Annotated[str | None, Meta(description="certificate for that; none: the page's own")] = None
    key_file: Annotated[str | None, Meta(description="its private key, mode 0600")] = None
    language: Annotated[str, Meta(pattern=_LANGUAGE, description="what a screen speaks until somebody chooses")] = "en"
    languages: Annotated[
        tuple[Annotated[str, Meta(pattern=_LANGUAGE)], ...], Meta(description="what can be chosen; en is always there")
    ] = ()
    unreviewed: Annotated[
        bool, Meta(description="offer translations that no native speaker has reviewed (docs/patient-screen.md)")
    ] = False
    phone: Annotated[
        str, Meta(max_length=30, description="the team's number, for the patient, where the ward's list gives none")
    ] = ""


class Indicator(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lights and sounds in the home."""

    led_got: Annotated[str | None, Meta(description="light for `got it`, green; a name in /sys/class/leds")] = None
    led_again: Annotated[str | None, Meta(description="light for `do it again`, amber; may be the same one")] = None
    led_due: Annotated[
        str | None, Meta(description="light for `measure now` and `ring your team`, blue; may be the same one")
    ] = None
    player: Annotated[
        tuple[str, ...],
        Meta(description='program that plays a WAV file, as words: ["aplay", "-q"]; empty: the home makes no sound'),
    ] = ()


class Ward(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may command this hub from afar."""

    command_keys: Annotated[
        tuple[str, ...],
        Meta(description="public keys as id:base64 (`wardgate ward keys new`); none: every command is refused"),
    ] = ()
