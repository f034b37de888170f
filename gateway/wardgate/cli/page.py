"""`wardgate page`: the status page, in this process."""

from __future__ import annotations

from pathlib import Path

from wardgate.cli.options import PROBLEM, add_config, command, complain, load_or_exit


def main(words: list[str]) -> int:
    parser = command("page", "Serve the status page on this machine's loopback address, until Ctrl-C.")
    parser.add_argument("--port", type=int, help="port to listen on (default: the configuration's)")
    add_config(parser)
    options = parser.parse_args(words)
    config = load_or_exit(options.config)
    from wardgate.page import PageError, serve

    port = config.page.port if options.port is None else options.port
    try:
        serve(Path(config.hub.control_socket), port, on_ready=lambda address: print(address, flush=True))
    except PageError as error:
        complain(str(error))
        return PROBLEM
    return 0
