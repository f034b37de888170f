"""What a hub does on its ward's word."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wardgate.capture.caller import PairingError
from wardgate.capture.journal import Detail
from wardgate.contract.commands import (
    Acknowledge,
    Command,
    Configuration,
    Do,
    Measure,
    OpenPage,
    Pair,
    Restart,
    SendAgain,
    SupportBundle,
    TakeNote,
)
from wardgate.contract.messages import AlertAck
from wardgate.control.chronicle import Chronicle
from wardgate.control.configuring import Configuring
from wardgate.control.signing_in import WayIn
from wardgate.control.view import View
from wardgate.counted import count
from wardgate.deliver.admission import Admitted
from wardgate.deliver.beside import Beside, NotSent, send_again
from wardgate.deliver.downlink import Outcome
from wardgate.pathways.notes import note_problem, noted
from wardgate_drivers.model.wake import wake_words

REPORTS: Final = 3
"""Kept on the hub: a ward that asks for many fills no disk."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Each kind of command in one place."""

    view: View
    configuring: Configuring
    see: Callable[[Iterable[AlertAck]], None]
    beside: Beside
    start_anew: Callable[[], object]
    report: Callable[[Path], None] | None
    chronicle: Chronicle
    way_in: WayIn

    async def do(self, admitted: Admitted) -> Outcome:
        """Do it once, and write into the audit what became of it.

        Raises:
            StoreError: the disk refuses.
        """
        outcome = await self._done(admitted)
        await self.chronicle.commanded(admitted, outcome)
        return outcome

    async def _done(self, admitted: Admitted) -> Outcome:
        match admitted.asked:
            case Configuration() as new:
                return await self.configuring.take(new, admitted.envelope, admitted.key)
            case Command(do=do):
                return await self._do(do)

    async def _do(self, do: Do) -> Outcome:
        match do:
            case TakeNote():
                return await self._note(do.note)
            case Measure():
                return self._measure(do.device)
            case Pair():
                return await self._pair(do.device)
            case SendAgain():
                return await self._send_again(do)
            case Restart():
                return Outcome("The hub starts anew.", then=self.start_anew)
            case SupportBundle():
                return await self._support_bundle()
            case OpenPage():
                await self.way_in.open("ward", do.minutes)
                return Outcome(f"The technician's page is open for {count(do.minutes, 'minute')}.")
            case Acknowledge():
                self.see(do.alerts)
                return Outcome("Noted. A revision of each alert, or an event, says what came of it.")

    async def _note(self, note: str) -> Outcome:
        problem = note_problem(note)
        if problem is not None:
            return Outcome(problem, "refused", "no-such-note")
        new = await self.view.note(note)
        return Outcome(noted(note) if new else f"{note} was noted just now already.")

    def _measure(self, device: str) -> Outcome:
        known = next((k for k in self.view.devices.known if k.id == device), None)
        if known is None:
            return self._no_such_device(device)
        self.view.home.ask(known)
        self.view.journal.tell(
            "measurement-asked",
            "info",
            f"The ward asks for a measurement with the {known.model.kind.noun}.",
            what_to_do=wake_words(known.model.wake).use,
            device=device,
        )
        return Outcome("The home is asked.")

    async def _pair(self, device: str) -> Outcome:
        if all(k.id != device for k in self.view.devices.known):
            return self._no_such_device(device)
        try:
            await self.view.capture.pair(device)
        except PairingError as error:
            return Outcome(f"{error.sentence} {error.what_to_do}".strip(), "failed", "not-paired")
        return Outcome(f"{device} is paired with this hub.")

    async def _send_again(self, asked: SendAgain) -> Outcome:
        store = self.view.store
        if asked.epoch != store.epoch:
            return Outcome(
                "Its messages are numbered anew since then.", "refused", "other-epoch", {"epoch": store.epoch}
            )
        last = min(store.last_seq, store.last_seq if asked.to_seq is None else asked.to_seq)
        try:
            sent = await send_again(self.beside, store, self.view.config.hub.id, asked.from_seq, last)
        except NotSent as error:
            return Outcome(f"Not all was sent: {error}. Ask again from where your numbers end.", "failed", "not-sent")
        again = count(sent, "message was", "messages were")
        return Outcome(f"{again} sent once more.", detail={"sent": sent, "to_seq": last})

    async def _support_bundle(self) -> Outcome:
        if self.report is None:
            return Outcome("This hub has no program that makes a report.", "refused", "not-supported")
        directory = self.view.config.data_dir / "support"
        out = directory / f"wardgate-support-{self.view.clock.utc():%Y%m%d-%H%M%S}.zip"
        try:
            directory.mkdir(mode=0o700, exist_ok=True)
            for old in sorted(directory.glob("wardgate-support-*.zip"))[: 1 - REPORTS]:
                old.unlink()
            await asyncio.to_thread(self.report, out)
        except OSError as error:
            return Outcome(f"The report cannot be written: {error}.", "failed", "not-kept")
        detail: Detail = {"file": str(out), "bytes": out.stat().st_size}
        return Outcome(f"The report is on the hub: {out}.", detail=detail)

    def _no_such_device(self, device: str) -> Outcome:
        ids = ", ".join(k.id for k in self.view.devices.known) or "none"
        return Outcome(f"No device here is called `{device[:40]}`. These are: {ids}.", "refused", "no-such-device")
