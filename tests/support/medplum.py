"""Medplum's FHIR router as a server on this machine: FHIR R4 as somebody else has read it. For tests only.

It is fetched by npm once, into a cache, in the versions and with the checksums of `medplum_server/package-lock.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest

Json = dict[str, Any]
_OURS: Final = Path(__file__).with_name("medplum_server")
_CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wardgate-tests"


class Medplum:
    """It keeps resources in memory, and takes no more than 8 in a transaction of conditional creates."""

    def __init__(self) -> None:
        where = os.environ | {"NODE_PATH": str(_modules())}
        self._process = subprocess.Popen(
            ["node", str(_OURS / "server.cjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=where
        )
        ready, _, port = self._said().partition(" ")
        assert ready == "ready", "the server's own words are above"
        self._port = int(port)
        self.url = f"http://127.0.0.1:{port}/fhir/R4"

    def close(self) -> None:
        self._process.communicate()

    def tell(self, line: str) -> None:
        """One of the orders that `server.cjs` knows."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        assert self._said() == "done"

    def wait_until_held(self) -> None:
        """After the order "hold": a request was done, and its answer is kept back."""
        assert self._said() == "held"

    def _said(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def search(self, kind: str, *wanted: tuple[str, str]) -> list[Json]:
        """What the server finds."""
        connection = HTTPConnection("127.0.0.1", self._port)
        try:
            connection.request("GET", f"/fhir/R4/{kind}?{urlencode([*wanted, ('_count', '1000')])}")
            answer = connection.getresponse()
            found = json.load(answer)
        finally:
            connection.close()
        assert answer.status == 200, found
        return [entry["resource"] for entry in found.get("entry", [])]

    def by_identifier(self, of: Json) -> list[Json]:
        """What has the first identifier of this resource."""
        own = of["identifier"][0]
        return self.search(of["resourceType"], ("identifier", f"{own['system']}|{own['value']}"))


def _modules() -> Path:
    lock = hashlib.sha256((_OURS / "package-lock.json").read_bytes()).hexdigest()[:16]
    place = _CACHE / f"medplum-{lock}"
    if not place.exists():
        _fetch(place)
    return place / "node_modules"


def _fetch(place: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail("The other FHIR server is fetched by npm: apt install npm", pytrace=False)
    _CACHE.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=_CACHE))
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_OURS / name, beside)
    words = [npm, "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(words, cwd=beside, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"npm could not fetch the other FHIR server, which this test needs:\n{done.stderr}", pytrace=False)
    try:
        beside.rename(place)
    except OSError:  # another process was faster
        if not place.exists():
            raise
        shutil.rmtree(beside)
