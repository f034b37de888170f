"""What several commands have in common: their options, and how they end when something is missing."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from wardgate.config import Bare, Config, ConfigError, NotAssigned, NotReadable, load, load_bare

PROBLEM: Final = 1
HUB_AWAY: Final = 69
"""EX_UNAVAILABLE of sysexits.h: the hub does not answer."""
BAD_CONFIG: Final = 78
"""EX_CONFIG of sysexits.h; the systemd unit does not restart on it."""


def command(name: str, description: str) -> argparse.ArgumentParser:
    """A parser for one command."""
    return argparse.ArgumentParser(prog=f"wardgate {name}", description=description)


def add_config(parser: argparse.ArgumentParser) -> None:
    """`--config FILE`, with the environment and the usual place as defaults."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=Path(os.environ.get("WARDGATE_CONFIG", "/etc/wardgate/wardgate.toml")),
        help="configuration file (default: $WARDGATE_CONFIG, else /etc/wardgate/wardgate.toml)",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="answer in JSON, for programs")


def complain(sentence: str, what_to_do: str = "") -> None:
    """Say on standard error what is wrong and what to do."""
    print(sentence, *([what_to_do] if what_to_do else []), sep="\n", file=sys.stderr)


def load_or_exit(path: Path) -> Config:
    """The configuration, or the end of the program with every problem named."""
    try:
        return load(path)
    except NotAssigned as error:
        complain(error.problems[0], "How far it is: wardgate provision status")
        raise SystemExit(PROBLEM) from None
    except NotReadable as error:
        complain(error.problems[0], "Run the command with sudo.")
        raise SystemExit(PROBLEM) from None
    except ConfigError as error:
        raise _to_mend(error) from None


def bare_or_exit(path: Path) -> Bare:
    """What the hub's own file says: enough for whoever only asks the hub, with or without a patient."""
    try:
        return load_bare(path)
    except ConfigError as error:
        raise _to_mend(error) from None


def _to_mend(error: ConfigError) -> SystemExit:
    complain(str(error), "Mend the file, then check it with: wardgate config check")
    return SystemExit(BAD_CONFIG)
