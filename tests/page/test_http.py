"""The page's routes over real HTTP: what they send, what they refuse, what they weigh."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import psutil
import pytest

from tests.support.home import alert
from tests.support.served_page import Home
from wardgate.faces.wire import PromptHttp
from wardgate.page import PageError, serve

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""As UX writes it."""


def test_the_page_and_its_headers(home: Home) -> None:
    answer = home.get()
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert "2 things need attention" in answer.text
    assert home.get(method="HEAD").body == b""


@pytest.mark.parametrize("days", [7, 14, 30, 90])
def test_each_span(home: Home, days: int) -> None:
    text = home.get(f"/?days={days}").text
    assert re.findall(r'aria-current="page">(\d+) days', text) == [str(days)]
    assert f"Weight, last {days} days" in text


@pytest.mark.parametrize("asked", ["0", "-7", "15", "14.0", "x", "9" * 400, "%00", "<script>"])
def test_an_odd_span_is_the_usual_one(home: Home, asked: str) -> None:
    answer = home.get(f"/?days={asked}")
    assert answer.status == 200
    assert "Weight, last 14 days" in answer.text


def test_assets_are_kept_for_ever_under_the_name_of_their_content(home: Home) -> None:
    addresses = re.findall(r'(?:href|src)="(/assets/[^"]+)"', home.get().text)
    assert len(addresses) == 3
    for address in addresses:
        plain, packed = home.get(address), home.get(address, Accept_Encoding="gzip")
        assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert home.get(address.replace("/assets/", "/assets/0")).status == 404


@pytest.mark.parametrize("path", ["/nothing", "/assets/x/page.css", "/assets/../app.py", "/docs", "/openapi.json"])
def test_there_is_nothing_else(home: Home, path: str) -> None:
    answer = home.get(path)
    assert answer.status == 404
    assert "There is no such page" in answer.text
    assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed_here(home: Home, method: str) -> None:
    assert home.get(method=method).status == 405


@pytest.mark.parametrize("host", ["localhost", "localhost:8077", "127.0.0.1:1", "[::1]:8077", "127.9.9.9"])
def test_loopback_names_are_answered(home: Home, host: str) -> None:
    assert home.get(Host=host).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.7", "0.0.0.0", "", "a:b:c", "["],
)
@pytest.mark.parametrize("path", ["/", "/live", "/nothing"])
def test_a_name_that_was_pointed_here_is_refused(home: Home, path: str, host: str) -> None:
    answer = home.get(path, Host=host)
    assert answer.status == 421
    assert "Amber Heron" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY


def test_other_origins_are_refused(home: Home) -> None:
    here = f"127.0.0.1:{home.port}"
    assert home.get(Origin=f"http://{here}").status == 200
    for origin in ("http://evil.example", "null", f"http://localhost:{home.port}", "http://127.0.0.1:1"):
        assert home.get("/live", Origin=origin).status == 403


def test_weight(home: Home) -> None:
    """UX's budget: HTML at most 60 KB, the first load at most 40 KB compressed in at most 6 requests."""
    page = home.get()
    assert len(page.body) <= 60_000
    for days in (7, 14, 30, 90):
        packed = home.get(f"/?days={days}", Accept_Encoding="gzip")
        addresses = re.findall(r'(?:href|src)="(/assets/[^"]+)"', gzip.decompress(packed.body).decode())
        sizes = [len(home.get(a, Accept_Encoding="gzip").body) for a in addresses]
        assert len(packed.body) + sum(sizes) <= 40_000, days
        assert 1 + len(addresses) + 1 <= 6  # the page, its assets, the live stream


def test_no_health_value_is_in_any_address(home: Home) -> None:
    for address in re.findall(r'(?:href|src|action|data-live)="([^"]+)"', home.get().text):
        assert re.fullmatch(r"#[a-z]+|/\?days=\d+#[a-z-]+|/live\?days=\d+|/assets/[0-9a-f]{16}/[a-z.]+", address), (
            address
        )


def test_a_hub_that_does_not_answer_is_said_with_what_to_do(home: Home) -> None:
    home.silence()
    try:
        answer = home.get("/?days=30")
    finally:
        home.wake()
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert "The hub does not answer" in answer.text
    assert "Is it running?" in answer.text
    assert "What the hub has stored stays stored." in answer.text
    assert 'href="/?days=30"' in answer.text


