"""A BP2 that answers a request only after it was made again: no piece of its file takes the place of another."""

from __future__ import annotations

import asyncio
import struct
from typing import Final

from tests.drivers.cuffs.listener import Listener
from wardgate_drivers.codec import viatom_lepu
from wardgate_drivers.measurement import Outcome
from wardgate_drivers.protocol import viatom_bp2
from wardgate_sim.encode import lepu

PIECE: Final = 47
"""The file's head and one record."""
IDLE: Final = bytes(39) + bytes([3])
PRESSURES: Final = [(131.0, 84.0), (127.0, 80.0), (119.0, 75.0)]


def record(number: int, systolic: float, diastolic: float) -> bytes:
    pressures = struct.pack("<4H", round(systolic), round(diastolic), 95, 66)
    return struct.pack("<LL", 1_795_336_205 + 60 * number, 1) + bytes(5) + pressures + bytes(16)


FILE: Final = bytes(10) + b"".join(record(number, *pair) for number, pair in enumerate(PRESSURES))


class SlowCuff(Listener):
    """The reply to the first request for a piece comes together with that to its repetition."""

    def __init__(self) -> None:
        super().__init__([])
        self._held: list[bytes] | None = []

    async def write(self, characteristic: str, value: bytes) -> None:
        await super().write(characteristic, value)
        request = viatom_lepu.decode(value)
        reply = lepu.frame(request.command, request.sequence, self._answer(request))
        if request.command == viatom_lepu.FILE_READ and self._held == []:
            self._held.append(reply)
            return
        self._frames += [*(self._held or []), reply]
        self._held = None if self._held else self._held

    def _answer(self, request: viatom_lepu.Frame) -> bytes:
        match request.command:
            case viatom_lepu.GET_STATE:
                return IDLE
            case viatom_lepu.FILE_OPEN:
                return len(FILE).to_bytes(4, "little")
            case viatom_lepu.FILE_READ:
                at = int.from_bytes(request.data, "little")
                return FILE[at : at + PIECE]
            case _:
                return b""


def test_a_late_reply_is_no_other_piece() -> None:
    cuff = SlowCuff()
    asyncio.run(viatom_bp2.converse(cuff))
    heard = cuff.ear.measurements
    assert {m.outcome for m in heard} == {Outcome.DECODE}
    assert [tuple(q.value for q in m.quantities[:2]) for m in heard] == PRESSURES
