"""The technician's door over real TLS: who is let in, what is refused, and that nothing is done then."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cryptography import x509

from tests.support.served_setup import Phone, ServedSetup, hidden, unchecked
from tests.support.setup_hub import CLAIM, CODE, installation
from wardgate.control.client import HubAway
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Window
from wardgate.faces.wire import PromptHttp
from wardgate.page.setup.certificate import own_pair
from wardgate.page.setup.guard import BODY_DEADLINE_S, Guard
from wardgate.page.setup.hub import Hub

T = TypeVar("T")
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""As UX writes it."""
STEPS = ("/setup/check", "/setup/patient", "/setup/patient/digits", "/setup/devices", "/setup/finish")


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSetup]:
    home = ServedSetup(tmp_path_factory.mktemp("setup"))
    home.start()
    yield home
    home.stop()


@pytest.fixture
def served(_served: ServedSetup) -> ServedSetup:
    """A hub out of its box; every test finds it so."""
    _served.begin_anew(installation("factory"))
    return _served


@pytest.fixture
def phone(served: ServedSetup) -> Phone:
    """A technician's, signed in."""
    return served.signed_in()


def acted(served: ServedSetup) -> set[str]:
    """Methods that change a hub and were asked for."""
    looks = {"installation", "window", "sign_in", "patients", "choose", "note_audit"}
    return {name for name, _ in served.hub.asked} - looks


# Certificate


