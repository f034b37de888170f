"""`wardgate watch`: readings and alerts as they come."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import msgspec

from wardgate.cli.options import HUB_AWAY, PROBLEM, add_config, add_json, bare_or_exit, command, complain
from wardgate.contract.messages import Upward
from wardgate.control.client import HubAway, HubClient, connect
from wardgate.control.protocol import ControlError
from wardgate.ward.line import format_line

BACKLOG = 10
"""How many readings are shown at the start, so that one sees at once that it works."""


def main(words: list[str]) -> int:
    parser = command("watch", "Follow readings, alerts and events as they come, until Ctrl-C.")
    add_config(parser)
    add_json(parser)
    options = parser.parse_args(words)
    config = bare_or_exit(options.config)
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_watch(config.control_socket, as_json=options.json))
    return 0


async def _watch(socket: Path, *, as_json: bool) -> int:
    seen: set[tuple[str, int]] = set()
    try:
        async with connect(socket) as hub:
            await hub.ask("watch", bool)  # what comes while the first are shown is not missed
            for message in await _news(hub, seen):
                _show(message, as_json=as_json)
            async for _ in hub.watch():
                for message in await _news(hub, seen):
                    _show(message, as_json=as_json)
        complain("The hub has stopped.")
    except HubAway as error:
        complain(error.sentence, error.what_to_do)
    except ControlError as error:
        complain(error.sentence, error.what_to_do)
        return PROBLEM
    return HUB_AWAY


async def _news(hub: HubClient, seen: set[tuple[str, int]]) -> list[Upward]:
    """What was not shown yet, in the order in which the hub numbered it."""
    status = await hub.status()
    readings = await hub.call("readings", limit=200 if seen else BACKLOG)
    known: list[Upward] = [*readings, *status.open_alerts, *status.events]
    fresh = [m for m in known if (m.epoch, m.seq) not in seen]
    seen.update((m.epoch, m.seq) for m in fresh)
    return sorted(fresh, key=lambda m: m.seq)


def _show(message: Upward, *, as_json: bool) -> None:
    print(msgspec.json.encode(message).decode() if as_json else format_line(message), flush=True)
