"""What each setting allows by itself, and no hub could do: every such thing, in a sentence."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from pathlib import Path
from typing import Final

from wardgate.checked import did_you_mean
from wardgate.config.sections import Alerts, Broker, Device, Watch
from wardgate.config.whole import Bare, Config
from wardgate.contract.signing import key_problems
from wardgate.pathways.combine import settings
from wardgate.pathways.known import CONDITIONS, RULES, TARGET, rule_problems
from wardgate.pathways.notes import note_problem
from wardgate.pathways.pathway import names, pathway, unknown
from wardgate_drivers.model.declaration import Serial
from wardgate_drivers.model.lookup import by_id

RAISED_AGAIN_MOST: Final = 10
"""No rate cap holds back the raising again of an alert of high priority."""
_ADDRESS: Final = re.compile(r"^([0-9A-F]{2}:){5}[0-9A-F]{2}$")


def contradictions(config: Config | Bare) -> list[str]:
    """One sentence for each thing to mend."""
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
        + ([] if config.broker is None else _broker_problems(config.broker))
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
    if len(alerts.raise_again_min) > RAISED_AGAIN_MOST:
        problems.append(
            f"alerts.raise_again_min: {RAISED_AGAIN_MOST} at most, not {len(alerts.raise_again_min)}. Who has not seen "
            "an alert by then has to be called."
        )
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


def _enrol_problems(config: Config | Bare) -> list[str]:
    enrol, broker, problems = config.enrol, config.broker, []
    if enrol.url is not None:
        if not enrol.url.startswith("https://"):
            problems.append("enrol.url: it has to begin with https://.")
        if broker is not None and broker.cert_file is not None:
            problems.append("broker.cert_file: a hub that enrols keeps its own pair. Remove cert_file and key_file.")
        if broker is not None and not broker.tls:
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