def test_the_certificate_is_the_hubs_own_and_stays(tmp_path: Path) -> None:
    pair = own_pair(tmp_path, ["kitchen-7.local", "192.168.1.7"])
    made = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    der = ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())
    assert pair.fingerprint == hashlib.sha256(der).hexdigest()
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["kitchen-7.local"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["192.168.1.7"]
    assert stat.S_IMODE(pair.key.stat().st_mode) == 0o600
    assert own_pair(tmp_path, ["another.local"]) == pair


@pytest.mark.parametrize("harm", ["key gone", "key open", "halves of two", "cut short"])
def test_a_pair_that_cannot_be_used_is_made_anew(tmp_path: Path, harm: str) -> None:
    pair = own_pair(tmp_path / "a", ["h"])
    if harm == "key gone":
        pair.key.unlink()
    elif harm == "key open":
        pair.key.chmod(0o644)
    elif harm == "halves of two":
        pair.key.write_bytes(own_pair(tmp_path / "b", ["h"]).key.read_bytes())
    else:
        pair.certificate.write_bytes(pair.certificate.read_bytes()[:200])
    anew = own_pair(tmp_path / "a", ["h"])
    assert anew.fingerprint != pair.fingerprint
    assert stat.S_IMODE(anew.key.stat().st_mode) == 0o600
    anew.context()


def test_what_the_browser_gets_is_what_the_label_says(served: ServedSetup) -> None:
    with (
        socket.create_connection(("127.0.0.1", served.port), 60) as plain,
        unchecked().wrap_socket(plain, server_hostname="kitchen-7.local") as tls,
    ):
        assert hashlib.sha256(tls.getpeercert(binary_form=True) or b"").hexdigest() == served.door.fingerprint
        assert tls.version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
def test_old_tls_is_not_spoken(served: ServedSetup) -> None:
    context = unchecked()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", served.port), 60) as plain, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(plain)


# What everybody gets


@pytest.mark.parametrize("path", ["/", "/guide", "/nothing", "/setup/check"])
def test_every_answer_has_the_headers(served: ServedSetup, phone: Phone, path: str) -> None:
    for answer in (phone.ask(path), served.phone().ask(path), phone.ask(path, Host="evil.example")):
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers
        assert "server" not in answer.headers
        assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("path", [*STEPS, "/live", "/live/check", "/live/patient"])
def test_nothing_is_shown_to_who_is_not_signed_in(served: ServedSetup, path: str) -> None:
    served.set(installation("assigned"))
    answer = served.phone().ask(path)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    start = served.phone().ask("/").text
    assert "Setup code" in start
    assert "Copper Heron" not in start + answer.text
    assert "kitchen-7" not in start + answer.text


@pytest.mark.parametrize("path", [*STEPS, "/sign-out", "/take-over", "/keep-open"])
def test_nothing_is_done_for_who_is_not_signed_in(served: ServedSetup, path: str) -> None:
    answer = served.phone().post(path, {"act": "claim", "csrf": "x", "key": "y", "revision": "1"})
    assert answer.status == 401
    assert acted(served) == set()


# Where it comes from


@pytest.mark.parametrize(
    "host",
    ["evil.example", "kitchen-7.local.evil.example", "192.168.1.7", "127.0.0.1", "kitchen-7.local", "", "[", "a:b:c",
     "127.0.0.1:1", "kitchen-7.local:443", "kitchen-7.local:8443x", "kitchen-7.local@evil.example"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/setup/check", "/live"])
def test_a_name_that_was_pointed_here_is_refused(phone: Phone, path: str, host: str) -> None:
    answer = phone.ask(path, Host=host)
    assert answer.status in (400, 421)
    assert "Setup code" not in answer.text
    assert "Check the hub" not in answer.text


@pytest.mark.parametrize("host", ["kitchen-7.local:{}", "KITCHEN-7.local.:{}", "127.0.0.1:{}"])
def test_its_own_names_are_answered(served: ServedSetup, phone: Phone, host: str) -> None:
    assert phone.ask("/", Host=host.format(served.port)).status == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": None}, {"Origin": "http://127.0.0.1:{}"},
     {"Origin": "https://127.0.0.1:1"}, {"Origin": "https://kitchen-7.local:{}"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}],
    ids=str,
)  # fmt: skip
def test_a_form_from_elsewhere_does_nothing(served: ServedSetup, phone: Phone, headers: dict[str, str | None]) -> None:
    form = phone.form("/setup/check", "again")
    sent = {k: v.format(served.port) if v else v for k, v in headers.items()}
    answer = phone.post("/setup/check", form, **sent)
    assert answer.status == 403
    assert "Nothing was changed." not in answer.headers.get("location", "")
    assert acted(served) == set()
    assert phone.post("/setup/check", form).status == 303


def test_another_sites_script_gets_no_stream(phone: Phone) -> None:
    assert phone.ask("/live", Origin="https://evil.example").status == 403


@pytest.mark.parametrize("csrf", ["", "x" * 43, "ü", None])
def test_a_form_without_this_sessions_token_does_nothing(served: ServedSetup, phone: Phone, csrf: str | None) -> None:
    form = phone.form("/setup/check", "again")
    form.pop("csrf")
    answer = phone.post("/setup/check", form if csrf is None else {**form, "csrf": csrf})
    assert answer.status == 403
    assert acted(served) == set()


def test_another_sessions_token_does_nothing(served: ServedSetup) -> None:
    first = served.signed_in()
    theirs = hidden(first.ask("/setup/check").text, "again")
    second = served.phone("Other/1.0")
    second.sign_in()
    second.post("/take-over", hidden(second.ask("/").text, "take-over"))
    assert second.post("/setup/check", theirs).status == 403
    assert acted(served) == set()


# What cannot be taken


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"])
def test_other_methods_are_not_known(phone: Phone, method: str) -> None:
    assert phone.ask("/" if method != "CONNECT" else "/setup/check", method).status in (400, 405)


def test_a_large_form_is_not_read(served: ServedSetup, phone: Phone) -> None:
    form = {**phone.form("/setup/check", "claim"), "code": "x" * 65_600}
    assert phone.post("/setup/check", form).status == 413
    assert acted(served) == set()


def test_a_body_that_hides_its_length_is_counted(served: ServedSetup, phone: Phone) -> None:
    chunk = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
    answer = phone.ask("/setup/check", "POST", chunk * 5 + b"0\r\n\r\n", Transfer_Encoding="chunked")
    assert answer.status == 413
    assert acted(served) == set()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded", 400),
        (b"no equals sign", "application/x-www-form-urlencoded", 400),
        (b"a=1&a=2", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"f%d=1" % n for n in range(100)), "application/x-www-form-urlencoded", 400),
        (b"code=%00%01", "application/x-www-form-urlencoded", 400),
        (b"code=" + b"9" * 300, "application/x-www-form-urlencoded", 400),
        (b'{"code": 1}', "application/json", 415),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x", 415),
        (b"code=1", "", 415),
    ],
)
def test_what_is_no_form_of_ours_is_said(
    served: ServedSetup, phone: Phone, body: bytes, kind: str, status: int
) -> None:
    for path in ("/sign-in", "/setup/check"):
        answer = phone.ask(path, "POST", body, Content_Type=kind)
        assert answer.status == status, path
        assert "guide" in answer.text
    assert acted(served) == set()


