"""Trying the devices out: test readings, and which of them the ward has."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import msgspec

from wardgate.control.desk import ActParams, Desk, checked
from wardgate.control.here import Here
from wardgate.control.pairings import DeviceParams
from wardgate.control.protocol import ControlError, Done
from wardgate.control.provisioning import LEFT_OUT, LeftOut, TestRun
from wardgate.control.server import Handler
from wardgate.control.view import View
from wardgate.installation import TestWay
from wardgate.provision.devices import left_out
from wardgate.provision.test_reading import MOST_S, TestMode, in_words
from wardgate.store.errors import StoreError


class LeaveOutParams(DeviceParams, kw_only=True, forbid_unknown_fields=True):
    """Which device, and why."""

    reason: LeftOut


log: Final = logging.getLogger(__name__)


class TryingOut:
    """What a page does about test readings. What the ward confirms is kept beside the devices."""

    def __init__(self, desk: Desk, view: View, here: Here, tests: TestMode) -> None:
        self._desk = desk
        self._view = view
        self._here = here
        self._tests = tests
        self._confirming: asyncio.Task[None] | None = None
        desk.store.listen(self._look_for_the_ward)

    def handlers(self) -> dict[str, Handler]:
        """By name."""
        return {"test_begin": self.test_begin, "test_end": self.test_end, "leave_out": self.leave_out}

    async def stop(self) -> None:
        """The hub goes."""
        if self._confirming is not None:
            self._confirming.cancel()
            await asyncio.wait({self._confirming})

    def test(self) -> TestRun | None:
        """The test that goes on, or the last one."""
        run = self._tests.run()
        if run is None:
            return None
        reading, way = run.reading, run.way
        arrived = (way.broker if self._at_broker else way.ward) if way is not None else None
        since = None if way is None or arrived is not None else way.broker or way.stored
        return TestRun(
            device=run.device,
            begun=run.begun,
            left_s=run.left_s,
            reading=None if reading is None else reading.id,
            sentence="" if reading is None else in_words(reading),
            seen=None if reading is None else reading.time.received,
            stored=None if way is None else way.stored,
            broker=None if way is None else way.broker,
            ward=None if way is None else way.ward,
            waiting_s=None if since is None else max(0.0, (self._desk.clock.utc() - since).total_seconds()),
            ward_can_confirm=not self._at_broker,
        )

    async def test_begin(self, params: dict[str, Any]) -> Done:
        """What this device measures next is a test."""
        asked = checked(params, DeviceParams)
        known, desk = await self._here.heard_soon(asked.device), self._desk
        async with desk.one_at_a_time:
            self._tests.begin(known.id)
            await desk.audit.note("test-begun", asked.by, f"The {known.id} is tried out.", device=known.id)
        return Done(
            sentence=f"Take a reading with the {known.model.kind.noun} now. What it measures in the next "
            f"{MOST_S / 60:.0f} minutes, up to the first reading, is marked as a test."
        )

    async def test_end(self, params: dict[str, Any]) -> Done:
        """What is measured from now on is real."""
        checked(params, ActParams)
        self._tests.end()
        return Done(sentence="From now on every reading counts.")

    async def leave_out(self, params: dict[str, Any]) -> Done:
        """This device cannot be tried out now; the checklist says why."""
        asked, desk = checked(params, LeaveOutParams), self._desk
        known, why = self._here.listened_to(asked.device), LEFT_OUT[asked.reason]
        async with desk.one_at_a_time:
            if desk.record.left_out.get(known.id) != why:
                desk.refuse_stale(asked.revision)
                record = left_out(desk.record, desk.stage, known.id, why)
                said = f"The {known.id} was not tried out. {why}"
                await desk.keep(record, "test-left-out", asked.by, said, device=known.id)
        return Done(sentence=f"The {known.model.kind.noun} is left out. {why}")

    def _look_for_the_ward(self) -> None:
        """After each commit: whether the ward has a test reading that it did not have before."""
        if (self._confirming is None or self._confirming.done()) and self._news():
            self._confirming = asyncio.get_running_loop().create_task(self._confirm(), name="test readings")

    def _news(self) -> dict[str, TestWay]:
        return self._tests.arrived(self._desk.record.tested.keys(), at_broker=self._at_broker)

    @property
    def _at_broker(self) -> bool:
        """Whether no ward confirms: then what the broker took is all that is known."""
        return self._view.config.broker.confirm == "broker"

    async def _confirm(self) -> None:
        """What the disk refuses now is tried again after the next commit."""
        desk = self._desk
        try:
            async with desk.one_at_a_time:
                news = self._news()
                if not news:
                    return
                at = {d: found for d, way in news.items() if (found := way.broker if self._at_broker else way.ward)}
                record, tested, ways = desk.record, {**desk.record.tested, **at}, {**desk.record.ways, **news}
                await desk.keep_quietly(msgspec.structs.replace(record, tested=tested, ways=ways))
            said = "A test reading of the {} was sent. This ward does not say what it has."
            said = said if self._at_broker else "The ward has a test reading of the {}."
            for device in news:
                await desk.audit.note("test-read", "hub", said.format(device), device=device)
        except (ControlError, StoreError) as error:
            log.warning("that the ward has a test reading is noted later: %s", error)
        desk.changed("devices")
