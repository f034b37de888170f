"""A hub in a process of its own that takes one indication and never confirms it. The test kills it there."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bleak import BleakClient, BleakScanner
from bleak.uuids import normalize_uuid_16

from wardgate_sim.backend import attach


async def main(spec: str, keys: str, address: str) -> None:
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_frame(_: object, value: bytearray) -> asyncio.Future[None]:
        sys.stdout.write(f"{bytes(value).hex()}\n")
        sys.stdout.flush()
        return never

    async with attach(spec, keys=Path(keys)) as backend:
        assert backend.scanner is not None
        found = await BleakScanner.find_device_by_address(address, timeout=30, backend=backend.scanner)
        assert found is not None
        async with BleakClient(found, backend=backend.client) as client:
            await client.start_notify(normalize_uuid_16(0x2A35), on_frame)
            time = bytes.fromhex("ea070b150c0000")
            await client.write_gatt_char(normalize_uuid_16(0x2A08), time, response=True)
            await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
