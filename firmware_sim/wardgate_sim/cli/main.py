"""`wardgate-sim`: simulated homes, for people and for tests."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import Final

COMMANDS: Final = {
    "demo": "a home, a hub and a ward on this machine, in faster time",
    "home": "a home alone, behind a socket to which a hub's radio can be attached",
    "hub": "the hub, its radio attached to such a home",
    "fleet": "light hubs by the thousand against a broker, and what it costs",
}


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 well, 1 something was lost or failed, 2 wrong usage."""
    words = sys.argv[1:] if arguments is None else arguments
    if words and words[0] in COMMANDS:
        status: int = importlib.import_module(f"wardgate_sim.cli.{words[0]}").main(words[1:])
        return status
    parser = argparse.ArgumentParser(prog="wardgate-sim", description="Simulated homes for Wardgate.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    parser.parse_args(words)
    return 2
