"""What the units forbid does not stop the hub, and what they allow lets nobody else in."""

from __future__ import annotations

import asyncio
import os
import socket as socketlib
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.mosquitto import Mosquitto
from tests.support.sandbox import filtered
from wardgate.clock import SystemClock
from wardgate.control.protocol import Pong
from wardgate.control.server import ControlServer

HUB = Path("deploy/systemd/wardgate.service")
PAGE = Path("deploy/systemd/wardgate-page.service")
PAGE_USER = 54321
HUB_GROUP = 54322

CONFIG = """
[hub]
id = "sandboxed"
patient = "Copper Heron 93"
assignment = "a-1"
data_dir = "{folder}/data"
control_socket = "{folder}/control.sock"
[broker]
host = "127.0.0.1"
port = {port}
tls = false
"""

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


SERVE = """
import sys
from pathlib import Path
from wardgate.page import serve
serve(Path(sys.argv[1]), 0, lambda address: print(address, flush=True))
"""

REFUSED = """
import os
from wardgate import clock
assert clock._kernel_clock_status() is None
try:
    os.sched_setaffinity(0, {0})
except PermissionError:
    pass
else:
    raise SystemExit("the filter does not hold")
"""


def test_a_sandbox_that_hides_the_kernels_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under `ProtectClock=` the kernel refuses to tell; then timesyncd's mark counts."""
    told = subprocess.run(filtered(HUB, sys.executable, "-c", REFUSED), capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    monkeypatch.setattr("wardgate.clock._kernel_clock_status", lambda: None)
    monkeypatch.setattr("wardgate.clock._TIMESYNCD_MARK", tmp_path / "synchronized")
    assert not SystemClock().synchronised()
    (tmp_path / "synchronized").touch()
    assert SystemClock().synchronised()


def test_hub_and_page_run_under_the_units_filters(tmp_path: Path) -> None:
    """From the start to a state at the broker, and to a page that shows the hub."""
    broker = Mosquitto(tmp_path / "mosquitto")
    broker.start()
    config = tmp_path / "wardgate.toml"
    config.write_text(CONFIG.format(folder=tmp_path, port=broker.port), encoding="utf-8")
    notices = socketlib.socket(socketlib.AF_UNIX, socketlib.SOCK_DGRAM)
    notices.bind(str(tmp_path / "notify"))
    notices.settimeout(90)
    words = ["-m", "wardgate", "run", "--config", str(config)]
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1000000"}
    hub = subprocess.Popen(filtered(HUB, sys.executable, *words), env=environment, stderr=subprocess.PIPE, text=True)
    page_words = ["-c", SERVE, str(tmp_path / "control.sock")]
    page = subprocess.Popen(filtered(PAGE, sys.executable, *page_words), stdout=subprocess.PIPE, text=True)
    try:
        while b"WATCHDOG=1" not in notices.recv(4096):
            pass  # READY=1 comes before it
        assert page.stdout
        with urlopen(page.stdout.readline().strip(), timeout=60) as answer:
            assert "Copper Heron 93" in answer.read().decode()
        assert "as sandboxed" in broker.log()
    finally:
        for process in (hub, page):
            process.terminate()
            process.wait(60)
        notices.close()
        broker.stop()
    assert hub.stderr
    log = hub.stderr.read()
    assert "Traceback" not in log
    assert "Operation not permitted" not in log


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
