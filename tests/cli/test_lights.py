"""Whether the hub may switch the lights that are configured, told before somebody waits for one."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import pytest

from tests.intake.test_sink import CONFIG
from tests.support.sandbox import settings
from wardgate.cli.checks.check import Check
from wardgate.cli.checks.lights import lights
from wardgate.config import Config, Indicator

UNIT = Path("deploy/systemd/wardgate.service")
HUB = 54321


@pytest.fixture
def leds(tmp_path: Path) -> Path:
    """As /sys has them: links to where the lights are, which the hub's group may write."""
    place, named = tmp_path / "devices/platform/gpio-leds/leds/green:status", tmp_path / "class"
    place.mkdir(parents=True)
    named.mkdir()
    (named / "green:status").symlink_to(place)
    for what in ("brightness", "trigger"):
        (place / what).touch()
        (place / what).chmod(0o664)
        os.chown(place / what, 0, HUB)
    return named


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "data").mkdir()
    os.chown(tmp_path / "data", HUB, HUB)
    hub = msgspec.structs.replace(CONFIG.hub, data_dir=str(tmp_path / "data"))
    return msgspec.structs.replace(CONFIG, hub=hub, indicator=Indicator(led_got="green:status", led_due="green:status"))


def looked(config: Config, leds: Path, unit: Path) -> Check:
    (found,) = lights(config, leds, unit)
    return found


def test_without_lights_there_is_nothing_to_say(leds: Path) -> None:
    assert list(lights(CONFIG, leds)) == []


@pytest.mark.root
def test_a_light_that_the_hub_may_switch(config: Config, leds: Path, tmp_path: Path) -> None:
    assert looked(config, leds, tmp_path / "no-unit").ok, "outside of systemd nothing else is in the way"


@pytest.mark.root
def test_what_the_service_keeps_closed_is_told_with_the_line_that_opens_it(
    config: Config, leds: Path, tmp_path: Path
) -> None:
    unit = tmp_path / "wardgate.service"
    unit.write_text(UNIT.read_text(encoding="utf-8"), encoding="utf-8")
    closed = looked(config, leds, unit)
    assert not closed.ok
    line = re.search(r"ReadWritePaths=\S+(?= there)", closed.what_to_do)
    assert line
    added = tmp_path / "wardgate.service.d"
    added.mkdir()
    (added / "override.conf").write_text(f"[Service]\nReadWritePaths={leds}\n", encoding="utf-8")
    assert not looked(config, leds, unit).ok, "the links are not the lights"
    (added / "override.conf").write_text(f"[Service]\n{line[0]}\n", encoding="utf-8")
    assert looked(config, leds, unit).ok


@pytest.mark.root
def test_a_light_that_is_roots_alone(config: Config, leds: Path, tmp_path: Path) -> None:
    (leds / "green:status" / "trigger").chmod(0o644)
    found = looked(config, leds, tmp_path / "no-unit")
    assert not found.ok
    assert "trigger" in found.sentence


def test_a_light_that_is_not_there(config: Config, leds: Path, tmp_path: Path) -> None:
    other = msgspec.structs.replace(config, indicator=Indicator(led_got="moon"))
    found = looked(other, leds, tmp_path / "no-unit")
    assert not found.ok
    assert "green:status" in found.what_to_do


def test_the_shipped_unit_opens_a_raspberry_pis_lights_and_no_more_of_sys() -> None:
    opened = [path for line in settings(UNIT)["ReadWritePaths"] for path in line.split()]
    assert [path for path in opened if "/sys" in path] == ["-/sys/devices/platform/leds"]
    assert settings(UNIT)["ProtectKernelTunables"] == ["yes"]
