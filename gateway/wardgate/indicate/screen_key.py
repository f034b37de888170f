"""The key in the address of the patient's screen: random, and another one for each patient."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

_NAME: Final = "screen-key"
_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without 0 and o, 1, i and l: somebody types it into an old tablet."""
_LENGTH: Final = 16
"""79 bits."""


def screen_key(data_dir: Path, assignment: str) -> str:
    """The key of this assignment; made, and on the disk, before it is told for the first time.

    Raises:
        OSError: it cannot be kept.
    """
    file = data_dir / _NAME
    try:
        kept, _, key = file.read_text(encoding="ascii").strip().partition(" ")
    except (FileNotFoundError, UnicodeDecodeError):
        kept = key = ""
    if kept == assignment and len(key) == _LENGTH:
        return key
    key = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    unfinished = file.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
        out.write(f"{assignment} {key}\n")
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)
    return key
