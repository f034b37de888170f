"""`wardgate page`: the status page, in this process."""

from __future__ import annotations

from pathlib import Path

from wardgate.cli.options import add_config, command, load_or_exit


def main(words: list[str]) -> int:
    parser = command("page", "Serve the status page on this machine's loopback address, until Ctrl-C.")
    parser.add_argument("--port", type=int, help="port to listen on (default: the configuration's)")
    add_config(parser)
    options = parser.parse_args(words)
    config = load_or_exit(options.config)
    from wardgate.page import serve

    serve(Path(config.hub.control_socket), config.page.port if options.port is None else options.port)
    return 0
