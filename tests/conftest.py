"""What a person without root, or without a Debian package, leaves out: named at the end, with the command.

As root, and in continuous integration, nothing is left out: what is missing there makes a test fail.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

_PLACES: Final = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/usr/lib/postgresql/15/bin"
_PROGRAMS: Final = {
    "mosquitto": ("mosquitto", "mosquitto"),
    "tests.support.rabbitmq": ("rabbitmq-server", "rabbitmq-server"),
    "tests.support.browser": ("chromedriver", "chromium-driver"),
    "tests.support.axe": ("npm", "npm"),
    "tests.support.medplum": ("npm", "npm"),
    "apt install npm": ("npm", "npm"),
    "tests.support.postgres": ("initdb", "postgresql-15"),
    "dbus-daemon": ("dbus-daemon", "dbus"),
    "shellcheck": ("shellcheck", "shellcheck"),
    "systemd-analyze": ("systemd-analyze", "systemd"),
}
"""What stands in a test module (or in the conftest beside it) that needs a program, the program, its package."""
_LONGEST: Final = (
    "tests/lab/test_provisioning.py",
    "tests/journey/",
    "tests/pipeline/",
    "tests/faults/",
    "tests/crash/",
    "tests/capture_rate/",
)
"""Begun first, so that of several processes none is still at them when the others are done.

The other guest of the radio lab comes in its place in the alphabet: two at once would starve each other.
"""
_LEFT_OUT: Final = pytest.StashKey[dict[str, list[str]]]()

# How long an example takes depends on what else the machine does; and what passed once passes again: examples are the
# same each time. Others are tried with --hypothesis-profile=default.
settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


def _lenient() -> bool:
    return os.geteuid() != 0 and "CI" not in os.environ


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long ones first; what cannot run for this person is left out."""
    items.sort(key=lambda item: next((n for n, p in enumerate(_LONGEST) if item.nodeid.startswith(p)), len(_LONGEST)))
    left_out: dict[str, list[str]] = {}
    config.stash[_LEFT_OUT] = left_out
    if not _lenient():
        return
    missing = {word: package for word, (program, package) in _PROGRAMS.items() if not _is_there(program)}
    texts: dict[Path, str] = {}
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        if item.path not in texts:
            texts[item.path] = _text_of(item.path)
        needs = {package for word, package in missing.items() if word in texts[item.path]}
        if item.get_closest_marker("root"):
            needs.add("root")
        for need in needs:
            left_out.setdefault(need, []).append(item.nodeid.partition("::")[0])
        (dropped if needs else kept).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Each of several processes collects for itself, and all leave out the same: what one tells is what is named."""
    node.config.stash.setdefault(_LEFT_OUT, {}).update(getattr(node, "workeroutput", {}).get("left_out", {}))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """One of several processes: hand what was left out to the one that prints.

    What the tests left behind is collected before that: plugins import modules of theirs now, which pytest parses, and
    Python 3.11 cannot parse a module while a finalizer prints a traceback ("AST constructor recursion depth mismatch").
    """
    gc.collect()
    told: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["left_out"] = session.config.stash.get(_LEFT_OUT, {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was left out, and the command that brings it in."""
    left_out = config.stash.get(_LEFT_OUT, {})
    for need, files in sorted(left_out.items()):
        why, command = (
            ("they need root", "sudo make test")
            if need == "root"
            else (f"the Debian package {need} is missing", f"sudo apt install {need}")
        )
        terminalreporter.section(f"left out, because {why}. Bring them in with: {command}", sep="-")
        for file, n in sorted(Counter(files).items()):
            terminalreporter.write_line(f"  {file}: {n}")


def _is_there(program: str) -> bool:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:{_PLACES}") is not None


def _text_of(module: Path) -> str:
    beside = module.with_name("conftest.py")
    return module.read_text(encoding="utf-8") + (beside.read_text(encoding="utf-8") if beside.exists() else "")
