"""The lights and sounds that a configuration names."""

from __future__ import annotations

from wardgate.capture.journal import Journal
from wardgate.config import Bare, Config
from wardgate.indicate.indicator import Indicator
from wardgate.indicate.led import Led
from wardgate.indicate.sound import Sound


def indicators(config: Config | Bare, journal: Journal) -> tuple[Indicator, ...]:
    """None at all where none is configured: a screen asks for itself."""
    found: list[Indicator] = []
    chosen = config.indicator
    if chosen.led_got or chosen.led_again or chosen.led_due:
        found.append(Led(chosen, journal))
    if chosen.player:
        found.append(Sound(chosen, journal, config.data_dir / "sounds"))
    return tuple(found)
