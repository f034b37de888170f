"""The talk with an oximeter that streams to whoever listens: one measurement each time a finger is in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.errors import LinkLostError
from wardgate_drivers.link.finger import Finger
from wardgate_drivers.measurement import Measurement
from wardgate_drivers.model.declaration import Stream


@dataclass(frozen=True, slots=True)
class Streaming:
    """How a device streams."""

    characteristic: str
    splitter: Callable[[], Callable[[bytes], list[bytes]]]
    """Makes what turns notifications into whole packets."""
    decode: Callable[[bytes], Measurement | None]
    stream: Stream
    packets_per_s: int = 1
    patience_s: float = 60.0
    """With nothing heard at all for so long, the talk ends."""
    quiet_s: float = 5.0
    """With nothing more heard for so long, the talk ends."""


async def keep_one_a_finger(
    talk: Conversation, how: Streaming, on_second: Callable[[], Awaitable[None]] | None = None
) -> bool:
    """Listen until nothing more comes, with `on_second` after every second of values; whether it is still there.

    The link is held as long as the finger is in, also when the measurement is safe: a device that is let go advertises
    at once and would be measured again. A device that hangs up when the finger has left did what it always does.

    Raises:
        LinkLostError: it went away with a finger in it.
    """
    finger = Finger(how.stream, how.packets_per_s)
    split = how.splitter()
    packets = 0
    within_s = how.patience_s
    try:
        while (notification := await talk.next_frame(within_s)) is not None:
            within_s = how.quiet_s
            for packet in split(notification):
                measurement = _decoded(talk, how, packet)
                if measurement is None:
                    continue
                await _keep(talk, finger.take(measurement))
                packets += 1
                if on_second is not None and packets % how.packets_per_s == 0:
                    await on_second()
    except LinkLostError:
        if not finger.is_out:
            raise
        return False
    else:
        return True
    finally:
        unsteady = finger.leave()
        if unsteady is not None:
            # The session waits for it, also after a link that was lost.
            talk.keep(unsteady)


def _decoded(talk: Conversation, how: Streaming, packet: bytes) -> Measurement | None:
    try:
        return how.decode(packet)
    except FrameError as error:
        talk.rejected(error, packet)
        return None


async def _keep(talk: Conversation, chosen: Measurement | None) -> None:
    if chosen is not None:
        talk.keep(chosen)
        await talk.settled()
