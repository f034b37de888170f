"""Omron's cuffs with a protocol of their own: M7/X7 Intelli IT, Evolv, and a newer one of the M2 kind.

They are on the air after a measurement or on their Bluetooth key, keep everything, and show nothing to a host they were
not introduced to: see `wardgate_drivers.protocol.omron`. Their clocks are set when they are more than some seconds off.

Source: the memory maps and talks described by the projects omblepy and hass-omron (HEM-7361T, HEM-7600T, HEM-7142T2),
with frames captured from real cuffs. No document of the maker's, and not tried here on a real one.
Guessed: by which names HEM-7600T and HEM-7142T2 advertise (the M7 Intelli's was captured); that the index counts as it
does on the cuffs that were read; how long the key waits. Other models of the maker's keep their records elsewhere.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from wardgate_drivers.codec import omron as codec
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Bond, Gatt, History, Kind, Match, Model
from wardgate_drivers.protocol import omron
from wardgate_drivers.protocol.omron import ClockBlock, MemoryMap, Opening

_DEADLINE_S: Final = 150.0
"""The first session reads every slot, 200 at most, each within some connection intervals."""
_WAKE: Final = "Take a measurement, or press the Bluetooth key; to pair, hold that key until -P- blinks."

INTELLI_MAP: Final = MemoryMap(
    opening=Opening.KEY,
    channels=4,
    block_size=0x10,
    index_at=0x0010,
    byte_order="little",
    users_at=(0x0098, 0x06D8),
    slots=100,
    slot_size=0x10,
    decode=codec.decode_record_le,
    clock=ClockBlock(0x003C, 0x0080, codec.CLOCK_SIZE, codec.decode_clock, codec.encode_clock),
)
EVOLV_MAP: Final = MemoryMap(
    opening=Opening.KEY,
    channels=4,
    block_size=0x2C,
    index_at=0x0260,
    byte_order="big",
    users_at=(0x02AC,),
    slots=100,
    slot_size=0x0E,
    decode=codec.decode_record_be,
    clock=ClockBlock(0x0274, 0x029A, codec.SHORT_CLOCK_SIZE, codec.decode_short_clock, codec.encode_short_clock),
)
HEM_7142T2_MAP: Final = MemoryMap(
    opening=Opening.TOKEN,
    channels=1,
    block_size=0x2C,
    index_at=0x0260,
    byte_order="little",
    users_at=(0x02E8,),
    slots=14,
    slot_size=0x0E,
    decode=codec.decode_record_le,
    clock=ClockBlock(0x028C, 0x02D0, codec.CLOCK_SIZE, codec.decode_clock, codec.encode_clock),
)


def _cuff(id_: str, name: str, names: tuple[str, ...], memory_map: MemoryMap, bond: Bond) -> Model:
    return Model(
        id=id_,
        maker="Omron",
        name=name,
        kind=Kind.CUFF,
        channels=(Channel.BLOOD_PRESSURE,),
        link=Gatt(subscriptions=(), deadline_s=_DEADLINE_S, converse=partial(omron.converse, memory_map=memory_map)),
        match=Match(name_prefixes=names),
        bond=bond,
        history=History.ASKED,
        user_slots=len(memory_map.users_at),
        wake=_WAKE,
    )


HEM_7361T: Final = _cuff(
    "omron-hem-7361t",
    "M7/X7 Intelli IT (HEM-7361T)",
    ("BLESmart_00000258", "BLEsmart_00000258", "HEM-7361T"),
    INTELLI_MAP,
    Bond.NONE,
)
HEM_7600T: Final = _cuff("omron-hem-7600t", "Evolv (HEM-7600T)", ("HEM-7600T",), EVOLV_MAP, Bond.NONE)
HEM_7142T2: Final = _cuff("omron-hem-7142t2", "HEM-7142T2", ("HEM-7142T2",), HEM_7142T2_MAP, Bond.JUST_WORKS)
