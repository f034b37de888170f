"""`wardgate doctor`: finds out what is wrong, in words, with what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from wardgate import installation
from wardgate.cli.checks.bluetooth import bluetooth
from wardgate.cli.checks.broker import broker
from wardgate.cli.checks.check import Check, problem, well
from wardgate.cli.checks.hub import hub
from wardgate.cli.checks.lights import lights
from wardgate.cli.checks.machine import machine
from wardgate.cli.checks.models import models
from wardgate.cli.checks.secrets import certificate, secrets
from wardgate.cli.options import PROBLEM, add_config, add_json, command
from wardgate.clock import SystemClock
from wardgate.config import Bare, Config, ConfigError, NotAssigned, NotReadable, bare_over, load, load_bare


def main(words: list[str]) -> int:
    parser = command("doctor", "Look at everything the hub needs, and say what is wrong and what to do.")
    add_config(parser)
    add_json(parser)
    options = parser.parse_args(words)
    if options.json:
        found = diagnose(options.config)
        print(msgspec.json.encode(found).decode())
    else:
        found = diagnose(options.config, told=_print)
        problems = sum(not check.ok for check in found)
        print(f"\n{problems} to mend." if problems else "\nAll is well.")
    return 0 if all(check.ok for check in found) else PROBLEM


def diagnose(path: Path, told: Callable[[Check], None] = lambda _: None) -> list[Check]:
    """Look at everything the configuration at `path` names; `told` hears each finding as it comes."""
    found: list[Check] = []

    def note(check: Check) -> None:
        found.append(check)
        told(check)

    for check in models():
        note(check)
    config = _configured(path, note)
    if config is not None:
        _look(config, note)
    return found


def _configured(path: Path, note: Callable[[Check], None]) -> Config | Bare | None:
    """What is known of this hub: all, or what stands in its file where it has no patient or this user may not look."""
    try:
        config: Config | Bare = load(path)
    except NotAssigned:
        config = bare_over(path, installation.read(load_bare(path).data_dir))
        note(problem("patient", "This hub has no patient yet.", "How far it is: wardgate provision status"))
    except NotReadable as error:
        config = load_bare(path)
        note(problem("installation", error.problems[0], "Run this command with sudo."))
    except ConfigError as error:
        for sentence in error.problems:
            note(problem("configuration", f"{path}: {sentence}", "Mend the file, then: wardgate config check"))
        return None
    note(well("configuration", f"{path} can be used."))
    return config


def _look(config: Config | Bare, note: Callable[[Check], None]) -> None:
    for check in machine(config, SystemClock()):
        note(check)
    for check in lights(config):
        note(check)
    note(secrets(config))
    for check in certificate(config, SystemClock()):
        note(check)
    if config.radio.enabled:
        note(asyncio.run(bluetooth(config.radio.adapter)))
    note(asyncio.run(broker(config)))
    note(hub(config))


def _print(check: Check) -> None:
    print(f"{'well   ' if check.ok else 'PROBLEM'}  {check.sentence}", flush=True)
    if not check.ok:
        print(f"         {check.what_to_do}", flush=True)
