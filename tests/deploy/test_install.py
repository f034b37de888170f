"""The install script, run for real into a directory of its own."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(600)  # all that a hub needs is installed
EXAMPLE = Path("deploy/wardgate.example.toml")
FOLDERS = ("deploy", "docs", "gateway", "drivers", "signal", "firmware_sim")
FILES = ("pyproject.toml", "requirements.lock", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, which nobody edits while the tests run."""
    project = tmp_path_factory.mktemp("project")
    for folder in FOLDERS:
        shutil.copytree(folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        shutil.copy(file, project)
    return project


def install(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([project / "deploy/install.sh", *words], capture_output=True, text=True, check=False)


def snapshot(root: Path) -> dict[str, tuple[int, int, int]]:
    """Every file that is not Python's own cache: mode, group, and when it was last written."""
    files = (p for p in root.rglob("*") if p.is_symlink() or not p.is_dir())
    return {
        str(file.relative_to(root)): (status.st_mode, status.st_gid, status.st_mtime_ns)
        for file in files
        if "__pycache__" not in file.parts and (status := file.lstat())
    }


@pytest.fixture(scope="module")
def root(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    done = install(project, "--root", str(root))
    assert done.returncode == 0, done.stderr
    return root


def names(root: Path, file: str) -> dict[str, list[str]]:
    lines = (root / "etc" / file).read_text(encoding="utf-8").splitlines()
    return {line.split(":")[0]: line.split(":") for line in lines}


@pytest.mark.root
@pytest.mark.slow
def test_a_second_run_changes_nothing(project: Path, root: Path) -> None:
    before = snapshot(root)
    done = install(project, "--root", str(root))
    assert done.returncode == 0, done.stderr
    assert snapshot(root) == before


@pytest.mark.root
@pytest.mark.slow
def test_a_configuration_is_never_touched(project: Path, root: Path) -> None:
    mine = root / "etc/wardgate/wardgate.toml"
    mine.write_text("# mine\n", encoding="utf-8")
    assert install(project, "--root", str(root)).returncode == 0
    assert mine.read_text(encoding="utf-8") == "# mine\n"
    shutil.copyfile(EXAMPLE, mine)


@pytest.mark.root
@pytest.mark.slow
def test_the_installed_program_accepts_the_installed_example(root: Path) -> None:
    program = root / "opt/wardgate/bin/wardgate"
    told = subprocess.run(
        [program, "config", "check", "--config", root / "etc/wardgate/wardgate.toml"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": os.environ["PATH"]},
    )
    assert told.returncode == 0, told.stderr


@pytest.mark.root
@pytest.mark.slow
def test_systemd_accepts_what_was_installed(root: Path) -> None:
    # The units that ours refer to have to be there, too.
    shutil.copytree("/lib/systemd/system", root / "lib/systemd/system", symlinks=True, dirs_exist_ok=True)
    for unit in ("wardgate.service", "wardgate-page.service", "wardgate-page.path", "wardgate-radio-helper.path"):
        told = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", f"--root={root}", unit],
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        assert "wardgate" not in told.stderr
    wanted = root / "etc/systemd/system/multi-user.target.wants"
    assert (wanted / "wardgate.service").is_symlink()
    assert (wanted / "wardgate-radio-helper.path").is_symlink()
    assert (wanted / "wardgate-page.path").is_symlink()
    assert not (wanted / "wardgate-page.service").is_symlink()


@pytest.mark.root
@pytest.mark.slow
def test_users_and_modes(root: Path) -> None:
    groups = names(root, "group")
    hub_group = int(groups["wardgate"][2])
    assert "wardgate" in groups["dialout"][3]
    assert groups["wardgate"][3] == "wardgate-page"
    assert names(root, "passwd")["wardgate"][6] == "/usr/sbin/nologin"
    folder, file = (root / "etc/wardgate").stat(), (root / "etc/wardgate/wardgate.toml").stat()
    assert (stat.S_IMODE(folder.st_mode), folder.st_gid) == (0o750, hub_group)
    assert (stat.S_IMODE(file.st_mode), file.st_gid) == (0o640, hub_group)


def test_a_dry_run_changes_nothing(project: Path, tmp_path: Path) -> None:
    done = install(project, "--root", str(tmp_path / "there"), "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "would run: " in done.stdout
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (("--help",), 0, "usage: sudo deploy/install.sh"),
        (("--bogus",), 2, "usage: sudo deploy/install.sh"),
        (("--wheel", "/no/such.whl", "--dry-run"), 1, "There is no file /no/such.whl."),
    ],
)
def test_wrong_use_is_told(project: Path, words: tuple[str, ...], status: int, sentence: str) -> None:
    done = install(project, *words)
    assert done.returncode == status
    assert sentence in done.stdout + done.stderr
