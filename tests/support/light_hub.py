"""A hub's store and sender in a process of their own: `python -m tests.support.light_hub PORT HUB DATABASE`.

It beats once a second and measures nothing.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.support.mosquitto import settings
from wardgate.clock import SystemClock
from wardgate.deliver import Sender
from wardgate.store import Store


async def serve(port: int, hub: str, database: Path) -> None:
    """Until it is killed."""
    store = Store.open(database, SystemClock())
    broker = settings(port, {"heartbeat_s": 1.0})
    await Sender(broker, hub, store, SystemClock(), lambda _: None, version="light").run()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
