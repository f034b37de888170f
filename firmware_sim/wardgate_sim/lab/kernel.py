"""Where the guest's kernel comes from."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[3]
SCRIPTS: Final = PROJECT / "firmware_sim" / "lab"
NAME: Final = "linux-uml-6.12"


class NoKernelError(Exception):
    """There is no kernel and none could be built; the message says what to do."""


def places() -> list[Path]:
    """Where a kernel may be, the first that is there counts: the environment's, a ready one beside the project, the
    one built here before."""
    named = os.environ.get("WARDGATE_LAB_KERNEL")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return [
        *([Path(named)] if named else []),
        PROJECT.parent / "shared" / "radio-lab" / NAME,
        cache / "wardgate" / NAME,
    ]


def find_or_build() -> Path:
    """The kernel; when there is none, it is built, which takes some 12 minutes of processor time, once.

    Raises:
        NoKernelError: `WARDGATE_LAB_KERNEL` names nothing, or the build failed.
    """
    candidates = places()
    if os.environ.get("WARDGATE_LAB_KERNEL") and not candidates[0].exists():
        raise NoKernelError(f"WARDGATE_LAB_KERNEL names {candidates[0]}, and there is no such file.")
    found = next((place for place in candidates if place.exists()), None)
    if found is not None:
        return found
    target = candidates[-1]
    print(f"The radio lab's kernel is built once, into {target}: about 12 minutes of processor time.", flush=True)
    if subprocess.run([SCRIPTS / "build-kernel.sh", target], check=False).returncode:  # noqa: S603 - our own script
        raise NoKernelError("The kernel could not be built; what is missing stands above.")
    return target
