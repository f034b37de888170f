"""`wardgate` in a boot of TEST_BOOT's name, with a program that cannot live with one pathway (TEST_FALLS)."""

from __future__ import annotations

import os
import signal
import sys
from typing import Final

from wardgate.cli.main import main
from wardgate.clock import SystemClock
from wardgate.deliver.downlink import Downlink
from wardgate.mqtt import Link
from wardgate.watch.watcher import Watcher

UNBEARABLE: Final = "copd"
_start, _connect = Watcher.start, Downlink.connect
_cannot_bear_it = False


async def _starting(watcher: Watcher) -> None:
    global _cannot_bear_it
    _cannot_bear_it = UNBEARABLE in [pathway.id for pathway in watcher.plan.pathways]
    if _cannot_bear_it and os.environ["TEST_FALLS"] == "start":
        raise KeyError("a fault of the program")
    await _start(watcher)


def _connecting(downlink: Downlink, link: Link) -> None:
    _connect(downlink, link)
    if _cannot_bear_it and os.environ["TEST_FALLS"] == "later":
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    setattr(SystemClock, "synchronised", lambda _self: True)  # noqa: B010 - a container has no time server
    setattr(SystemClock, "boot_id", lambda _self: os.environ["TEST_BOOT"])  # noqa: B010 - one machine, many boots
    setattr(Watcher, "start", _starting)  # noqa: B010 - the fault
    setattr(Downlink, "connect", _connecting)  # noqa: B010 - the fault
    sys.exit(main())
