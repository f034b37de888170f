"""`wardgate pair`: pair a device again. This is the word without which no bond is ever replaced."""

from __future__ import annotations

import asyncio
from pathlib import Path

from wardgate.cli.options import HUB_AWAY, PROBLEM, add_config, bare_or_exit, command, complain
from wardgate.cli.provision_words import until_there
from wardgate.control.client import HubAway, connect
from wardgate.control.protocol import ControlError
from wardgate_drivers.model.declaration import Bond, Model
from wardgate_drivers.model.lookup import by_id


def main(words: list[str]) -> int:
    parser = command("pair", "Pair a device again. The old pairing is given up, so have the device at hand.")
    parser.add_argument("device", help="the device's id: wardgate status")
    parser.add_argument(
        "--passkey",
        type=int,
        metavar="DIGITS",
        help="the six digits it shows: handed to the pairing that is under way, no new one is begun",
    )
    add_config(parser)
    options = parser.parse_args(words)
    try:
        return asyncio.run(_pair(bare_or_exit(options.config).control_socket, options.device, options.passkey))
    except HubAway as error:
        complain(error.sentence, error.what_to_do)
        return HUB_AWAY
    except ControlError as error:
        complain(error.sentence, error.what_to_do)
        return PROBLEM


def _say_what_to_do(model: Model | None, device: str) -> None:
    if model is not None and model.wake:
        print(model.wake, flush=True)
    if model is not None and model.bond is Bond.PASSKEY:
        print(f"When it shows 6 digits: wardgate pair {device} --passkey DIGITS, in another window.", flush=True)
    print("Waiting for it for up to 2 minutes ...", flush=True)


async def _pair(socket: Path, device: str, passkey: int | None) -> int:
    await until_there(socket)  # the device may have been added by the command before this one
    async with connect(socket) as hub:
        here = {known.id: known.model for known in (await hub.status()).devices}
        if device not in here:
            complain(f"This home has no device `{device}`.", f"Known: {', '.join(here) or 'none'}.")
            return 2
        if passkey is not None:
            print((await hub.call("passkey", device=device, passkey=passkey)).sentence)
            return 0
        _say_what_to_do(by_id(here[device]), device)
        print((await hub.call("pair", device=device)).sentence)
        return 0
