"""One device that is connected to: when to call it, the bond, its sessions, and what is told about them."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Final

from bleak import BleakClient
from bleak.backends.device import BLEDevice
from bleak.exc import BleakDBusError, BleakError
from dbus_fast.errors import DBusFastError

from wardgate.capture.backoff import FORGIVEN_S, Backoff
from wardgate.capture.bluez import RadioHost
from wardgate.capture.devices import Devices, Known
from wardgate.capture.episode import Episode
from wardgate.capture.journal import Journal
from wardgate.capture.radio import RadioBackend
from wardgate.clock import Clock
from wardgate.store.errors import StoreError
from wardgate_drivers.link.errors import (
    ConsentError,
    LinkLostError,
    NotIntroducedError,
    NotSupportedError,
    RefusedError,
    SessionError,
)
from wardgate_drivers.link.gatt import Ending, run_session
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.model.declaration import Bond, Gatt

log: Final = logging.getLogger(__name__)

CONNECT_S: Final = 10.0
"""To connect and discover takes 1 to 3 s on a Raspberry Pi; nobody else is heard meanwhile."""
PAIR_S: Final = 30.0
PASSKEY_S: Final = 90.0
"""A person reads six digits from a cuff and types them."""
HANG_UP_S: Final = 12.0
"""BlueZ takes about 2 s to take a link down, and bleak gives it 10."""
SESSION_SLACK_S: Final = 40.0
"""Beyond the model's own deadline: the last commit may take as long as a session waits for it."""
QUICK_S: Final = 3.0
"""A connection that failed sooner than this cost the others little: the air lost it, or the device had just gone."""
REST_S: Final = 3.0
"""After a session that went well: a device that is still on the air says nothing new so soon."""
FAILURES_TOLD: Final = 3
"""Failures in a row of which a person is told."""
LOST_BOND_TIMEOUTS: Final = 2
"""BlueZ does not say that a device forgot its bond, its connections only time out. One may be the radio's fault."""
RADIO_ERRORS: Final = (BleakError, DBusFastError, OSError, EOFError, TimeoutError)
"""What bleak and the D-Bus library beneath it raise."""


class PairingError(Exception):
    """A pairing that a person asked for came to nothing. `what_to_do` says how to try again."""

    def __init__(self, sentence: str, what_to_do: str) -> None:
        super().__init__(f"{sentence} {what_to_do}")
        self.sentence = sentence
        self.what_to_do = what_to_do


