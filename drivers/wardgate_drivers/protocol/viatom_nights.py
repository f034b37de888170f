"""The recordings in the memory of a Viatom/Wellue O2Ring, Checkme O2 or SleepU.

Worn, it records: one file from when it was put on to when it was taken off. Each file becomes one measurement, as each
time that a finger is in does in the stream: the first steady stretch. Where the stream has already given one of that
time, the file is passed over. Nothing is erased, and its clock is only read: to set it amid a recording would tear the
recording's times apart.

A piece of a file that comes late must not pass for the answer to another question, so nothing is asked twice: where an
answer does not come in time, the session ends, and the next one begins that file anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from wardgate_drivers.codec import viatom_info, viatom_night, viatom_oxy
from wardgate_drivers.codec.viatom_info import Info
from wardgate_drivers.codec.viatom_night import Night, Sample
from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.errors import TimedOutError
from wardgate_drivers.link.finger import STEADY
from wardgate_drivers.link.stream import NOT_STEADY, STEADY_PULSE_PER_MIN, STEADY_SPO2_PCT
from wardgate_drivers.measurement import DeviceTime, Measurement, Outcome
from wardgate_drivers.protocol.joining import Joiner

REPLIES: Final = "0734594a-a8e7-4b1a-a6b1-cd5243059a57"
REQUESTS: Final = "8b00ace7-eb0b-49b0-bbe9-9aee0a26e1a3"
REPLY_S: Final = 3.0
LARGEST_FILE: Final = viatom_night.HEADER + viatom_night.SAMPLE * 0x8000
"""The duration has two bytes: 18 hours of a sample every two seconds."""
TRIES: Final = 3
"""So many sessions may fail at one file; then it is passed over, for what lies behind it and for the stream."""
SLACK_S: Final = 5.0
"""What its clock, told in whole seconds, and a session's own count of them may differ by."""
REMEMBERED: Final = 64
"""Failures, and measurements of the stream; no device is known to hold so many recordings."""
_WRITE: Final = 20
"""A request is put together from pieces; more than this does not fit into one on every link."""

_DONE: Final = "nights-done"
_FAILED: Final = "nights-failed"
_LIVE: Final = "nights-live"


class Nights:
    """The memory of the device of one session."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._replies = Joiner(talk, viatom_oxy.size_of)
        self._clock_ahead_s: float | None = None
        """Of the talk's time, in the seconds of `DeviceTime`."""

    async def look(self) -> None:
        """Tell its clock. Without that nobody knows later which recording the stream has told."""
        await self._ask_info()

    async def fetch(self) -> None:
        """Tell a measurement of each recording that is new, the newest first.

        Raises:
            TimedOutError: it stopped answering amid a recording.
        """
        info = await self._ask_info()
        if info is None or info.clock is None:
            return
        done = [name for name in self._recall(_DONE) if name in info.files]
        for name in sorted(info.files, reverse=True):
            if name not in done and await self._fetch(name):
                done.append(name)
                await self._remember(_DONE, done)

    async def note_live(self) -> None:
        """A measurement of now was kept: the recording that is being made has none to tell."""
        if self._clock_ahead_s is not None:
            now_s = self._talk.time_s() + self._clock_ahead_s
            await self._remember(_LIVE, [*self._recall(_LIVE), str(round(now_s))][-REMEMBERED:])

    async def _ask_info(self) -> Info | None:
        reply = await self._ask(viatom_oxy.READ_INFO)
        if reply is None:
            return None
        try:
            info = viatom_info.decode(reply.data)
        except FrameError as error:
            self._talk.rejected(error, reply.data)
            return None
        if info.clock is not None:
            self._clock_ahead_s = info.clock.civil_s - self._talk.time_s()
            self._talk.sink.clock(info.clock)
        if info.serial is not None:
            self._talk.sink.identity("serial", info.serial)
        return info

    async def _fetch(self, name: str) -> bool:
        """Whether nothing is left to do with that recording."""
        if self._recall(_FAILED).count(name) >= TRIES:
            return True
        try:
            data = await self._read(name)
        except TimedOutError:
            await self._remember_failure(name)
            raise
        if data is None:
            await self._remember_failure(name)
            return False
        try:
            night = viatom_night.decode(data)
        except FrameError as error:
            self._talk.rejected(error, data[: viatom_night.HEADER])
            return True
        measurement = None if self._is_told(night) else first_steady(night)
        if measurement is not None:
            self._talk.keep(measurement)
            await self._talk.settled()
        return True

    def _is_told(self, night: Night) -> bool:
        return any(night.covers(DeviceTime(float(time_s)), SLACK_S) for time_s in self._recall(_LIVE))

    async def _read(self, name: str) -> bytes | None:
        """A whole recording; None when the device does not give it, or it is too large to be one."""
        opened = await self._need(viatom_oxy.FILE_OPEN, name.encode("ascii") + b"\0")
        if opened.status:
            return None
        size = int.from_bytes(opened.data[:4], "little")
        data, block = b"", 0
        while len(data) < size <= LARGEST_FILE:
            piece = await self._need(viatom_oxy.FILE_READ, block=block)
            if piece.status or not piece.data:
                break
            data += piece.data
            block += 1
        await self._need(viatom_oxy.FILE_CLOSE)
        return data if len(data) == size else None

    async def _need(self, command: int, data: bytes = b"", block: int = 0) -> viatom_oxy.Reply:
        reply = await self._ask(command, data, block)
        if reply is None:
            raise TimedOutError("It stopped answering amid a recording. Wait until it wakes again; it is fetched anew.")
        return reply

    async def _ask(self, command: int, data: bytes = b"", block: int = 0) -> viatom_oxy.Reply | None:
        """Its answer; None when there is none in time."""
        request = viatom_oxy.request(command, data, block)
        for at in range(0, len(request), _WRITE):
            await self._talk.write(REQUESTS, request[at : at + _WRITE])
        reply = await self._replies.next_frame(viatom_oxy.decode, REPLY_S)
        return reply if isinstance(reply, viatom_oxy.Reply) else None

    def _recall(self, key: str) -> list[str]:
        return (self._talk.sink.recall(key) or b"").decode("ascii").split()

    async def _remember_failure(self, name: str) -> None:
        await self._remember(_FAILED, [*self._recall(_FAILED), name][-REMEMBERED:])

    async def _remember(self, key: str, words: list[str]) -> None:
        await self._talk.sink.remember(key, " ".join(words).encode("ascii"))


def first_steady(night: Night) -> Measurement | None:
    """The sample with which the first steady stretch begins, steady as it has to be in the stream. Where there is none,
    the last one with values, as no reading; None for a recording without values."""
    stretch: deque[int] = deque(maxlen=STEADY.steady_frames or 1)
    last = None
    for at, sample in enumerate(night.samples):
        if sample.outcome is not Outcome.DECODE:
            stretch.clear()
            continue
        last = at
        stretch.append(at)
        if len(stretch) == stretch.maxlen and _is_steady([night.samples[n] for n in stretch]):
            return viatom_night.measurement(night, stretch[0])
    if last is None:
        return None
    return replace(viatom_night.measurement(night, last), outcome=Outcome.NO_READING, status=(NOT_STEADY,))


def _is_steady(samples: Sequence[Sample]) -> bool:
    spo2 = [sample.spo2 for sample in samples if sample.spo2]
    pulse = [sample.pulse for sample in samples if sample.pulse] or [0]
    return max(spo2) - min(spo2) <= STEADY_SPO2_PCT and max(pulse) - min(pulse) <= STEADY_PULSE_PER_MIN
