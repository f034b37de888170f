"""A hub's radio in the simulation, as a pair of bleak backends: in this process, or attached over a socket."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, cast

from bumble.keys import JsonKeyStore, MemoryKeyStore
from bumble.transport import open_transport

from wardgate.capture.radio import RadioBackend
from wardgate_sim.bleak_client import BumbleClient
from wardgate_sim.bleak_scanner import BumbleScanner
from wardgate_sim.bluetooth_host import HubHost
from wardgate_sim.hci_host import make_device
from wardgate_sim.radio import HUB_ADDRESS, Link, Radio


def backend_for(host: HubHost) -> RadioBackend:
    """The pair of bleak backends through which one hub uses its host."""

    class Scanner(BumbleScanner):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(host, *args, **kwargs)

    class Client(BumbleClient):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(host, *args, **kwargs)

    return RadioBackend(scanner=Scanner, client=Client, bluez=False, bonded=host.bonded, ask_passkey=host.ask_passkey)


@contextlib.asynccontextmanager
async def open_hub(link: Link, *, keys: Path | None = None, address: str = HUB_ADDRESS) -> AsyncIterator[RadioBackend]:
    """A hub's radio on a link in this process. `keys` is the file in which its bonds outlive it."""
    radio = Radio("hub", link)
    try:
        yield backend_for(await _power_on(radio, radio, address, keys))
    finally:
        link.remove(radio)


@contextlib.asynccontextmanager
async def attach(spec: str, *, keys: Path | None = None, address: str = HUB_ADDRESS) -> AsyncIterator[RadioBackend]:
    """A hub's radio behind a `wardgate_sim.radio.HubDoor` of another process; `spec` is what its `listen` gave."""
    opening = cast(Callable[[str], Awaitable[contextlib.AbstractAsyncContextManager[Any]]], open_transport)(spec)
    async with await opening as (source, sink):
        yield backend_for(await _power_on(source, sink, address, keys))


async def _power_on(source: Any, sink: Any, address: str, keys: Path | None) -> HubHost:
    store = JsonKeyStore("hub", str(keys)) if keys else MemoryKeyStore()
    device = make_device("wardgate", address, store, source, sink)
    await device.power_on()
    return HubHost(device)
