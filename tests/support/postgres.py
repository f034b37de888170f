"""A private PostgreSQL server for tests: Debian's programs, a directory of its own, a socket and a port of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.support.mosquitto import HOST, free_port

PROGRAMS: Final = Path("/usr/lib/postgresql/15/bin")
_SETTINGS: Final = """
listen_addresses = '127.0.0.1'
shared_buffers = 16MB
max_connections = 40
autovacuum = off
"""
"""Durability is PostgreSQL's own: fsync and synchronous_commit are on."""


class Postgres:
    """One cluster. It may be stopped, killed and started again on the same port."""

    def __init__(self) -> None:
        if not (PROGRAMS / "initdb").exists():
            raise RuntimeError("PostgreSQL is missing. Run: sudo apt-get install postgresql-15")
        # Not below pytest's directory: user postgres may not go there, and the socket's path would be too long.
        self._directory = Path(tempfile.mkdtemp(prefix="wardgate-pg-", dir="/tmp"))
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self._directory, "postgres", "postgres")
        self.port = free_port()
        self._data = self._directory / "data"
        self._run("initdb", "-D", str(self._data), "-U", "ward", "-A", "trust", "--no-sync", "-E", "UTF8")
        more = f"{_SETTINGS}port = {self.port}\nunix_socket_directories = '{self._directory}'\n"
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(more)

    def start(self) -> None:
        """Start, and wait until it answers."""
        log = str(self._directory / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-t", "180", "-l", log, "start")

    def kill(self) -> None:
        """End it without a checkpoint, as a crash would; it recovers at the next start."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")

    def remove(self) -> None:
        """End it and take its directory away."""
        if (self._data / "postmaster.pid").exists():
            self.kill()
        shutil.rmtree(self._directory, ignore_errors=True)

    def database(self, name: str) -> str:
        """Make a database. Its URL."""
        self._run("createdb", "-h", HOST, "-p", str(self.port), "-U", "ward", name)
        return f"postgresql://ward@{HOST}:{self.port}/{name}"

    def _run(self, program: str, *words: str) -> None:
        command = [str(PROGRAMS / program), *words]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", *command]
        done = subprocess.run(
            command, cwd="/", env={**os.environ, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")
