"""The room as a whole: every configured device has somebody who listens to it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from wardgate.capture.agent import PairingAgent
from wardgate.capture.bluez import Bluez, RadioHost
from wardgate.capture.broadcasts import Listener
from wardgate.capture.caller import RADIO_ERRORS, Caller, PairingError
from wardgate.capture.devices import Devices, Known
from wardgate.capture.journal import Journal
from wardgate.capture.nearby import Heard, Nearby
from wardgate.capture.owner import RadioOwner, RadioState
from wardgate.capture.passkeys import Passkeys
from wardgate.capture.radio import RadioBackend
from wardgate.capture.recovery import Budget, Helper, Recovery
from wardgate.capture.serial_port import OpenPort, SerialLine, open_serial_port
from wardgate.capture.stand_in import StandIn
from wardgate.clock import Clock
from wardgate.config import Config
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.model.declaration import Broadcast, Gatt, Serial

log: Final = logging.getLogger(__name__)
Tasks = Mapping[str, Callable[[], Awaitable[None]]]

PAIR_S: Final = 120.0
"""How long a technician has to wake the device."""


class Capture:
    """Devices to measurements."""

    def __init__(
        self,
        config: Config,
        backend: RadioBackend,
        devices: Devices,
        journal: Journal,
        clock: Clock,
        sink_for: Callable[[Known], SessionSink],
        changed: Callable[[str], None],
        random_: random.Random | None = None,
        open_port: OpenPort = open_serial_port,
    ) -> None:
        jitter = random_ or random.Random()  # noqa: S311 - it spreads retries, it guards nothing
        self._passkeys = Passkeys(journal, changed)
        self._radio = config.radio
        self._callers: dict[str, Caller] = {}
        self._by_address: dict[str, Caller] = {}
        listeners: dict[str, Listener] = {}
        self.lines: list[SerialLine] = []
        self._host: RadioHost = (
            Bluez(
                config.radio.adapter,
                PairingAgent(self._may_pair, self._passkey, self._passkeys.give_all_up),
                [k.device.address for k in devices.known if isinstance(k.model.link, Gatt) and k.device.address],
                self._battery,
            )
            if backend.bluez
            else StandIn(backend)
        )
        if backend.ask_passkey is not None:
            backend.ask_passkey(self._passkey)
        for known in devices.known:
            link, address = known.model.link, known.device.address
            if isinstance(link, Serial):
                self.lines.append(SerialLine(known, link, devices, journal, clock, sink_for, open_port))
            elif isinstance(link, Broadcast) and address:
                listeners[address] = Listener(known, link, devices, clock, sink_for)
            elif isinstance(link, Gatt) and address:
                caller = Caller(
                    known, backend, self._host, config.radio.adapter, devices, journal, clock, sink_for, jitter
                )
                self._callers[known.id] = self._by_address[address] = caller
        recovery = Recovery(
            self._host,
            Helper(Path(config.hub.control_socket).with_name("radio-helper.ask")),
            Budget(devices.store, clock, config.radio.reboots_a_week),
            lambda: [a for a, caller in self._by_address.items() if devices.row(caller.known.id).bonded],
            journal,
            clock,
        )
        self._nearby = Nearby(clock)
        self._owner = RadioOwner(
            backend,
            self._host,
            config.radio.adapter,
            self._by_address,
            listeners,
            journal,
            clock,
            changed,
            recovery,
            self._nearby,
        )
        self._looked = asyncio.Event()
        if self._by_address or listeners:
            self._looked.set()

    def tasks(self) -> Tasks:
        """What has to run, by name. None of them ever returns."""
        return {**self.serial_tasks(), **self.radio_tasks()}

    def serial_tasks(self) -> Tasks:
        """Those of the serial lines."""
        return {f"serial {line.known.id}": line.run for line in self.lines}

    def radio_tasks(self) -> Tasks:
        """Those of the radio. They may run before anybody can take a measurement: see `only_listen`."""
        if not self._radio.enabled:
            return {}
        return {
            "bluetooth": lambda: self._once_looked(self._host.run),
            "radio": lambda: self._once_looked(self._owner.run),
        }

    def only_listen(self, *, only: bool) -> None:
        """The radio hears who is on the air, but no device is talked to and nothing is taken, until it is told so."""
        self._owner.only_listen(only=only)

    async def _once_looked(self, run: Callable[[], Awaitable[None]]) -> None:
        """A home without devices of the radio's leaves the adapter alone, until somebody wants to add one."""
        await self._looked.wait()
        await run()

    def look(self) -> tuple[Heard, ...] | None:
        """Who is in the air, of those that the catalogue knows; None where the radio is not to be used."""
        if not self._radio.enabled:
            return None
        found = self._nearby.look()
        self._looked.set()
        self._owner.look()
        return found

    async def stop(self) -> None:
        """End all sessions; what they have brought is safe or will be sent again."""
        for caller in self._callers.values():
            await caller.stop()

    def view(self) -> tuple[RadioState, str, float | None]:
        """The radio's state, a sentence, and how long ago anything at all was heard."""
        if not (self._radio.enabled and self._owner.needed):
            return "off", "No device of this home needs the radio.", None
        return *self._owner.view(), self._owner.last_heard_age_s

    @property
    def scans(self) -> int:
        """How many scans were started since the hub began."""
        return self._owner.scans

    async def pair(self, device: str, *, afresh: bool = True) -> None:
        """Pair a device, on a person's word; it has to be brought on the air.

        Args:
            afresh: a bond that there is is forgotten.

        Raises:
            PairingError: it came to nothing.
        """
        caller = self._callers.get(device)
        if caller is None:
            raise PairingError(f"No device `{device}` can be paired.", f"These can: {', '.join(self._callers)}.")
        await caller.pair(PAIR_S, afresh=afresh)

    def pairing(self, device: str) -> bool:
        """Whether a pairing with this device is under way at this moment."""
        caller = self._callers.get(device)
        return caller is not None and caller.pairing

    def _battery(self, address: str, percent: int) -> None:
        caller = self._by_address.get(address)
        if caller is not None:
            caller.battery(percent)

    def noun(self, device: str) -> str:
        """What to call it."""
        caller = self._callers.get(device)
        return "device" if caller is None else caller.kind

    def passkey_left_s(self, device: str) -> float | None:
        """How long the code that this device shows is waited for yet; None when it is not."""
        return self._passkeys.left_s(device)

    def give_passkey(self, device: str, passkey: int) -> bool:
        """The code that a device shows. False when none was asked for."""
        return self._passkeys.give(device, passkey)

    def no_passkey(self, device: str) -> bool:
        """The device shows no code: the pairing that waits for one is given up. False when none does."""
        return self._passkeys.give_up(device)

    async def paired(self, device: str) -> bool:
        """Whether the pairing that is under way made a bond, once it is over."""
        return await self._callers[device].paired()

    async def retire(self, device: str) -> None:
        """A device leaves this home: its bond goes, and nobody listens to it any more.

        Raises:
            PairingError: its bond could not be removed.
        """
        caller = self._callers.get(device)
        if caller is None:
            return
        try:
            await caller.retire()
        except RADIO_ERRORS as error:
            log.warning("%s: its bond was not removed: %s", device, error)
            raise PairingError(
                f"The pairing with the {caller.kind} could not be removed.", "Wait a minute, then try again."
            ) from error

    def _may_pair(self, address: str) -> bool:
        caller = self._by_address.get(address)
        return caller is not None and caller.may_pair()

    async def _passkey(self, address: str) -> int:
        caller = self._by_address[address]
        return await self._passkeys.ask(caller.known.id, caller.kind)
