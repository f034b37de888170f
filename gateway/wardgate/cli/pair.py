"""`wardgate pair`: pair a device again. This is the word without which no bond is ever replaced."""

from __future__ import annotations

import asyncio
from pathlib import Path

from wardgate.cli.options import HUB_AWAY, PROBLEM, add_config, command, complain, load_or_exit
from wardgate.control.client import HubAway, connect
from wardgate.control.protocol import ControlError
from wardgate_drivers.model.declaration import Bond, Model
from wardgate_drivers.model.lookup import by_id


def main(words: list[str]) -> int:
    parser = command("pair", "Pair a device again. The old pairing is given up, so have the device at hand.")
    parser.add_argument("device", help="the device's id in the configuration")
    parser.add_argument(
        "--passkey",
        type=int,
        metavar="DIGITS",
        help="the six digits it shows: handed to the pairing that is under way, no new one is begun",
    )
    add_config(parser)
    options = parser.parse_args(words)
    config = load_or_exit(options.config)
    device = next((d for d in config.device if d.id == options.device), None)
    if device is None:
        known = ", ".join(d.id for d in config.device) or "none"
        complain(f"There is no device `{options.device}` in {options.config}.", f"Known: {known}.")
        return 2
    if options.passkey is None:
        _say_what_to_do(by_id(device.model), device.id)
    try:
        print(asyncio.run(_pair(Path(config.hub.control_socket), device.id, options.passkey)))
    except HubAway as error:
        complain(error.sentence, error.what_to_do)
        return HUB_AWAY
    except ControlError as error:
        complain(error.sentence, error.what_to_do)
        return PROBLEM
    return 0


def _say_what_to_do(model: Model | None, device: str) -> None:
    if model is not None and model.wake:
        print(model.wake, flush=True)
    if model is not None and model.bond is Bond.PASSKEY:
        print(f"When it shows 6 digits: wardgate pair {device} --passkey DIGITS, in another window.", flush=True)
    print("Waiting for it for up to 2 minutes ...", flush=True)


async def _pair(socket: Path, device: str, passkey: int | None) -> str:
    async with connect(socket) as hub:
        if passkey is not None:
            return (await hub.call("passkey", device=device, passkey=passkey)).sentence
        return (await hub.call("pair", device=device)).sentence
