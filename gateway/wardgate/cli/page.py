"""`wardgate page`: the status page, and the technician's pages while they are open, in this process."""

from __future__ import annotations

from wardgate.cli.options import BAD_CONFIG, PROBLEM, add_config, command, complain
from wardgate.config import ConfigError, load_bare


def main(words: list[str]) -> int:
    parser = command(
        "page",
        "Serve the status page on this machine's loopback address, and the technician's pages on the home's network "
        "while they are open, until Ctrl-C.",
    )
    parser.add_argument("--port", type=int, help="port of the status page (default: the configuration's)")
    parser.add_argument(
        "--until-closed", action="store_true", help="end by itself when the technician's pages were open and are closed"
    )
    add_config(parser)
    options = parser.parse_args(words)
    try:
        config = load_bare(options.config)
    except ConfigError as error:
        complain(str(error), "Mend the file, then check it with: wardgate config check")
        return BAD_CONFIG
    from wardgate.page import PageError, serve

    port = config.page.port if options.port is None else options.port
    try:
        serve(
            config.control_socket,
            port,
            lambda address: print(address, flush=True),
            config.page,
            until_closed=options.until_closed,
        )
    except PageError as error:
        complain(str(error))
        return PROBLEM
    return 0
