"""The one owner of the adapter: it scans, or it connects, never both."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Final, Literal

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from wardgate.capture.bluez import SENTENCES, RadioHost
from wardgate.capture.broadcasts import Listener
from wardgate.capture.caller import RADIO_ERRORS, Caller
from wardgate.capture.journal import Journal
from wardgate.capture.nearby import Nearby
from wardgate.capture.radio import RadioBackend
from wardgate.capture.recovery import Hearing, Recovery
from wardgate.clock import Clock
from wardgate_drivers.advertisement import Advertisement

log: Final = logging.getLogger(__name__)

START_S: Final = 15.0
"""To start a scan; bluetoothd answers at once unless the controller is stuck."""
STOP_S: Final = 10.0
RETRY_S: Final = 2.0
"""After a scan that could not be started."""
FAILED_SCANS: Final = 5
"""So many in a row: the next step of the recovery ladder."""
HOST_AWAY_S: Final = 10.0
"""Longer than bluetoothd takes to restart."""
DEAF_S: Final = 300.0
"""Nothing at all heard for so long: start the scan afresh, and ask whether this is silence or deafness."""
AFTER_STEP_S: Final = 60.0
"""The same while the ladder is climbed."""
NO_SIGNAL_DBM: Final = -127
"""bleak's word for a device that BlueZ tells about without having heard it just now."""
RadioState = Literal["listening", "connecting", "no-adapter", "no-bluetoothd", "off", "simulated"]


