"""The broker and the ward that a fleet runs against when none is named, and what processes cost."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wardgate_sim.broker import HOST, free_port

_START_S: Final = 30.0
_SETTINGS: Final = """\
listener {port} {host}
allow_anonymous true
set_tcp_nodelay true
max_connections -1
max_inflight_messages 1000
max_queued_messages 1000000
persistence false
log_dest none
user root
"""


class NoBrokerError(Exception):
    """There is no mosquitto here. The words say what to do."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process has used so far, by /proc."""

    cpu_s: float
    rss_mib: float


def cost(pid: int) -> Cost:
    """Processor time and resident memory of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return Cost(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


class OwnBroker:
    """A mosquitto on loopback that keeps nothing, so that a restart forgets everything."""

    def __init__(self, directory: Path) -> None:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        if program is None:
            raise NoBrokerError("There is no mosquitto. Run: sudo apt-get install mosquitto, or name a --broker.")
        self.port: Final = free_port()
        self._program = program
        self._settings = directory / "mosquitto.conf"
        self._settings.write_text(_SETTINGS.format(port=self.port, host=HOST), encoding="utf-8")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        if self._process is None:
            raise RuntimeError("the broker has not been started")
        return self._process.pid

    async def start(self) -> None:
        """Start it and wait until it takes connections."""
        self._process = await asyncio.create_subprocess_exec(
            *(self._program, "-c", str(self._settings)), stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(_START_S):
            while not await asyncio.to_thread(_answers, self.port):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None


class OwnWard:
    """The reference ward in a process of its own, its database below `directory`."""

    def __init__(self, directory: Path, host: str, port: int) -> None:
        self.database: Final = directory / "ward.db"
        self._words = (
            "ward",
            "--host",
            host,
            "--port",
            str(port),
            "--no-tls",
            "--database",
            str(self.database),
            "--json",
        )
        self._log = directory / "ward.log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        if self._process is None:
            raise RuntimeError("the ward has not been started")
        return self._process.pid

    async def start(self) -> None:
        """Start it. It answers hubs as soon as it is connected."""
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "wardgate", *self._words, stdout=asyncio.subprocess.DEVNULL, stderr=log
            )

    async def stop(self) -> None:
        """End it; what it has committed stays."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0
