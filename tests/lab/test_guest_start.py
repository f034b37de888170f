"""How the lab finds its kernel, and what it says when something is missing. Needs no guest."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from wardgate_sim.lab import host, kernel
from wardgate_sim.lab.kernel import NoKernelError, find_or_build, places


def test_the_kernel_is_looked_for_in_this_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "PROJECT", tmp_path / "project")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("WARDGATE_LAB_KERNEL", str(tmp_path / "mine"))
    expected = [
        tmp_path / "mine",
        tmp_path / "shared/radio-lab/linux-uml-6.12",
        tmp_path / "cache/wardgate/linux-uml-6.12",
    ]
    assert places() == expected
    for place in reversed(expected):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
        if place != expected[0]:
            monkeypatch.delenv("WARDGATE_LAB_KERNEL", raising=False)
        else:
            monkeypatch.setenv("WARDGATE_LAB_KERNEL", str(place))
        assert find_or_build() == place


def test_a_kernel_that_is_named_has_to_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDGATE_LAB_KERNEL", str(tmp_path / "none"))
    with pytest.raises(NoKernelError, match="there is no such file"):
        find_or_build()


@pytest.mark.root
@pytest.mark.parametrize(
    ("script", "words", "status", "sentence"),
    [
        ("run.sh", ("--help",), 0, "usage: run.sh KERNEL SHARE COMMAND"),
        ("run.sh", ("kernel",), 2, "usage: run.sh KERNEL SHARE COMMAND"),
        ("run.sh", ("/no/kernel", "share", "true"), 2, "there is no kernel /no/kernel; build one with"),
        ("build-kernel.sh", (), 2, "usage: build-kernel.sh OUTFILE"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, script: str, words: tuple[str, ...], status: int, sentence: str) -> None:
    told = subprocess.run([kernel.SCRIPTS / script, *words], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert told.returncode == status
    assert sentence in told.stdout + told.stderr


def test_a_guest_has_the_machine_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one runs, another would have to wait, also one that another process starts; then nobody has to."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(host, "SCRIPTS", tmp_path)
    monkeypatch.setattr(host, "find_or_build", lambda: tmp_path / "kernel")
    taken = f"import fcntl; fcntl.flock(open({str(tmp_path / host.ALONE)!r}), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    guest = tmp_path / "run.sh"
    guest.write_text(f"#!{sys.executable}\n{taken}\n", encoding="utf-8")
    guest.chmod(0o700)
    assert host.play(tmp_path / "share").exit_status == 1, "it is taken while the guest runs"
    assert subprocess.run([guest], check=False).returncode == 0
