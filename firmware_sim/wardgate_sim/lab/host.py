"""Outside the guest: boot it, let it play, read what it found."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from wardgate_sim.lab.kernel import PROJECT, SCRIPTS, find_or_build

FINDINGS: Final = "findings.jsonl"
ALONE: Final = "wardgate-lab.lock"
"""In the directory for temporary files, which all who test on this machine share."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came out of a guest."""

    exit_status: int
    findings: dict[str, dict[str, Any]]
    """By the name of the step."""
    share: Path
    """The guest's logs and databases."""

    def log(self, name: str = "stderr", lines: int = 60) -> str:
        """The end of one of the guest's files, for a failing test to show."""
        file = self.share / name
        if not file.exists():
            return f"(no {name})"
        return "\n".join(file.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def play(
    share: Path,
    *steps: str,
    scenario: str = "wardgate_sim.lab.scenario",
    memory: str = "768M",
    timeout_s: float = 1500.0,
) -> Played:
    """Boot a guest, play these steps of a scenario in it, or all, and wait until it has powered off.

    Guests run one after the other, whoever starts them: each takes a machine's time and memory for itself.

    Args:
        scenario: the module that is run in the guest.
        memory: the guest's; half of it is for the files it writes.

    Raises:
        NoKernelError: see `find_or_build`.
    """
    kernel = find_or_build()
    share.mkdir(parents=True, exist_ok=True)
    (share / FINDINGS).unlink(missing_ok=True)
    python = ("env", f"PYTHONPATH={PROJECT}", sys.executable)
    with alone():
        done = subprocess.run(  # noqa: S603 - our own script
            [SCRIPTS / "run.sh", kernel, share, *python, "-m", scenario, share, *steps],
            check=False,
            env={**os.environ, "LAB_TIMEOUT": str(round(timeout_s)), "LAB_MEMORY": memory},
            stdout=subprocess.DEVNULL,
        )
    return Played(done.returncode, read_findings(share / FINDINGS), share)


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other guest runs, and keep others waiting. Who dies in between keeps nobody waiting."""
    with (Path(tempfile.gettempdir()) / ALONE).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def noting(share: Path) -> Iterator[Callable[[str, float, dict[str, Any]], None]]:
    """In the guest: what notes a step, since when (on the monotonic clock) and what it found."""
    with (share / FINDINGS).open("w", encoding="utf-8") as findings:

        def note(step: str, since_s: float, found: dict[str, Any]) -> None:
            seconds = round(time.monotonic() - since_s, 2)
            findings.write(json.dumps({"step": step, "seconds": seconds, **found}) + "\n")
            findings.flush()

        yield note


def read_findings(file: Path) -> dict[str, dict[str, Any]]:
    """The steps that were finished, in their order."""
    if not file.exists():
        return {}
    lines = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]
    return {line.pop("step"): line for line in lines}
