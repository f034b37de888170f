"""The status page of a hub: its own process, which reads through the control socket and changes nothing."""

from __future__ import annotations

from wardgate.page.app import create_app
from wardgate.page.server import PageError, serve

__all__ = ["PageError", "create_app", "serve"]
