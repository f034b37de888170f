"""`wardgate`: one command a file, imported only when it is called for."""

from __future__ import annotations

import argparse
import importlib
import os
import select
import signal
import sys
from typing import Final

from wardgate import __version__

COMMANDS: Final = {
    "run": "run the hub",
    "status": "how the hub is, in words",
    "watch": "follow readings and alerts as they come",
    "doctor": "find out what is wrong and what to do",
    "metrics": "the hub's figures for Prometheus",
    "support-bundle": "a report for support, without anything that names a person or a place",
    "provision": "set this hub up: claim, patient, devices, test, lock",
    "enrol": "get this hub's certificate with a claim code of the ward",
    "pair": "pair a device again, on your word",
    "devices": "the devices Wardgate knows",
    "plan": "what is measured and when the ward is told, in words",
    "dry-run": "what a configuration would have told over the last days",
    "parked": "messages that were set aside: show them, send them again",
    "note": "tell the hub of a change of treatment or device",
    "config": "check a configuration, or explain every setting",
    "page": "the page for a browser on this machine",
    "screen": "what the patient sees: on a tablet or a small display",
    "ward": "the reference ward: receive, keep, acknowledge",
}


_UNREAD: Final = 128 + signal.SIGPIPE
"""As a shell tells of a program that wrote to nobody."""


def parser() -> argparse.ArgumentParser:
    """The words that all commands share."""
    top = argparse.ArgumentParser(
        prog="wardgate",
        description="A hub for home health monitoring: devices in, readings and alerts out to a virtual ward.",
        epilog="`wardgate COMMAND --help` explains a command.",
    )
    top.add_argument("--version", action="version", version=f"wardgate {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 well, 1 a problem was found, 2 wrong usage, 69 the hub does not answer, 78 bad configuration."""
    words = sys.argv[1:] if arguments is None else arguments
    if words and words[0] in COMMANDS:
        command = importlib.import_module(f"wardgate.cli.{words[0].replace('-', '_')}")
        try:
            status: int = command.main(words[1:])
            sys.stdout.flush()
        except BrokenPipeError:
            if not _nobody_reads():
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _UNREAD
        return status
    parser().parse_args(words)
    return 2


def _nobody_reads() -> bool:
    """As with `wardgate status | head`: then nothing is wrong."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))
