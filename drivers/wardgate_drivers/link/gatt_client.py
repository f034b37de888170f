"""bleak's client with a deadline on every operation, and its errors as ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.exc import BleakError, BleakGATTProtocolError, BleakGATTProtocolErrorCode

from wardgate_drivers.link.errors import LinkLostError, RefusedError, SessionError, TimedOutError

T = TypeVar("T")
Heard = Callable[[BleakGATTCharacteristic, bytearray], Awaitable[None] | None]

OPERATION_S: Final = 5.0
"""A GATT operation takes a few connection intervals (at most 4 s each, usually 50 ms)."""

LOOK_S: Final = 0.25
"""How often to look whether the device has hung up: bleak tells it only to whoever made the client."""

_WANTS_BOND: Final = frozenset(
    {
        BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
        BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHORIZATION,
        BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
        BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION_KEY_SIZE,
    }
)
_BLEAK_RAISES: Final = (BleakError, EOFError, OSError, AssertionError)
"""EOFError and OSError: dbus-fast, when the bus goes down under a call. AssertionError: bleak's own checks of what a
link that died meanwhile left behind."""


class GattClient:
    """One connected device. Every method raises only `SessionError` and its kind."""

    def __init__(self, client: BleakClient, name: str) -> None:
        self._client = client
        self._name = name

    @property
    def is_connected(self) -> bool:
        """Whether the link still stands, as far as the host knows."""
        return self._client.is_connected

    def need_link(self, doing: str) -> None:
        """Raise LinkLostError when the link is gone."""
        if not self.is_connected:
            raise self._lost(doing)

    def find(self, uuid: str) -> BleakGATTCharacteristic | None:
        """The device's (first) characteristic of that UUID."""
        try:
            characteristics = self._client.services.characteristics.values()
        except BleakError as error:
            raise self._explained(error, "list its services") from error
        return next((c for c in characteristics if c.uuid == uuid), None)

    async def read(self, characteristic: BleakGATTCharacteristic, deadline_s: float = OPERATION_S) -> bytes:
        """Its value."""
        doing = f"read {characteristic.uuid}"
        return bytes(await self._within(self._client.read_gatt_char(characteristic), deadline_s, doing))

    async def write(
        self, characteristic: BleakGATTCharacteristic, value: bytes, deadline_s: float = OPERATION_S
    ) -> None:
        """Set its value and wait for the device's answer, where it gives one."""
        doing = f"write {characteristic.uuid}"
        await self._within(self._client.write_gatt_char(characteristic, value), deadline_s, doing)

    async def subscribe(self, characteristic: BleakGATTCharacteristic, heard: Heard) -> None:
        """Have indications or notifications sent. What `heard` returns is awaited by stacks that can hold back the
        confirmation of an indication until then."""
        doing = f"subscribe to {characteristic.uuid}"
        await self._within(self._client.start_notify(characteristic, heard), OPERATION_S, doing)

    async def _within(self, operation: Awaitable[T], deadline_s: float, doing: str) -> T:
        try:
            async with asyncio.timeout(deadline_s):
                return await operation
        except TimeoutError as error:
            raise TimedOutError(
                f"{self._name} did not answer within {deadline_s:g} s (to {doing}). Wait until it wakes again."
            ) from error
        except _BLEAK_RAISES as error:
            raise self._explained(error, doing) from error

    def _lost(self, doing: str) -> LinkLostError:
        return LinkLostError(f"{self._name} went away while we tried to {doing}. Wait until it wakes again.")

    def _explained(self, error: Exception, doing: str) -> SessionError:
        if isinstance(error, BleakGATTProtocolError) and error.code in _WANTS_BOND:
            return RefusedError(f"{self._name} wants to be paired before we may {doing}. Pair it again.")
        if not self._client.is_connected:
            return self._lost(doing)
        return SessionError(f"{self._name} would not let us {doing}: {error}. Wait until it wakes again.")
