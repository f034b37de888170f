"""The lights that the configuration names: whether they are there, and whether the hub's service may switch them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from wardgate.cli.checks.check import Check, problem, well
from wardgate.config import Bare, Config

LEDS: Final = Path("/sys/class/leds")
UNIT: Final = Path("/etc/systemd/system/wardgate.service")
_WRITTEN: Final = ("brightness", "trigger")


def lights(config: Config | Bare, leds: Path = LEDS, unit: Path = UNIT) -> Iterator[Check]:
    """One for each light; nothing where none is configured."""
    chosen = config.indicator
    names = dict.fromkeys(name for name in (chosen.led_got, chosen.led_again, chosen.led_due) if name)
    for name in names:
        yield _light(name, leds, unit, config.data_dir)


def _light(name: str, leds: Path, unit: Path, data_dir: Path) -> Check:
    place = (leds / name).resolve()
    if not (place / "brightness").exists():
        there = ", ".join(sorted(light.name for light in leds.iterdir())) if leds.is_dir() else "none"
        return problem(
            "lights", f"There is no light {name}.", f"These are there: {there}. Set [indicator] in the file."
        )
    shut = [what for what in _WRITTEN if not _may_write(place / what, data_dir)]
    if shut:
        return problem(
            "lights",
            f"The hub's user may not write {place / shut[0]}.",
            "Install the hub anew with deploy/install.sh, which gives the lights to its group, then restart the "
            "machine.",
        )
    if unit.exists() and not any(place.is_relative_to(path) for path in _let_through(unit)):
        return problem(
            "lights",
            f"The hub's service keeps {place} closed.",
            f"Run: sudo systemctl edit wardgate, write [Service] and ReadWritePaths={place} there, then: sudo "
            "systemctl restart wardgate",
        )
    return well("lights", f"The hub may switch the light {name}.")


def _may_write(file: Path, data_dir: Path) -> bool:
    """Whether the hub's user may, who is the owner of its directory."""
    try:
        hub, here = data_dir.stat(), file.stat()
    except OSError:
        return os.access(file, os.W_OK)
    if hub.st_uid == 0:
        return True
    own, group = here.st_uid == hub.st_uid, here.st_gid == hub.st_gid
    return bool((own and here.st_mode & 0o200) or (group and here.st_mode & 0o020) or here.st_mode & 0o002)


def _let_through(unit: Path) -> Iterator[Path]:
    """The paths that the unit and what was added to it leave writable."""
    for file in (unit, *sorted(unit.with_name(unit.name + ".d").glob("*.conf"))):
        for line in file.read_text(encoding="utf-8").splitlines():
            name, _, paths = line.partition("=")
            if name.strip() == "ReadWritePaths":
                yield from (Path(path.lstrip("-+")) for path in paths.split())
