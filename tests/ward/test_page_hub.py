"""From the nurse's page to a real hub and back: what is pressed there, the running ward delivers."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.living import LivingHome
from tests.support.mosquitto import Mosquitto
from tests.support.programs import Program
from tests.support.ward_page import WardPage
from wardgate.cli import ward as ward_command
from wardgate.contract.messages import Alert
from wardgate.deliver import Sender
from wardgate.ward import Ward, accounts
from wardgate.ward.store import WardStore

PATIENCE_S = 90.0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    one = Mosquitto(tmp_path / "broker")
    one.start()
    yield one
    one.stop()


@pytest.fixture
def page(where: Path | str) -> Iterator[WardPage]:
    """The page is a process of its own: here a thread with its own connections to the same database."""
    served = WardPage(where)
    served.start()
    try:
        yield served
    finally:
        served.stop()


async def test_a_press_on_the_page_reaches_the_hub(
    broker: Mosquitto, page: WardPage, where: Path | str, tmp_path: Path
) -> None:
    home = LivingHome(tmp_path / "hub.db")
    await home.watcher.start()
    arrived: asyncio.Queue[Alert] = asyncio.Queue()
    ward = Ward(broker.settings(), where, lambda m: arrived.put_nowait(m) if isinstance(m, Alert) else 0)
    sender = Sender(
        broker.settings(),
        "hub-1",
        home.store,
        home.clock,
        lambda _: None,
        version="1",
        on_seen=home.life.acknowledge,
    )
    tasks = [asyncio.create_task(ward.run())]
    try:
        async with asyncio.timeout(PATIENCE_S):
            await ward.connected.wait()  # from here on it hears what the hub says
            tasks += [asyncio.create_task(work) for work in (sender.run(), home.life.run())]
            await home.take_low(90)
            raised = await arrived.get()
            await asyncio.to_thread(page.account, "doctor-b", "doctor")
            token = await asyncio.to_thread(page.session, "doctor-b")
            address = f"/alerts/hub-1/{raised.id}"
            answer = await asyncio.to_thread(page.post, f"{address}/seen", token, revision="1", note="Rung Mr Smith")
            assert answer.status == 303
            seen = await arrived.get()
            assert (seen.state, seen.acknowledged_by, seen.acknowledged_revision) == ("acknowledged", "doctor", 1)
            assert home.store.open_alerts()[0].acknowledged_by == "doctor"
            html = (await asyncio.to_thread(page.get, address, token)).text
            assert "Seen by you at" in html
            assert "The hub has not answered yet" not in html
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await home.store.close()
    assert b"Smith" not in (tmp_path / "hub.db").read_bytes()


async def test_the_command_serves_ends_its_open_pages_and_stops(where: Path | str, tmp_path: Path) -> None:
    store = WardStore(where)
    await store.database.run(lambda tx: accounts.add(tx, "nurse-a", "nurse", "kept", datetime.now(UTC)))
    token = await store.database.run(lambda tx: accounts.begin(tx, "nurse-a", "kept", datetime.now(UTC)))
    await store.close()
    page = Program(tmp_path / "log", "ward", "page", "--database", str(where), "--port", "0")
    await page.start()
    try:
        await page.says("http://127.0.0.1:")
        port = int(page.said().rstrip("/\n").rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(PATIENCE_S):
            asked = f"GET /live?have= HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: wardgate-ward={token}\r\n\r\n"
            writer.write(asked.encode())
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            await reader.readuntil(b"event: beat")
            assert await page.stop() == -signal.SIGTERM  # uvicorn ends itself by it once all is closed
            await reader.read()  # the open page was told, and did not hold the process up
        writer.close()
    finally:
        await page.kill()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--listen", "0.0.0.0"), "needs TLS"),
        (("--address", "http://ward.example"), "--address is like"),
        (("--cert", "x.pem"), "both"),
        (("--timezone", "Mars/Base"), "no time zone"),
        (("--database", "none.db"), "no ward's database"),
    ],
)
def test_what_would_not_be_safe_is_refused_with_a_sentence(
    words: tuple[str, ...], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "ward.db"
    database.touch()
    assert ward_command.main(["page", "--database", str(database), *words]) == 1
    assert says in capsys.readouterr().err
