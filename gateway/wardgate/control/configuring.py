"""A configuration from the ward: checked as a whole, tried on the last days, kept, and only then used."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from wardgate.capture.journal import Detail, Journal
from wardgate.checked import Unusable
from wardgate.clock import Clock
from wardgate.config import Config
from wardgate.contract.commands import CommandAnswer, Configuration, Result
from wardgate.contract.signing import PublicKey
from wardgate.deliver.downlink import Outcome
from wardgate.overlay import Overlay
from wardgate.probation import Gone
from wardgate.store.commands import CommandLog
from wardgate.store.reader import Reader
from wardgate.watch.dry_run import DryRun, dry_run, in_words

DAYS: Final = 14.0
ROLLED_BACK: Final = "rolled-back"


class Configuring:
    """Takes one configuration after the other. `apply` is called when one is kept: the hub starts anew with it."""

    def __init__(self, overlay: Overlay, commands: CommandLog, clock: Clock, apply: Callable[[], object]) -> None:
        self._overlay = overlay
        self._commands = commands
        self._clock = clock
        self._apply = apply
        self._one_at_a_time = asyncio.Lock()

    async def take(self, new: Configuration, envelope: bytes, signer: PublicKey) -> Outcome:
        """Use it, or say why not; what held before holds on then."""
        async with self._one_at_a_time:
            return await self._take(new, envelope, signer)

    def finished(self, nonce: str) -> Outcome | None:
        """What became of one that was being taken when the hub ended: it is kept, was taken back, or nobody knows."""
        gone = self._overlay.gone(nonce)
        if gone is not None:
            return _taken_back(gone, "failed")
        if not self._overlay.holds(nonce):
            return None
        return Outcome("The configuration holds.", detail=_what(self._overlay.version, self._overlay.config))

    async def _take(self, new: Configuration, envelope: bytes, signer: PublicKey) -> Outcome:
        gone = self._overlay.gone(new.nonce)
        if gone is not None:
            return _taken_back(gone, "refused")
        applied = max(self._overlay.version, self._commands.memory().version)
        if new.version <= applied:
            return Outcome(
                f"Version {new.version} is not above {applied}, which was applied before.",
                "refused",
                "older-version",
                {"version": applied},
            )
        try:
            record, config = self._overlay.tried(new, envelope, signer)
        except Unusable as error:
            return Outcome(str(error), "refused", "invalid", {"problems": len(error.problems)})
        try:
            tried = await asyncio.to_thread(_tried, config, self._clock.utc())
        except sqlite3.Error as error:
            return Outcome(f"It could not be tried on the last days: {error}.", "failed", "not-tried")
        detail = _what(new.version, config) | _told(tried)
        words = in_words(tried)[-1]
        if tried.failed:
            broke = ", ".join(tried.failed)
            return Outcome(f"Rules broke when it was tried on the last days: {broke}.", "refused", "rule-broke", detail)
        if new.only_try:
            return Outcome(f"It was tried on the last {DAYS:g} days, and not applied. {words}", detail=detail)
        try:
            self._overlay.keep(record, config)
        except OSError as error:
            return Outcome(f"The disk refuses: {error}.", "failed", "not-kept")
        await self._commands.applied(new.version)
        return Outcome(
            f"The configuration is kept; the hub starts anew with it. Over the last {DAYS:g} days: {words}",
            detail=detail,
            then=self._apply,
        )


def _taken_back(gone: Gone, result: Result) -> Outcome:
    return Outcome(
        f"It was taken back. {gone.why} Send what is right with a version above {gone.version}.",
        result,
        ROLLED_BACK,
        {"version": gone.version},
    )


def _what(version: int, config: Config) -> Detail:
    return {"version": version, "config_hash": config.fingerprint()}


def _tried(config: Config, now: datetime) -> DryRun:
    """In a thread of its own, over a connection of its own: the hub goes on."""
    reader = Reader(config.database)
    try:
        return dry_run(config, reader, now, DAYS)
    finally:
        reader.close()


def _told(run: DryRun) -> Detail:
    """The comparison in numbers: alerts as they would have been, and as they were."""
    return {"days": DAYS, "readings": run.readings, "would_tell": len(run.would), "did_tell": len(run.did)}


async def tell_what_holds(overlay: Overlay, commands: CommandLog, journal: Journal) -> None:
    """The ward hears at a start which of its configurations holds, and why one that it knows of does not.

    Raises:
        StoreError: the disk refuses.
    """
    memory, version = commands.memory(), overlay.version
    detail = _what(version, overlay.config)
    gone = overlay.all_gone[-1] if overlay.all_gone else None
    if gone is not None and gone.version > memory.told_back:
        journal.tell(
            "configuration-rolled-back",
            "problem",
            f"The ward's configuration, version {gone.version}, was taken back; what held before holds again. "
            f"{gone.why}",
            what_to_do=f"Ask for a report of this hub. Send what is right with a version above {version}.",
            detail=detail | {"version": gone.version},
        )
        for one in overlay.all_gone:
            await _answer_anew(one, commands)
        await commands.told_back(gone.version)
    problem = overlay.problem or ("It is missing here." if version < memory.version else "")
    if problem:
        journal.tell(
            "configuration-refused",
            "problem",
            f"What the ward configured does not hold; the hub runs on its own file. {problem}",
            what_to_do=f"Send the configuration again, with a version above {max(version, memory.version)}.",
            detail=detail,
        )
    elif overlay.left_out:
        journal.tell(
            "configuration-refused",
            "problem",
            f"Something of what the ward configured does not hold; all the rest does. {overlay.left_out}"[:500],
            what_to_do=f"Send the configuration again as it is right now, with a version above {version}.",
            detail=detail,
        )
    elif version > max(memory.told, 0 if gone is None else gone.version):
        journal.tell(
            "configuration-applied", "info", f"The ward's configuration, version {version}, holds.", detail=detail
        )
        await commands.told(version)


async def _answer_anew(gone: Gone, commands: CommandLog) -> None:
    """Whoever sends it again hears what has become of it since, and not that it was done."""
    row = commands.row(gone.nonce)
    if row is None or not row.answer:
        return
    outcome = _taken_back(gone, "failed")
    answer = msgspec.structs.replace(
        msgspec.json.decode(row.answer, type=CommandAnswer),
        result=outcome.result,
        reason=outcome.reason,
        sentence=outcome.sentence[:500],
        detail=outcome.detail,
    )
    await commands.put(msgspec.structs.replace(row, answer=msgspec.json.encode(answer)))
