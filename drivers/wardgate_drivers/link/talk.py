"""The talk that a maker's protocol is given, over a real GATT connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bleak.backends.characteristic import BleakGATTCharacteristic

from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.arrivals import next_within
from wardgate_drivers.link.errors import NotSupportedError
from wardgate_drivers.link.gatt_client import LOOK_S, GattClient
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.measurement import Measurement


class Talk:
    """See `wardgate_drivers.link.conversation.Conversation`."""

    def __init__(
        self,
        gatt: GattClient,
        name: str,
        sink: SessionSink,
        keep: Callable[[Measurement], Awaitable[None]],
        settled: Callable[[], Awaitable[None]],
        rejected: Callable[[FrameError, bytes], None],
    ) -> None:
        self.sink = sink
        self.keep = keep
        self.rejected = rejected
        self._settled = settled
        self._gatt = gatt
        self._name = name
        self._frames: asyncio.Queue[bytes] = asyncio.Queue()

    async def listen(self, characteristic: str) -> None:
        """Subscribe."""
        await self._gatt.subscribe(self._find(characteristic), self._hear)

    async def next_frame(self, within_s: float) -> bytes | None:
        """The next frame; None when nothing came in time."""
        loop = asyncio.get_running_loop()
        latest_s = loop.time() + within_s
        while (left_s := latest_s - loop.time()) > 0:
            frame = await next_within(self._frames, min(LOOK_S, left_s))
            if frame is not None:
                return frame
            self._gatt.need_link("listen to it")
        return None

    async def write(self, characteristic: str, value: bytes) -> None:
        """Write a command."""
        await self._gatt.write(self._find(characteristic), value)

    async def read(self, characteristic: str) -> bytes:
        """Read a value."""
        return await self._gatt.read(self._find(characteristic))

    def time_s(self) -> float:
        """The event loop's time."""
        return asyncio.get_running_loop().time()

    def has(self, characteristic: str) -> bool:
        """Whether it is there."""
        return self._gatt.find(characteristic) is not None

    async def settled(self) -> None:
        """Wait until everything handed over is safe."""
        await self._settled()

    def _hear(self, _: BleakGATTCharacteristic, data: bytearray) -> None:
        self._frames.put_nowait(bytes(data))

    def _find(self, uuid: str) -> BleakGATTCharacteristic:
        found = self._gatt.find(uuid)
        if found is None:
            raise NotSupportedError(
                f"It has no characteristic {uuid}, so it is no {self._name}. Check the model in the configuration."
            )
        return found