class Caller:
    """Supervises one device. Nothing that goes wrong with it reaches another."""

    def __init__(
        self,
        known: Known,
        backend: RadioBackend,
        host: RadioHost,
        adapter: str,
        devices: Devices,
        journal: Journal,
        clock: Clock,
        sink_for: Callable[[Known], SessionSink],
        random_: random.Random,
    ) -> None:
        self.known: Final = known
        self.kind: Final = known.model.kind.noun
        self.address: Final = known.device.address or ""
        self._backend = backend
        self._host = host
        self._adapter = adapter
        self._devices = devices
        self._journal = journal
        self._clock = clock
        self._sink_for = sink_for
        self._backoff = Backoff(random_)
        self._episode = Episode(clock)
        self._ready_at_s = 0.0
        self._heard_at_s = float("-inf")
        self._bond_wanted = known.model.bond is not Bond.NONE
        self._timeouts_while_bonded = 0
        self._calling: asyncio.Task[None] | None = None
        self._session: asyncio.Task[None] | None = None
        self._asked: asyncio.Future[None] | None = None
        self.pairing = False
        """Whether a pairing with this device is under way now."""

    @property
    def busy(self) -> bool:
        """Whether it is being called, or a session is running."""
        return any(task is not None and not task.done() for task in (self._calling, self._session))

    def wait_s(self) -> float:
        """How long this device is to be left alone yet; 0 when it may be called."""
        return max(0.0, self._ready_at_s - self._clock.boottime_s())

    def heard(self, rssi_dbm: int) -> None:
        """It is on the air."""
        now_s = self._clock.boottime_s()
        if now_s - self._heard_at_s > FORGIVEN_S:
            self._backoff.worked()
        self._heard_at_s = now_s
        self._devices.change(self.known.id, save=False, last_heard=self._clock.utc(), rssi_dbm=rssi_dbm)

    def battery(self, percent: int) -> None:
        """The host has read what is left in it."""
        self._sink_for(self.known).battery(percent)

    def may_pair(self) -> bool:
        """Whether the pairing agent may say yes: a bond that is there is never replaced unasked."""
        return self.pairing or not self._is_bonded()

    async def call(self, device: BLEDevice) -> None:
        """Connect, and bond where there is need; the session then goes on by itself. Never raises.

        Done when the radio is free for others. That it is not while a person looks for the code that the device shows:
        BlueZ lets a search wait until a pairing is over, and answers for ever after that one is in progress.
        """
        calling = self._calling = asyncio.create_task(self._call(device), name=f"call {self.known.id}")
        try:
            await asyncio.wait({calling})
        except asyncio.CancelledError:
            calling.cancel()
            await asyncio.wait({calling})
            raise

    async def _call(self, device: BLEDevice) -> None:
        bonded, began_s = None, self._clock.boottime_s()
        try:
            async with asyncio.timeout(CONNECT_S):
                bonded = await self._host.bonded(self.address) if self._bond_wanted else None
            if bonded is False and self._devices.row(self.known.id).bonded:
                # Whoever answers to this address now need not be the device we knew: a person has to say so.
                self._bond_is_lost(f"This hub has lost its pairing with the {self.kind}.")
                self._pause()
                return
            self.pairing = bonded is False
            await self._connect(device, pair=self.pairing)
        except RADIO_ERRORS as error:
            self._not_connected(error, bonded, quickly=self._clock.boottime_s() - began_s < QUICK_S)
        except Exception as error:  # the boundary: a fault of ours with one device
            log.exception("%s: calling it failed", self.known.id)
            self._not_connected(error, bonded, quickly=False)
        finally:
            self.pairing = False

    async def pair(self, deadline_s: float, *, afresh: bool) -> None:
        """Make a bond, on a person's word. The device has to come on the air.

        Args:
            afresh: one that there is is forgotten.

        Raises:
            PairingError: it did not come, or refused.
        """
        if not self._bond_wanted:
            raise PairingError(f"A {self.known.model.name} needs no pairing.", "Take a measurement with it.")
        try:
            async with asyncio.timeout(deadline_s):
                # Where it is at it already it may show its number by now: begun anew, it would show another one.
                if not (self.pairing and await self.paired()) and (afresh or not self._is_bonded()):
                    await self._pair_afresh()
        except TimeoutError:
            raise PairingError(f"No {self.kind} could be paired.", self.known.model.wake) from None

    async def _pair_afresh(self) -> None:
        await self.stop()
        try:
            await self._host.forget(self.address)
        except RADIO_ERRORS as error:
            log.warning("%s: its bond was not removed: %s", self.known.id, error)
        self._devices.change(self.known.id, bonded=False)
        self._journal.over("pairing-lost", self.known.id)
        self._journal.over("device-refused", self.known.id)
        self._backoff.worked()
        self._ready_at_s = 0.0
        asked = self._asked = asyncio.get_running_loop().create_future()
        try:
            await asked
        finally:
            self._asked = None

    async def paired(self) -> bool:
        """Whether the call that is under way made a bond, once it is over."""
        if self._calling is not None:
            await asyncio.wait({self._calling})
        return self._is_bonded()

    def _is_bonded(self) -> bool:
        return self._devices.row(self.known.id).bonded is True

    async def retire(self) -> None:
        """It leaves this home: its bond goes, and it is not called again.

        Raises:
            BleakError, DBusFastError, OSError, EOFError: the bond could not be removed.
        """
        self._ready_at_s = float("inf")
        await self.stop()
        await self._host.forget(self.address)

    async def stop(self) -> None:
        """End the call or the session, if there is one."""
        for task in (self._calling, self._session):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})

    async def _connect(self, device: BLEDevice, *, pair: bool) -> None:
        deadline_s = CONNECT_S
        if pair:
            # A model declared without a bond that wants one all the same may show a code.
            deadline_s = PAIR_S if self.known.model.bond is Bond.JUST_WORKS else PASSKEY_S
        client = BleakClient(
            device,
            timeout=deadline_s,
            pair=pair,
            backend=self._backend.client,
            bluez={"adapter": self._adapter},
        )
        log.info("%s: connecting%s", self.known.id, " and pairing" if pair else "")
        try:
            async with asyncio.timeout(deadline_s + 1.0):
                await client.connect()
        except BaseException:
            await self._hang_up(client)
            raise
        self._timeouts_while_bonded = 0
        if pair:
            self._is_paired()
            if self.known.model.disconnect_after_bond:
                await self._hang_up(client)
                self._ready_at_s = 0.0
                return
        elif self._bond_wanted and not self._is_bonded():
            self._devices.change(self.known.id, bonded=True)
        self._session = asyncio.get_running_loop().create_task(self._talk(client), name=f"session {self.known.id}")

    async def _talk(self, client: BleakClient) -> None:
        link = self.known.model.link
        limit_s = (link.deadline_s if isinstance(link, Gatt) else 0.0) + SESSION_SLACK_S
        try:
            async with asyncio.timeout(limit_s):
                self._episode.begins()
                end = await run_session(
                    self.known.model, client, self._sink_for(self.known), is_repeat=self._episode.is_repeat
                )
            self._episode.ends(broken=end.ending is Ending.HUNG_UP and not end.thanked)
            log.info("%s: %d measurements, %d refused, %s", self.known.id, end.measurements, end.rejected, end.ending)
            if end.measurements:
                self._went_well()
            else:
                self._pause()
        except (SessionError, StoreError, *RADIO_ERRORS) as error:
            self._session_failed(error)
        except Exception as error:  # the boundary: a fault of ours with one device
            log.exception("%s: its session failed", self.known.id)
            self._session_failed(error)
        finally:
            await self._hang_up(client)

    async def _hang_up(self, client: BleakClient) -> None:
        try:
            async with asyncio.timeout(HANG_UP_S):
                await client.disconnect()
        except RADIO_ERRORS as error:
            log.info("%s: hanging up failed: %s", self.known.id, error or type(error).__name__)
        except AssertionError as error:  # bleak's own check after a link that died while it was taken down
            log.info("%s: hanging up failed: %s", self.known.id, error)

    # What follows from how it went

    def _pause(self, *, quickly: bool = False) -> None:
        self._ready_at_s = self._clock.boottime_s() + self._backoff.failed(quickly=quickly)

    def _went_well(self) -> None:
        self._backoff.worked()
        self._ready_at_s = self._clock.boottime_s() + REST_S
        for condition in ("pairing-lost", "device-refused", "session-failed", "consent-refused", "device-taken"):
            self._journal.over(condition, self.known.id, f"The {self.kind} works again.")

    def _is_paired(self) -> None:
        self._devices.change(self.known.id, bonded=True)
        self._journal.tell("paired", "info", f"The {self.kind} is paired with this hub.", device=self.known.id)
        for condition in ("pairing-lost", "device-refused"):
            self._journal.over(condition, self.known.id)
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(None)

    def _not_connected(self, error: Exception, bonded: bool | None, *, quickly: bool) -> None:
        log.info("%s: not connected: %s", self.known.id, error or type(error).__name__)
        self._pause(quickly=quickly and not _is_refusal(error))
        if bonded and (_is_refusal(error) or self._is_second_timeout(error)):
            self._bond_is_lost(f"The {self.kind} no longer knows this hub.")
        elif bonded is False and _is_refusal(error):
            self._devices.change(self.known.id, bonded=False)
            self._journal.begin(
                "device-refused",
                "attention",
                f"The {self.kind} does not let this hub pair with it.",
                what_to_do=self.known.model.wake,
                device=self.known.id,
            )
        elif self._backoff.failures >= FAILURES_TOLD:
            self._tell_failures(error)

    def _is_second_timeout(self, error: Exception) -> bool:
        if not isinstance(error, TimeoutError):
            return False
        self._timeouts_while_bonded += 1
        return self._timeouts_while_bonded >= LOST_BOND_TIMEOUTS

    def _session_failed(self, error: Exception) -> None:
        log.info("%s: the session failed: %s", self.known.id, error or type(error).__name__)
        self._episode.ends(broken=isinstance(error, LinkLostError))
        self._pause(quickly=isinstance(error, LinkLostError))
        if isinstance(error, RefusedError):
            if self._bond_wanted:
                self._bond_is_lost(f"The {self.kind} no longer knows this hub.")
            else:
                self._bond_wanted = True  # this one wants a bond though its model does without
                self._ready_at_s = 0.0
        elif isinstance(error, NotSupportedError):
            self._journal.begin("device-wrong-model", "problem", str(error), device=self.known.id)
        elif isinstance(error, NotIntroducedError):
            self._journal.begin(
                "device-refused", "attention", str(error), what_to_do=self.known.model.wake, device=self.known.id
            )
        elif isinstance(error, ConsentError):
            self._journal.begin("consent-refused", "problem", str(error), device=self.known.id)
        elif self._backoff.failures >= FAILURES_TOLD and not isinstance(error, LinkLostError):
            self._tell_failures(error)

    def _bond_is_lost(self, sentence: str) -> None:
        self._journal.begin(
            "pairing-lost",
            "problem",
            sentence,
            what_to_do=f"If it was reset or its batteries were changed, pair it again: wardgate pair {self.known.id}. "
            f"{self.known.model.wake} If not, something else may be using its address: do not pair, tell the ward.",
            device=self.known.id,
        )

    def _tell_failures(self, error: Exception) -> None:
        self._journal.begin(
            "session-failed",
            "attention",
            f"The {self.kind} was heard, but talking to it failed several times.",
            what_to_do="Bring it nearer to the hub and take a measurement again.",
            device=self.known.id,
            detail={"reason": str(error) or type(error).__name__},
        )


def _is_refusal(error: Exception) -> bool:
    """Whether the device (or the bond) said no, in the words of BlueZ's D-Bus errors."""
    return isinstance(error, BleakDBusError) and error.dbus_error.startswith("org.bluez.Error.Authentication")
