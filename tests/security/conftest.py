"""The hub's own bench, for a whole run."""

from __future__ import annotations

from tests.hub.conftest import clock, device_clock, link, start

__all__ = ["clock", "device_clock", "link", "start"]
