"""Viatom/Wellue O2Ring, Checkme O2, SleepU: asked for their values each second, then for their recordings.

A reply does not repeat its request and may span notifications, so one request is out at a time.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import viatom_oxy
from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.finger import STEADY, Finger
from wardgate_drivers.link.frames import ToldFrames
from wardgate_drivers.measurement import Measurement, Outcome
from wardgate_drivers.protocol.viatom_nights import REPLIES, REQUESTS, Nights

POLL_S: Final = 1.0
REPLY_S: Final = 3.0
UNWORN_POLLS: Final = 10
"""So many replies in a row without anybody wearing it end the talk: other programs take its only connection."""
SILENT_POLLS: Final = 3
"""So many requests without a reply do so too."""
_LONGEST: Final = 512


async def converse(talk: Conversation) -> None:
    """Ask each second while somebody wears it; then for what it recorded while no hub was near. What is of now may be
    urgent, and a long recording takes a minute."""
    await _Poll(talk).run()


class _Poll:
    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._finger = Finger(STEADY)
        self._frames = ToldFrames(viatom_oxy.size_of, viatom_oxy.decode, _LONGEST)
        self._battery_told = False
        self._nights = Nights(talk)

    async def run(self) -> None:
        await self._talk.listen(REPLIES)
        await self._nights.look()
        if await self._stream():
            await self._nights.fetch()

    async def _stream(self) -> bool:
        """Until it was taken off; whether it still answers."""
        unworn = silent = 0
        try:
            while unworn < UNWORN_POLLS and silent < SILENT_POLLS:
                await self._talk.write(REQUESTS, viatom_oxy.request(viatom_oxy.READ_VALUES))
                heard = await self._reply()
                silent = silent + 1 if heard is None else 0
                if heard is not None:
                    frame, live = heard
                    unworn = 0 if live.worn else unworn + 1
                    await self._keep(self._finger.take(self._measurement(frame, live)))
                await self._pause()
        finally:
            unsteady = self._finger.leave()
            if unsteady is not None:
                # The session waits for it, also after a link that was lost.
                self._talk.keep(unsteady)
        return silent < SILENT_POLLS

    async def _reply(self) -> tuple[bytes, viatom_oxy.Live] | None:
        """The next reply with values; None when there is none in time or it says that it has none."""
        while (notification := await self._talk.next_frame(REPLY_S)) is not None:
            for frame in self._frames.feed(notification):
                try:
                    reply = viatom_oxy.decode(frame, viatom_oxy.READ_VALUES)
                except FrameError as error:
                    self._talk.rejected(error, frame)
                    continue
                if isinstance(reply, viatom_oxy.Reply):
                    return (frame, reply.live) if reply.live else None
        return None

    def _measurement(self, frame: bytes, live: viatom_oxy.Live) -> Measurement:
        if not self._battery_told and live.battery_pct <= 100:
            self._battery_told = True
            self._talk.sink.battery(live.battery_pct)
        return viatom_oxy.measurement(frame, live)

    async def _keep(self, chosen: Measurement | None) -> None:
        if chosen is not None:
            self._talk.keep(chosen)
            await self._talk.settled()
            if chosen.outcome is Outcome.DECODE:
                await self._nights.note_live()

    async def _pause(self) -> None:
        """A second; what comes in it unasked is the rest of something else."""
        late = await self._talk.next_frame(POLL_S)
        if late is not None:
            self._frames.feed(late)