@pytest.mark.parametrize("revision", ["", "-1", "x", "9" * 40, "1.0", "¹"])
def test_a_state_that_is_none_is_refused(served: ServedSetup, phone: Phone, revision: str) -> None:
    form = {**phone.form("/setup/check", "again"), "revision": revision}
    assert phone.post("/setup/check", form).status == 400
    assert acted(served) == set()


@pytest.mark.parametrize(
    "path",
    ["/setup/nothing", "/setup/check/x", "/setup/patient/" + "x" * 500, "/setup/%2e%2e/%2e%2e/etc/passwd",
     "/assets/../app.py", "/assets/0/page.css", "/docs", "/openapi.json", "/live/nothing", "/setup/check%00"],
)  # fmt: skip
def test_there_is_nothing_else(phone: Phone, path: str) -> None:
    answer = phone.ask(path)
    assert answer.status in (303, 404) or "event-stream" in answer.headers["content-type"]


@pytest.mark.parametrize("act", ["", "nothing", "__class__", "release", "assign"])
def test_an_act_that_is_not_on_the_page_is_not_done(served: ServedSetup, phone: Phone, act: str) -> None:
    form = {**phone.form("/setup/check", "again"), "act": act}
    assert phone.post("/setup/check", form).status == 404
    assert acted(served) == set()


def test_who_sends_drop_by_drop_is_let_go(served: ServedSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PromptHttp, "head_deadline_s", 0.2)
    with (
        socket.create_connection(("127.0.0.1", served.port), 60) as plain,
        unchecked().wrap_socket(plain) as tls,
        contextlib.suppress(OSError),
    ):
        tls.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert tls.recv(1) == b""


def test_a_body_that_does_not_come_is_not_waited_for(
    served: ServedSetup, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BODY_DEADLINE_S <= 10
    monkeypatch.setattr(Guard, "body_deadline_s", 0.2)
    answer = phone.ask("/sign-in", "POST", b"", Content_Length="50")
    assert answer.status == 408


@pytest.mark.parametrize("head", [b"GET / HTTP/9\r\n\r\n", b"\x00\xff\r\n\r\n", b"GET /\r\n\r\n", b"X" * 40_000])
def test_what_is_no_http_gets_a_short_no(served: ServedSetup, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port), 60) as plain, unchecked().wrap_socket(plain) as tls:
        tls.sendall(head)
        assert tls.recv(100).startswith(b"HTTP/1.1 400")


# The window


def test_when_the_window_closes_only_that_is_said(served: ServedSetup, phone: Phone) -> None:
    form = phone.form("/setup/check", "again")
    served.change(window=Window(open=False))
    looked, sent = phone.ask("/"), phone.post("/setup/check", form)
    assert (looked.status, sent.status) == (403, 401)
    assert "These pages are closed." in looked.text
    assert acted(served) == set()
    served.change(window=Window(open=True, left_s=1800.0))
    assert "Setup code" in phone.ask("/").text, "the visit ended with the window"


def test_secrets_stand_in_no_address_and_no_page(served: ServedSetup, phone: Phone) -> None:
    served.hub.refuse["claim"] = ControlError("ward-away", "The ward does not answer.", "Try again.")
    pages = [phone.ask(path) for path in ("/", "/setup/check")]
    pages.append(served.phone().sign_in("7777-8888"))
    text = "".join(a.text + str(a.headers) for a in pages)
    for secret in (CODE, "7777-8888", CLAIM, phone.cookie.partition("=")[2]):
        assert secret not in text


def test_the_code_is_in_no_log(served: ServedSetup, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        served.signed_in()
        served.phone().sign_in("7777-8888")
    assert CODE not in caplog.text
    assert "7777-8888" not in caplog.text


def test_a_hub_that_stays_away_is_said(served: ServedSetup, phone: Phone) -> None:
    served.silence()
    try:
        away = phone.ask("/setup/check")
    finally:
        served.wake()
    assert away.status == 503
    assert "The hub does not answer" in away.text
    assert phone.ask("/setup/check").status == 200


def test_a_hub_that_is_away_for_a_moment_is_asked_again(served: ServedSetup) -> None:
    class Waking(Hub):
        asked = 0

        async def ask_once(self, method: str, to: type[T], **params: Any) -> T:
            self.asked += 1
            if self.asked < 3:
                raise HubAway(self.socket, "it starts anew")
            return await super().ask_once(method, to, **params)

    hub = Waking(served.hub.path)
    assert asyncio.run(hub.installation()).stage == "factory"
    assert hub.asked == 3
