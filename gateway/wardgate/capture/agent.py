"""The hub's own pairing agent at BlueZ. Without one even Just Works pairing fails.

No deferred annotations here: dbus-fast reads D-Bus signatures from them, and cannot read a deferred None.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from dbus_fast import DBusError
from dbus_fast.annotations import DBusObjectPath, DBusStr, DBusUInt16, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

log: Final = logging.getLogger(__name__)

AGENT_PATH: Final = "/org/wardgate/agent"
CAPABILITY: Final = "KeyboardDisplay"
"""With this BlueZ asks for the code that a cuff shows; with less it pairs such a cuff unauthenticated."""
_REJECTED: Final = "org.bluez.Error.Rejected"


def address_of(path: str) -> str:
    """The Bluetooth address in the D-Bus path of a device: /org/bluez/hci0/dev_AA_BB_CC_DD_EE_FF."""
    return path.rpartition("/")[2].removeprefix("dev_").replace("_", ":")


class PairingAgent(ServiceInterface):
    """org.bluez.Agent1: answers for devices that may pair, refuses every other.

    Args:
        may_pair: whether this address may pair now.
        passkey: asks a person for the six digits that the device shows; TimeoutError when nobody answers.
        cancelled: BlueZ wants no answer any more. It asks for one code at a time.
    """

    def __init__(
        self, may_pair: Callable[[str], bool], passkey: Callable[[str], Awaitable[int]], cancelled: Callable[[], None]
    ) -> None:
        super().__init__("org.bluez.Agent1")
        self._may_pair = may_pair
        self._passkey = passkey
        self._cancelled = cancelled
        self._asking: set[asyncio.Task[object]] = set()

    async def end(self) -> None:
        """The bus goes: whoever still asks for a code is told that nobody will type it."""
        for asking in self._asking:
            asking.cancel()
        if self._asking:
            await asyncio.wait(self._asking)

    def _check(self, device: str) -> str:
        address = address_of(device)
        if not self._may_pair(address):
            # The maker's half alone: it may be a neighbour's, and a whole address is theirs.
            log.warning(
                "refused pairing with %s:...: it is not one of this home's devices, or it is paired already",
                address[:8],
            )
            raise DBusError(_REJECTED, "not expected")
        return address

    @dbus_method(name="Release")
    def release(self) -> None:
        log.debug("BlueZ released the agent")

    @dbus_method(name="Cancel")
    def cancel(self) -> None:
        log.debug("BlueZ cancelled a request")
        self._cancelled()

    @dbus_method(name="RequestPinCode")
    def request_pin_code(self, device: DBusObjectPath) -> DBusStr:
        raise DBusError(_REJECTED, "no device here has a PIN")

    @dbus_method(name="DisplayPinCode")
    def display_pin_code(self, device: DBusObjectPath, pin: DBusStr) -> None:
        raise DBusError(_REJECTED, "no device here has a keyboard")

    @dbus_method(name="RequestPasskey")
    async def request_passkey(self, device: DBusObjectPath) -> DBusUInt32:
        address, asking = self._check(device), asyncio.current_task()
        if asking is not None:
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)
        try:
            return await self._passkey(address)
        except (TimeoutError, asyncio.CancelledError):
            raise DBusError("org.bluez.Error.Canceled", "nobody typed the code") from None

    @dbus_method(name="DisplayPasskey")
    def display_passkey(self, device: DBusObjectPath, passkey: DBusUInt32, entered: DBusUInt16) -> None:
        raise DBusError(_REJECTED, "no device here has a keyboard")

    @dbus_method(name="RequestConfirmation")
    def request_confirmation(self, device: DBusObjectPath, passkey: DBusUInt32) -> None:
        self._check(device)

    @dbus_method(name="RequestAuthorization")
    def request_authorization(self, device: DBusObjectPath) -> None:
        self._check(device)

    @dbus_method(name="AuthorizeService")
    def authorize_service(self, device: DBusObjectPath, uuid: DBusStr) -> None:
        self._check(device)
