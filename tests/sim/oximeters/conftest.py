"""A whole hub beside the simulated oximeters: the fixtures of the hub's own tests."""

from __future__ import annotations

from tests.hub.conftest import clock, device_clock, link, start

__all__ = ["clock", "device_clock", "link", "start"]
