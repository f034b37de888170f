"""`wardgate enrol`: the hub makes its own key and claims its certificate with a one-time code."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from wardgate.cli.options import BAD_CONFIG, PROBLEM, add_config, command, complain, load_or_exit
from wardgate.enrol.est import Endpoint, EnrolError
from wardgate.enrol.identity import CERTIFICATE, Identity, directory
from wardgate.enrol.validity import validity


def main(words: list[str]) -> int:
    """Exit status 0 well, 1 it could not be done, 78 the configuration names no endpoint."""
    parser = command(
        "enrol",
        "Get this hub's certificate from the ward's enrolment endpoint (enrol.url) with a one-time claim code. The key "
        "is made here and never leaves this machine. A running hub uses the certificate with its next connection.",
    )
    add_config(parser)
    parser.add_argument("--code", required=True, help="the claim code; - reads it from standard input")
    options = parser.parse_args(words)
    config = load_or_exit(options.config)
    if config.enrol.url is None:
        complain(
            f"{options.config} names no enrolment endpoint.", "Set url in its section [enrol], as your ward tells you."
        )
        return BAD_CONFIG
    code = sys.stdin.readline().strip() if options.code == "-" else options.code
    identity = Identity(directory(config.data_dir))
    try:
        _at_home(config.data_dir)
        endpoint = Endpoint(config.enrol.url, config.enrol.ca_file or config.broker.ca_file)
        endpoint.claim(identity, config.hub.id, code)
        identity.take()
    except EnrolError as error:
        complain(error.sentence, error.what_to_do)
        return PROBLEM
    except OSError as error:
        complain(
            f"The disk refuses: {error}.", "Run this command with sudo, on a machine on which the hub has started."
        )
        return PROBLEM
    held = validity(identity.current / CERTIFICATE)
    print(f"Hub {config.hub.id} has its certificate. It holds until {held.not_after:%d %B %Y} and renews itself.")
    return 0


def _at_home(data_dir: Path) -> None:
    """Files made by root would be closed to the hub: become the owner of its directory.

    Raises:
        FileNotFoundError: there is no such directory.
    """
    owner = data_dir.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
