"""After a patient was released: everything of theirs leaves the hub, in any order, after any power cut.

What the ward does not have yet stays in the outbox under the old assignment and is still delivered
(docs/adr/0012-a-seal-is-the-outbox.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from msgspec.structs import replace

from wardgate.capture.bonds import NotForgotten
from wardgate.installation import Leaving
from wardgate.provision.refused import Refused
from wardgate.store import wipe
from wardgate.store.store import Store

log: Final = logging.getLogger(__name__)

Forget = Callable[[Iterable[str]], Awaitable[None]]
"""Gives up pairings by address; raises NotForgotten."""
End = Callable[[str], None]
"""Tells the ward, blocking, that an assignment is over; raises Refused."""


class Clearing:
    """Clears away what is left, as far as that can be done now.

    Args:
        end: None where the ward keeps no list.
    """

    def __init__(self, store: Store, forget: Forget, end: End | None) -> None:
        self._store = store
        self._forget = forget
        self._end = end

    async def step(self, leaving: Leaving, kept_devices: Iterable[str] = ()) -> Leaving | None:
        """What is still left; None when nothing is.

        Args:
            kept_devices: addresses of devices that are the next patient's by now: their pairings stay.

        Raises:
            StoreError: the disk refuses.
        """
        left = replace(leaving, bonds=tuple(a for a in leaving.bonds if a not in set(kept_devices)))
        left = await self._forgotten(left)
        left = await self._told(left)
        if left.memory:
            here = left
            await self._store.write(lambda c: wipe.wipe_memory(c, here.assignment, here.devices, here.upto))
            left = replace(left, memory=False)
        await self._store.tally()
        while await self._store.write(lambda c: wipe.wipe_messages(c, left.upto)):
            pass
        done = await self._store.write(lambda c: wipe.is_wiped(c, left.upto))
        return None if done and not left.bonds and left.told else left

    async def _forgotten(self, left: Leaving) -> Leaving:
        if not left.bonds:
            return left
        try:
            await self._forget(left.bonds)
        except NotForgotten as error:
            log.warning("pairings of an earlier patient are not forgotten yet: %s", error)
            return left
        return replace(left, bonds=())

    async def _told(self, left: Leaving) -> Leaving:
        if left.told:
            return left
        if self._end is not None:
            try:
                await asyncio.to_thread(self._end, left.assignment)
            except Refused as error:
                if error.key != "not-yours":  # then it is over there already
                    log.warning("the ward was not told that an assignment is over: %s", error)
                    return left
        return replace(left, told=True)
