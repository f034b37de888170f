"""`wardgate screen`: the patient's screen, in this process; `wardgate screen address`: what to open on a tablet."""

from __future__ import annotations

import asyncio

from wardgate.cli.options import BAD_CONFIG, HUB_AWAY, PROBLEM, add_config, command, complain
from wardgate.config import Bare, ConfigError, load_bare


def main(words: list[str]) -> int:
    parser = command("screen", "Serve the patient's screen, until Ctrl-C, or say its address.")
    parser.add_argument("what", nargs="?", choices=("serve", "address"), default="serve", help="default: serve")
    parser.add_argument("--port", type=int, help="port to listen on (default: the configuration's)")
    add_config(parser)
    options = parser.parse_args(words)
    try:
        config = load_bare(options.config)
    except ConfigError as error:
        complain(str(error), "Mend the file, then check it with: wardgate config check")
        return BAD_CONFIG
    port = config.screen.port if options.port is None else options.port
    return _address(config, port) if options.what == "address" else _serve(config, port)


def _serve(config: Bare, port: int) -> int:
    from wardgate.screen import ScreenError, serve

    try:
        serve(config, port, on_ready=lambda address: print(address, flush=True))
    except ScreenError as error:
        complain(str(error))
        return PROBLEM
    return 0


def _address(config: Bare, port: int) -> int:
    from wardgate.indicate.screen_address import address
    from wardgate.screen.ask import screen_key

    if config.screen.listen is None:
        print(address(config.screen, port, None))
        return 0
    key = asyncio.run(screen_key(config.control_socket))
    if key is None:
        complain(
            "The hub does not tell the screen's key.", "Is it running, and has it a patient? See `wardgate status`."
        )
        return HUB_AWAY
    print(address(config.screen, port, key))
    return 0
