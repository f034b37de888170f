"""Those acts of `wardgate provision` that need no running hub: the boot partition's file, and the audit's proof."""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from wardgate.cli.options import PROBLEM, complain
from wardgate.config import Bare
from wardgate.provision.boot_partition import import_file
from wardgate.provision.refused import Refused
from wardgate.store.audit import SEAL_BYTES, verify

Say = Callable[[object, str], None]


def import_boot_file(bare: Bare, options: argparse.Namespace, say: Say) -> int:
    """The ward's file, as a whole or not at all."""
    path = Path(options.file)
    if not path.exists():
        if options.if_there:
            return 0
        complain(f"There is no {path}.", "Copy the ward's file there, or name it.")
        return PROBLEM
    if bare.by_file:
        complain("This hub's own file names its patient. Nothing was imported.", f"Remove {path}.")
        return PROBLEM
    try:
        done = import_file(path, bare.data_dir)
    except Refused as refused:
        complain(refused.sentence, refused.what_to_do)
        return PROBLEM
    except OSError as error:
        complain(f"The disk refuses: {error}.", "Run this command with sudo.")
        return PROBLEM
    say({"sentence": done}, done)
    return 0


def told_seal(word: str) -> tuple[int, str]:
    """`412:9f2c...`, as the ward's event `audit-head` says.

    Raises:
        ValueError: it is no such thing.
    """
    number, _, seal = word.partition(":")
    if len(bytes.fromhex(seal)) != SEAL_BYTES:
        raise ValueError(word)
    return int(number), seal


def verify_audit(bare: Bare, told: Sequence[tuple[int, str]], say: Say) -> int:
    """Every line of the audit, against the one before it and what the ward was told."""
    try:
        breaks = verify(bare.database, dict(told))
    except sqlite3.Error as error:
        complain(f"{bare.database} cannot be read: {error}.", "Run this command with sudo, on the hub.")
        return PROBLEM
    said = "\n".join(one.sentence for one in breaks) or "Every line of the audit is as it was written."
    say({"whole": not breaks, "broken_at": [one.number for one in breaks]}, said)
    return PROBLEM if breaks else 0
