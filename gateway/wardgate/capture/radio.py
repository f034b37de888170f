"""Which radio the hub uses: BlueZ, or one that stands in for it behind bleak's own backend interface."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import BaseBleakScanner

from wardgate.capture.bluez_client import BluezClient


@dataclass(frozen=True, slots=True)
class RadioBackend:
    """A pair of bleak backends. None means bleak's own choice for this machine."""

    scanner: type[BaseBleakScanner] | None = None
    client: type[BaseBleakClient] | None = None
    bluez: bool = True
    """Whether org.bluez is behind it: then the hub registers its pairing agent and powers the adapter on."""
    bonded: Callable[[str], Awaitable[bool]] | None = None
    """Whether the radio holds keys for an address; None asks BlueZ."""
    ask_passkey: Callable[[Callable[[str], Awaitable[int]]], None] | None = None
    """Takes what asks a person for the code that a device of this address shows; None leaves that to our agent."""


BLUEZ: Final = RadioBackend(client=BluezClient)
