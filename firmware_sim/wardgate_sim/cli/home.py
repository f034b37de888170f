"""`wardgate-sim home`: the devices and the patient, in real time, for a hub in another process."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import signal
from datetime import UTC, datetime
from pathlib import Path

from wardgate_sim.home import Home, Use
from wardgate_sim.hub_config import hub_config
from wardgate_sim.radio import HubDoor, Link
from wardgate_sim.scenario import Scenario, ScenarioError, load, packaged, packaged_names


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="wardgate-sim home",
        description="A home in real time: the devices of a scenario are used in turn, one every few seconds. "
        "Attach a hub with `wardgate-sim hub`, as the first lines say.",
        epilog=f"Homes by name: {', '.join(packaged_names())}.",
    )
    parser.add_argument("home", nargs="?", default="living-room", help="a home by name, or a TOML file")
    parser.add_argument("--every", type=float, default=10.0, metavar="SECONDS", help="between two measurements (10)")
    parser.add_argument("--directory", type=Path, default=Path("var/home"), help="for the hub's files (var/home)")
    parser.add_argument("--broker-port", type=int, default=1883, help="loopback port of the broker (1883)")
    options = parser.parse_args(words)
    try:
        scenario = load(Path(options.home)) if options.home.endswith(".toml") else packaged(options.home)
    except ScenarioError as error:
        parser.error(str(error))
    options.directory.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_live(scenario, options.directory, options.broker_port, options.every))
    return 0


async def _live(scenario: Scenario, directory: Path, broker_port: int, every_s: float) -> None:
    task = asyncio.current_task()
    if task is not None:
        for told in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(told, task.cancel)
    link = Link()
    home = Home(scenario, link, lambda: datetime.now(UTC))
    door = HubDoor(link)
    await home.start()
    try:
        radio = await door.listen(directory / "radio.sock")
        config = directory / "wardgate.toml"
        config.write_text(hub_config(home, directory, broker_port), encoding="utf-8")
        print(f"radio   {radio}")
        print(f"hub     wardgate-sim hub --config {config} --radio {radio}")
        print(
            f"ward    wardgate ward --host 127.0.0.1 --port {broker_port} --no-tls --database {directory / 'ward.db'}"
        )
        print("pairing the scale and the cuff when the hub is there", flush=True)
        await home.pair(timeout_s=3600)
        for use, id_ in enumerate(itertools.cycle(home.devices)):
            day = use // len(home.devices)
            taken = await home.use(Use(datetime.now(UTC), day, id_, first_of_day=True))
            print(f"{id_}: {', '.join(f'{name} {value:g}' for name, value in taken.values.items())}", flush=True)
            await asyncio.sleep(every_s)
    finally:
        await door.close()
        await home.stop()