@contextmanager
def stream(home: Home) -> Iterator[Iterator[tuple[str, str]]]:
    """Events from `/live` as (name, data); comments have the name `:`."""
    connection = http.client.HTTPConnection("127.0.0.1", home.port, timeout=60)
    with closing(connection):
        connection.request("GET", "/live?days=14", headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert "content-encoding" not in answer.headers

        def events() -> Iterator[tuple[str, str]]:
            name, data = "", list[str]()
            while raw := answer.readline():
                line = raw.decode()
                field, _, value = line.rstrip("\n").partition(": ")
                if line.startswith(":"):
                    yield ":", ""
                elif field == "event":
                    name = value
                elif field == "data":
                    data.append(value)
                elif line == "\n" and name:
                    yield name, "\n".join(data)
                    name, data = "", []

        yield events()


def until(events: Iterator[tuple[str, str]], name: str, containing: str = "") -> list[tuple[str, str]]:
    """Everything up to the event that was waited for."""
    seen = []
    for event in events:
        seen.append(event)
        if event[0] == name and containing in event[1]:
            return seen
    raise AssertionError(f"the stream ended before {name}")


def test_the_stream_begins_with_a_comment_and_the_whole_truth(home: Home) -> None:
    with stream(home) as events:
        assert next(events) == (":", "")
        first = until(events, "beat")
        parts = [re.match(r'<\w+ id="([^"]+)"', data) for name, data in first if name == "part"]
        names = [m[1] for m in parts if m]
        assert names[:3] == ["verdict", "alerts", "way"]
        assert {"device-cuff", "hub", "chart-weight", "chart-pulse", "events"} <= set(names)
        assert first[-1] == ("beat", "9:15:12am")


def test_only_what_changed_follows_and_comments_go_on(home: Home) -> None:
    with stream(home) as events:
        until(events, "beat")
        until(events, ":")
        home.change("alerts", open_alerts=(alert(priority="high"),))
        later = until(events, "part", "problem")
        later += until(events, "beat")
        changed = [re.sub(r'(?s)<\w+ id="([^"]+)".*', r"\1", data) for name, data in later if name == "part"]
        assert changed == ["verdict", "alerts"]


def test_a_hub_that_goes_and_comes_back_is_told(home: Home) -> None:
    with stream(home) as events:
        until(events, "beat")
        home.silence()
        try:
            gone = until(events, "away")
        finally:
            home.wake()
        (verdict,) = [data for name, data in gone if name == "part"]
        assert "The hub does not answer" in verdict
        assert "Not known since 9:15am." in verdict
        back = until(events, "beat")
        assert any(name == "part" and "2 things need attention" in data for name, data in back)


def test_a_page_that_cannot_be_drawn_ends_its_stream_and_no_other(home: Home) -> None:
    with stream(home) as events:
        until(events, "beat")
        home.change(hub=msgspec.structs.replace(home.hub.status.hub, timezone="Nowhere/Nothing"))
        assert [name for name, _ in events if name == "part"] == []
    home.change(hub=msgspec.structs.replace(home.hub.status.hub, timezone="Europe/London"))
    with stream(home) as events:
        until(events, "beat")


def test_who_sends_drop_by_drop_is_let_go(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PromptHttp, "head_deadline_s", 0.2)
    with socket.create_connection(("127.0.0.1", home.port), 30) as wire, contextlib.suppress(ConnectionError):
        wire.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert wire.recv(1000) == b""


def test_its_own_process_listens_on_loopback_alone_and_ends_at_once(home: Home) -> None:
    code = (
        "from pathlib import Path; from wardgate.page import serve;"
        f"serve(Path({str(home.hub.path)!r}), 0, lambda address: print(address, flush=True))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        address = process.stdout.readline().strip()
        port = int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)/", address)[1])  # type: ignore[index]
        listening = [c.laddr.ip for c in psutil.Process(process.pid).net_connections() if c.status == "LISTEN"]
        assert listening == ["127.0.0.1"]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/live")
        assert connection.getresponse().readline().startswith(b"retry:")  # a page is open while it is told to stop
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        connection.close()
    finally:
        process.kill()
        process.wait()
    assert process.returncode in (0, -signal.SIGTERM)


def test_the_pages_words_cost_no_web_framework() -> None:
    code = "import sys, wardgate.page.verdict; print([m for m in ('fastapi', 'jinja2', 'uvicorn') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


def test_a_port_that_is_taken_is_said_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PageError, match=r"cannot listen on port \d+: Address already in use.*--port"):
            serve(tmp_path / "none.sock", taken.getsockname()[1])
