"""Outside the guest: boot it, let it play, read what it found."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from wardgate_sim.lab.kernel import SCRIPTS, find_or_build

FINDINGS: Final = "findings.jsonl"


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


def play(share: Path, *steps: str, timeout_s: float = 300.0) -> Played:
    """Boot a guest, play these steps in it, or all, and wait until it has powered off.

    Raises:
        NoKernelError: see `find_or_build`.
    """
    kernel = find_or_build()
    share.mkdir(parents=True, exist_ok=True)
    (share / FINDINGS).unlink(missing_ok=True)
    done = subprocess.run(  # noqa: S603 - our own script
        [SCRIPTS / "run.sh", kernel, share, sys.executable, "-m", "wardgate_sim.lab.scenario", share, *steps],
        check=False,
        env={**os.environ, "LAB_TIMEOUT": str(round(timeout_s))},
        stdout=subprocess.DEVNULL,
    )
    return Played(done.returncode, read_findings(share / FINDINGS), share)


def read_findings(file: Path) -> dict[str, dict[str, Any]]:
    """The steps that were finished, in their order."""
    if not file.exists():
        return {}
    lines = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]
    return {line.pop("step"): line for line in lines}
