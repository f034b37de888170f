"""The shape of the repository itself."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from wardgate.cli.devices_supported import read_vectors, supported

ROOT = Path(__file__).resolve().parents[2]


def test_the_standard_librarys_signal_stays_the_standard_librarys() -> None:
    """A package `signal/__init__.py` at the top would shadow it, and asyncio with it."""
    assert not (ROOT / "signal" / "__init__.py").exists()
    code = "import signal, asyncio, sysconfig; print(signal.__file__.startswith(sysconfig.get_path('stdlib')))"
    for isolation in ([], ["-P"]):
        result = subprocess.run(
            [sys.executable, *isolation, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert result.stdout == "True\n"


@pytest.mark.parametrize("name", ["gateway", "drivers", "signal", "firmware_sim", "deploy", "tests"])
def test_the_required_rooms_stand_at_the_top(name: str) -> None:
    assert (ROOT / name).is_dir()


def test_a_wheel_holds_the_four_packages_and_their_data(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in names if not name.split("/")[0].endswith(".dist-info")} == {
        "wardgate",
        "wardgate_drivers",
        "wardgate_signal",
        "wardgate_sim",
    }
    for package in ("wardgate", "wardgate_drivers", "wardgate_signal", "wardgate_sim"):
        assert f"{package}/py.typed" in names
    data = [
        path
        for root in ("gateway", "firmware_sim")
        for path in (ROOT / root).rglob("*")
        if path.suffix in {".css", ".js", ".html", ".svg", ".toml"} and "wardgate" in path.relative_to(ROOT).parts[1]
    ]
    assert data
    for path in data:
        assert "/".join(path.relative_to(ROOT).parts[1:]) in names


def test_every_locked_dependency_of_the_hub_is_pinned_by_hash() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = [line.split("==")[0].split("[")[0] for line in lock.splitlines() if "==" in line and line[0].isalpha()]
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert {re.split("[<>=~!]", name)[0] for name in wanted} <= set(pins)
    assert lock.count("--hash=sha256:") >= len(pins)


def test_the_core_never_imports_the_pages_framework() -> None:
    """FastAPI costs tens of megabytes that the hub's process must not carry."""
    code = "import sys, wardgate.hub; print(sorted({'fastapi', 'starlette', 'uvicorn', 'pydantic'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_the_page_of_supported_devices_is_what_the_catalogue_says() -> None:
    assert (ROOT / "SUPPORTED.md").read_text(encoding="utf-8") == supported(read_vectors(ROOT / "tests" / "vectors")), (
        "run: make supported"
    )
