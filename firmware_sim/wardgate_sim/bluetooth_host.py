"""A hub's Bluetooth host on bumble: what BlueZ is to a real hub."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final, cast

from bleak.uuids import normalize_uuid_str
from bumble import core, hci
from bumble.device import Connection, Device
from bumble.keys import KeyStore
from bumble.pairing import PairingConfig, PairingDelegate

Ask = Callable[[str], Awaitable[int]]


class _Keyboard(PairingDelegate):
    """Has a person type the code that a device shows."""

    def __init__(self, ask: Ask, address: str) -> None:
        super().__init__(PairingDelegate.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT)
        self._ask = ask
        self._address = address

    async def get_number(self) -> int | None:
        """The code; None when nobody brought it."""
        try:
            return await self._ask(self._address)
        except TimeoutError:
            return None


async def _nobody(_address: str) -> int:
    raise TimeoutError("nobody is there to ask")


class HubHost:
    """Everything that a hub's bleak scanner and clients share."""

    def __init__(self, device: Device) -> None:
        self.device: Final = device
        self._ask: Ask = _nobody
        device.pairing_config_factory = self._pairing
        self._connecting: Final = asyncio.Lock()
        self._scanners = 0

    def ask_passkey(self, ask: Ask) -> None:
        """Have the code that a device shows asked for in this way."""
        self._ask = ask

    def _pairing(self, connection: Connection) -> PairingConfig:
        """With a keyboard, as BlueZ with the hub's agent; a device that shows nothing is paired without."""
        return PairingConfig(
            sc=True,
            mitm=False,
            bonding=True,
            delegate=_Keyboard(self._ask, str(connection.peer_address).partition("/")[0]),
            identity_address_type=PairingConfig.AddressType.RANDOM,
        )

    async def scan(self, on: bool) -> None:
        """Count scanners; the radio scans while there is one."""
        self._scanners += 1 if on else -1
        if on and self._scanners == 1:
            await self.device.start_scanning(active=True)
        elif not on and self._scanners == 0:
            await self.device.stop_scanning()

    async def connect(self, address: hci.Address) -> Connection:
        """Connect at the device's next advertisement. Waits for ever: cancel it to give up."""
        async with self._connecting:
            attempt = asyncio.create_task(self.device.connect_le(address, timeout=None))
            try:
                return await asyncio.shield(attempt)
            except asyncio.CancelledError:
                await self._give_up(attempt)
                raise

    async def _give_up(self, attempt: asyncio.Task[Connection]) -> None:
        with contextlib.suppress(hci.HCI_Error):
            await self.device.send_sync_command(hci.HCI_LE_Create_Connection_Cancel_Command())
        with contextlib.suppress(core.ConnectionError, hci.HCI_Error):
            # It may have come about in the last moment.
            await (await attempt).disconnect()

    @property
    def keys(self) -> KeyStore:
        """The bonds."""
        if self.device.keystore is None:
            raise RuntimeError("the host is not powered on")
        return self.device.keystore

    async def bonded(self, address: str) -> bool:
        """Whether there is a bond with this address."""
        return await self._bond_name(address) is not None

    async def forget(self, address: str) -> None:
        """Remove a bond."""
        if name := await self._bond_name(address):
            await cast(Callable[[str], Awaitable[None]], self.keys.delete)(name)

    async def _bond_name(self, address: str) -> str | None:
        return next((n for n, _ in await self.keys.get_all() if n.partition("/")[0] == address), None)


def uuid_text(uuid: core.UUID) -> str:
    """A UUID as bleak writes it: 128 bits, lower case."""
    raw = uuid.uuid_bytes[::-1].hex()
    if len(raw) < 32:
        return normalize_uuid_str(raw)
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"