class RadioOwner:
    """Scans without end, and breaks off to connect when a device of this home is heard. Sessions run beside it."""

    def __init__(
        self,
        backend: RadioBackend,
        host: RadioHost,
        adapter: str,
        callers: Mapping[str, Caller],
        listeners: Mapping[str, Listener],
        journal: Journal,
        clock: Clock,
        changed: Callable[[str], None],
        recovery: Recovery,
        nearby: Nearby | None = None,
    ) -> None:
        self._backend = backend
        self._host = host
        self._adapter = adapter
        self._callers = callers
        self._listeners = listeners
        self._journal = journal
        self._clock = clock
        self._changed = changed
        self._recovery = recovery
        self._nearby = Nearby(clock) if nearby is None else nearby
        self._hearing = Hearing()
        self._quiet_until_s = clock.boottime_s() + DEAF_S
        self._wanted: dict[Caller, BLEDevice] = {}
        self._resting: set[Caller] = set()
        self._something = asyncio.Event()
        self._only_listens = False
        self._connecting: Caller | None = None
        self._trouble = ""
        self._scans = 0
        self._failed_scans = 0
        self._taken: set[Caller] = set()
        host.on_change = self._host_changed
        host.on_connected = self._connected

    @property
    def needed(self) -> bool:
        """Whether anybody waits for what is heard: a device of this home, or whoever adds one."""
        return bool(self._callers or self._listeners) or self._nearby.left_s() > 0

    def look(self) -> None:
        """Somebody looks who is in the air."""
        self._something.set()

    def only_listen(self, *, only: bool) -> None:
        """Hear who is on the air, but call nobody and take nothing yet. Who was heard meanwhile is called after it."""
        self._only_listens = only
        self._something.set()

    @property
    def last_heard_age_s(self) -> float | None:
        """Seconds since anything at all was heard."""
        heard_at_s = self._hearing.heard_at_s
        return None if heard_at_s is None else self._clock.boottime_s() - heard_at_s

    @property
    def scans(self) -> int:
        """How many scans were started."""
        return self._scans

    def view(self) -> tuple[RadioState, str]:
        """What the radio does now, and a sentence about it."""
        state = self._host.state
        if state != "on":
            return state, SENTENCES[state]
        if self._connecting is not None:
            return "connecting", f"Talking to the {self._connecting.kind}."
        if self._trouble:
            return "off", self._trouble
        return ("listening" if self._backend.bluez else "simulated"), "Listening."

    async def run(self) -> None:
        """Never returns."""
        await self._is_needed()
        await self._host_is_on()
        await self._hang_up_all()
        while True:
            await self._is_needed()
            await self._host_is_on()
            try:
                await self._listen()
            except RADIO_ERRORS as error:
                await self._scan_failed(error)
                continue
            await self._connect_to_wanted()

    async def _is_needed(self) -> None:
        while not self.needed:
            self._something.clear()
            await self._something.wait()
            self._quiet_until_s = self._clock.boottime_s() + DEAF_S

    async def _hang_up_all(self) -> None:
        for caller in self._callers.values():
            if not caller.busy:
                await self._hang_up(caller)

    async def _hang_up(self, caller: Caller) -> None:
        """What fails here is no fault of the scan."""
        try:
            await self._host.hang_up(caller.address)
        except RADIO_ERRORS as error:
            log.info("%s: hanging up failed: %s", caller.known.id, error or type(error).__name__)

    def _is_on(self) -> bool:
        return self._host.state == "on"

    async def _host_is_on(self) -> None:
        """Wait for it. A person is told when it stays away: a restart of bluetoothd is nobody's business."""
        while not self._is_on():
            try:
                async with asyncio.timeout(HOST_AWAY_S):
                    while not self._is_on():
                        self._something.clear()
                        await self._something.wait()
            except TimeoutError:
                if (state := self._host.state) == "on":
                    break  # at the last moment
                sentence, _, what_to_do = SENTENCES[state].partition(". ")
                self._journal.begin("radio-lost", "problem", f"{sentence}.", what_to_do=what_to_do)
                await self._recovery.climb(state)
        self._journal.over("radio-lost", sentence="The radio listens again.")
        if self._recovery.cause in ("no-bluetoothd", "no-adapter", "off"):
            self._recovery.well()

    async def _listen(self) -> None:
        """Scan until somebody is wanted, or the scan has to be started afresh."""
        generation = self._host.generation
        scanner = BleakScanner(
            self._detected, scanning_mode="active", backend=self._backend.scanner, bluez={"adapter": self._adapter}
        )
        try:
            async with asyncio.timeout(START_S):
                await scanner.start()
            self._scans += 1
            self._failed_scans = 0
            self._set_trouble("")
            if self._recovery.cause != "deaf":
                self._recovery.well()
            for listener in self._listeners.values():
                listener.scan_began()
            while not self._wants_to_call() and self.needed and self._is_on() and self._host.generation == generation:
                self._something.clear()
                await self._free_taken()
                try:
                    async with asyncio.timeout(self._patience_s()):
                        await self._something.wait()
                except TimeoutError:
                    break
            silent = self._clock.boottime_s() >= self._quiet_until_s
            searching = not silent or await self._host.listening()
        finally:
            with contextlib.suppress(*RADIO_ERRORS):
                async with asyncio.timeout(STOP_S):
                    await scanner.stop()
        if silent:
            await self._is_silent(searching=searching)

    def _wants_to_call(self) -> bool:
        return bool(self._wanted) and not self._only_listens

    def _patience_s(self) -> float:
        """How long to scan on: until a device that rests may be called (a controller that filters duplicates would
        not tell of it again), or until silence has lasted too long."""
        waits = [caller.wait_s() for caller in self._resting]
        if not self._callers and not self._listeners:
            waits.append(self._nearby.left_s())
        return min([*waits, max(0.0, self._quiet_until_s - self._clock.boottime_s())])

    async def _is_silent(self, *, searching: bool) -> None:
        """Nothing was heard for long. A fresh scan is on its way; a deaf adapter needs more."""
        now_s = self._clock.boottime_s()
        if self._busy():
            log.info("nothing is heard, but a device is talked to")
        elif not searching or self._hearing.is_deaf(now_s):
            await self._recovery.climb("deaf")
        self._quiet_until_s = self._clock.boottime_s() + (DEAF_S if self._recovery.cause is None else AFTER_STEP_S)

    def _busy(self) -> bool:
        return any(caller.busy for caller in self._callers.values())

    async def _scan_failed(self, error: Exception) -> None:
        """Try again; every so often after the next step of the ladder, if no session would suffer."""
        self._set_trouble(f"The radio does not listen ({error or type(error).__name__}). Trying again.")
        self._failed_scans += 1
        if self._failed_scans % FAILED_SCANS == 0 and self._is_on() and not self._busy():
            await self._recovery.climb("scan-fails")
        await asyncio.sleep(RETRY_S)

    async def _connect_to_wanted(self) -> None:
        if self._only_listens:
            return
        self._resting.clear()
        while self._wanted and self._is_on():
            caller = next(iter(self._wanted))
            device = self._wanted.pop(caller)
            self._connecting = caller
            self._changed("hub")
            try:
                await caller.call(device)
            finally:
                self._connecting = None
        self._wanted.clear()

    def _detected(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        """Called for every advertisement of anybody: two look-ups for one that is nobody's, while nobody looks."""
        now_s = self._clock.boottime_s()
        self._hearing.heard(now_s)
        self._quiet_until_s = now_s + DEAF_S
        if self._recovery.cause == "deaf":
            self._recovery.well()
        if advertisement.rssi != NO_SIGNAL_DBM and self._nearby.left_s() > 0:
            self._nearby.heard(_as_ours(device, advertisement))
        caller = self._callers.get(device.address)
        if caller is not None:
            if advertisement.rssi != NO_SIGNAL_DBM:
                self._want(caller, device, advertisement.rssi)
            return
        listener = self._listeners.get(device.address)
        if listener is not None and advertisement.rssi != NO_SIGNAL_DBM and not self._only_listens:
            listener.heard(_as_ours(device, advertisement))

    def _want(self, caller: Caller, device: BLEDevice, rssi_dbm: int) -> None:
        caller.heard(rssi_dbm)
        if caller.busy:
            return
        if caller.wait_s() > 0:
            if caller not in self._resting:
                self._resting.add(caller)
                self._something.set()
            return
        self._wanted[caller] = device
        self._something.set()

    def _connected(self, address: str) -> None:
        """Somebody has connected to a device of this home. If it was not this hub, the device will not be heard."""
        caller = self._callers.get(address)
        if caller is not None and not caller.busy and caller is not self._connecting:
            self._taken.add(caller)
            self._something.set()

    async def _free_taken(self) -> None:
        while self._taken:
            caller = self._taken.pop()
            self._journal.begin(
                "device-taken",
                "attention",
                f"Another program on this hub connected to the {caller.kind}. It was hung up.",
                what_to_do="Stop the other program: only Wardgate may use this Bluetooth adapter.",
                device=caller.known.id,
            )
            await self._hang_up(caller)

    def _host_changed(self) -> None:
        self._something.set()
        self._changed("hub")

    def _set_trouble(self, sentence: str) -> None:
        if sentence != self._trouble:
            self._trouble = sentence
            if sentence:
                log.warning(sentence)
            self._changed("hub")


def _as_ours(device: BLEDevice, advertisement: AdvertisementData) -> Advertisement:
    return Advertisement(
        address=device.address,
        name=advertisement.local_name,
        rssi_dbm=advertisement.rssi,
        service_uuids=tuple(advertisement.service_uuids),
        service_data=advertisement.service_data,
        manufacturer_data=advertisement.manufacturer_data,
    )
