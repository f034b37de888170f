"""The system call filter of a systemd unit, laid on a process without systemd running."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_LOAD = """
import ctypes, os, sys
ERRNO_EPERM, ALLOW = 0x00050001, 0x7FFF0000
seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p
context = ctypes.c_void_p(seccomp.seccomp_init(ERRNO_EPERM))
for name in sys.argv[1].split(","):
    number = seccomp.seccomp_syscall_resolve_name(name.encode())
    if number != -1:
        seccomp.seccomp_rule_add(context, ALLOW, number, 0)
if seccomp.seccomp_load(context):
    raise SystemExit("the filter could not be loaded")
os.execv(sys.argv[2], sys.argv[2:])
"""


def settings(unit: Path) -> dict[str, list[str]]:
    """The settings of a unit file; one that is given twice has two values."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        key, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def filtered(unit: Path, *words: str) -> list[str]:
    """The command line that runs these words under the unit's `SystemCallFilter=` and `ProtectClock=`."""
    return [sys.executable, "-c", _LOAD, ",".join(sorted(allowed(settings(unit)))), *words]


def allowed(unit: dict[str, list[str]]) -> set[str]:
    """The system calls that a unit with an allow list permits."""
    groups = _groups()
    calls = _expand("@default", groups)
    for line in unit["SystemCallFilter"]:
        named = {call for word in line.removeprefix("~").split() for call in _expand(word, groups)}
        calls = calls - named if line.startswith("~") else calls | named
    return calls - _expand("@clock", groups) if unit.get("ProtectClock") == ["yes"] else calls


def _groups() -> dict[str, list[str]]:
    told = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True, check=True
    ).stdout
    groups: dict[str, list[str]] = {}
    for line in told.splitlines():
        if line.startswith("@"):
            group = groups.setdefault(line.strip(), [])
        elif line.startswith("    ") and not line.strip().startswith("#"):
            group.append(line.strip())
    return groups


def _expand(word: str, groups: dict[str, list[str]]) -> set[str]:
    if not word.startswith("@"):
        return {word}
    return {call for inner in groups[word] for call in _expand(inner, groups)}
