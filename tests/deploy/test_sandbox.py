"""What the units forbid does not stop the hub, and what they allow lets nobody else in."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from wardgate.clock import SystemClock
from wardgate.control.protocol import Pong
from wardgate.control.server import ControlServer

PAGE_USER = 54321
HUB_GROUP = 54322

NO_WRITE_AND_EXECUTE = """
import ctypes
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
    raise SystemExit(77)
import mmap
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
except PermissionError:
    pass
else:
    raise SystemExit("the ban does not hold")
import numpy, sqlite3, ssl
import bleak, dbus_fast.aio, msgspec, paho.mqtt.client, serial, uvicorn, fastapi
from wardgate.clock import SystemClock
numpy.linalg.inv(numpy.eye(50) * 3.0)
sqlite3.connect(":memory:").execute("SELECT 1")
ssl.create_default_context()
SystemClock().synchronised()
"""


def test_nothing_needs_writable_and_executable_memory() -> None:
    """`MemoryDenyWriteExecute=` on the kernel's own switch for it."""
    told = subprocess.run([sys.executable, "-c", NO_WRITE_AND_EXECUTE], capture_output=True, text=True, check=False)
    if told.returncode == 77:
        pytest.skip("this kernel is older than 6.3 and has no PR_SET_MDWE")
    assert told.returncode == 0, told.stderr


def test_a_sandbox_that_hides_the_kernels_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under `ProtectClock=` the kernel refuses to tell; then timesyncd's mark counts."""
    monkeypatch.setattr("wardgate.clock._kernel_clock_status", lambda: None)
    monkeypatch.setattr("wardgate.clock._TIMESYNCD_MARK", tmp_path / "synchronized")
    assert not SystemClock().synchronised()
    (tmp_path / "synchronized").touch()
    assert SystemClock().synchronised()


CONNECT = """
import os, socket, sys
user, groups, path = int(sys.argv[1]), [int(g) for g in sys.argv[2].split(",")], sys.argv[3]
os.setgroups(groups)
os.setgid(user)
os.setuid(user)
socket.socket(socket.AF_UNIX).connect(path)
"""


def give_to_group(folder: Path) -> None:
    """With the group bit the socket gets the directory's group, as in the service it gets the hub's own."""
    os.chown(folder, 0, HUB_GROUP)
    folder.chmod(0o2750)


@pytest.fixture
async def socket() -> AsyncIterator[Path]:
    """A hub's control socket in a directory as `RuntimeDirectoryMode=0750` makes it."""

    async def ping(_: dict[str, object]) -> Pong:
        return Pong(hub="h", version="1")

    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        run = Path(folder)
        give_to_group(run)
        server = ControlServer(run / "control.sock", {"ping": ping})
        await server.start()
        yield run / "control.sock"
        await server.stop()


@pytest.mark.root
@pytest.mark.parametrize(("group", "let_in"), [(HUB_GROUP, True), (PAGE_USER, False)])
async def test_the_page_reaches_the_hub_through_its_group(socket: Path, group: int, let_in: bool) -> None:
    words = [sys.executable, "-c", CONNECT, str(PAGE_USER), str(group), str(socket)]
    told = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=False)
    assert (told.returncode == 0) is let_in, told.stderr
    if not let_in:
        assert "PermissionError" in told.stderr
