"""The nurse's page from outside: who gets in, what is refused, what is written, and that charts say what is stored."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest
from starlette.types import Message

from tests.support.certificates import Certificates
from tests.support.ward_page import HUB, LONDON, PASSWORD, WardPage, recent, weight_gain
from wardgate.contract.messages import State
from wardgate.faces.scale import Scale
from wardgate.faces.wire import PromptHttp
from wardgate.ward import audit
from wardgate.ward.page import PageError
from wardgate.ward.page.app import create_app
from wardgate.ward.page.guard import LARGEST
from wardgate.ward.page.server import Place
from wardgate.ward.referrals import Referral

SEEN = f"/alerts/{HUB}/alert-1/seen"


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WardPage]:
    served = WardPage(tmp_path_factory.mktemp("ward") / "ward.db")
    served.start()
    try:
        served.account("nurse-a")
        served.account("doctor-b", "doctor")
        served.take(*recent())
        yield served
    finally:
        served.stop()


@pytest.fixture
def ward(_served: WardPage) -> WardPage:
    """One alert is open, and a ward listens."""
    _served.forget()
    _served.take(weight_gain())
    _served.listening()
    return _served


def seen(ward: WardPage) -> int:
    return len(ward.do(lambda tx: tx.rows("SELECT * FROM seen")))


def test_nobody_is_shown_anything_before_signing_in(ward: WardPage) -> None:
    for path in ("/", "/hubs", f"/hubs/{HUB}", f"/alerts/{HUB}/alert-1", SEEN):
        answer = ward.get(path)
        assert (answer.status, answer.body) == (303, b"")
        assert answer.headers["location"].startswith("/sign-in?next=/")
    assert ward.get("/live?have=").status == 401
    assert ward.post(SEEN, revision="1").status == 303
    assert seen(ward) == 0


def test_signing_in_gives_a_strict_cookie_and_leads_back(ward: WardPage) -> None:
    answer = ward.post("/sign-in", name="nurse-a", password=PASSWORD, next=f"/alerts/{HUB}/alert-1")
    assert (answer.status, answer.headers["location"]) == (303, f"/alerts/{HUB}/alert-1")
    cookie = answer.headers["set-cookie"]
    assert re.search(r"HttpOnly.*SameSite=strict", cookie)
    token = re.match(r"wardgate-ward=([\w-]+);", cookie)
    assert token
    assert ward.get("/", token[1]).status == 200
    assert ward.post("/sign-out", token[1]).status == 303
    assert ward.get("/", token[1]).status == 303


@pytest.mark.parametrize(
    "going_to", ["//evil.example", "https://evil.example", "/\\evil.example", "/sign-out", "/../x"]
)
def test_signing_in_leads_nowhere_else(ward: WardPage, going_to: str) -> None:
    answer = ward.post("/sign-in", name="nurse-a", password=PASSWORD, next=going_to)
    assert (answer.status, answer.headers["location"]) == (303, "/")


def test_a_wrong_password_is_counted_and_then_nothing_is_looked_at(ward: WardPage) -> None:
    said = [ward.post("/sign-in", name="nurse-a", password=f"wrong {n}") for n in range(5)]
    assert [a.status for a in said] == [403] * 5
    assert "4 tries left." in said[0].text
    assert "wrong 0" not in said[0].text
    right = ward.post("/sign-in", name="nurse-a", password=PASSWORD)
    assert (right.status, right.headers["retry-after"]) == (429, right.headers["retry-after"])
    assert "Too many tries. Wait 1 minute." in right.text
    assert "set-cookie" not in right.headers
    assert ward.post("/sign-in", name="doctor-b", password=PASSWORD).status == 303, "others are not kept out by it"


class Browser:
    """Signs in, and keeps the cookie by which it is known."""

    def __init__(self, ward: WardPage, cookie: str = "") -> None:
        self._ward, self.cookie = ward, cookie

    def sign_in(self, name: str, password: str = PASSWORD) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self._ward.port, timeout=30)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": self._ward.address,
            "Cookie": f"wardgate-ward-browser={self.cookie}",
        }
        with contextlib.closing(connection):
            connection.request("POST", "/sign-in", urlencode({"name": name, "password": password}), headers)
            answer = connection.getresponse()
            for said in answer.headers.get_all("Set-Cookie") or ():
                if found := re.fullmatch(r"wardgate-ward-browser=([0-9a-f.]+); HttpOnly; .*SameSite=strict", said):
                    self.cookie = found[1]
            return answer.status


def test_a_stranger_keeps_nobody_from_the_browser_that_they_use(ward: WardPage) -> None:
    """Nor does what that browser keeps help with guessing: not more tries, and no other account's."""
    mine, stranger = Browser(ward), Browser(ward)
    assert mine.sign_in("nurse-a") == 303
    number = mine.cookie[:16]
    assert mine.sign_in("doctor-b") == 303
    assert mine.cookie[:16] == number, "one browser, several accounts"
    assert [stranger.sign_in("nurse-a", "wrong") for _ in range(6)] == [403] * 5 + [429]
    assert stranger.sign_in("nurse-a") == 429
    for made_up in ("0" * 16 + mine.cookie[16:], mine.cookie[:-1], f"{number}.", "x", number + ".0" * 40):
        assert Browser(ward, made_up).sign_in("nurse-a") == 429
    assert mine.sign_in("nurse-a") == 303
    assert stranger.sign_in("nurse-a") == 429, "who was refused goes on waiting"
    assert [mine.sign_in("nurse-a", "wrong") for _ in range(6)] == [403] * 5 + [429], "its tries are counted, too"
    ward.account("nurse-a")
    assert stranger.sign_in("nurse-a") == 303, "a new password begins anew"


def test_an_account_that_is_none_answers_as_one_that_is(ward: WardPage) -> None:
    known = ward.post("/sign-in", name="nurse-a", password="wrong").text
    unknown = ward.post("/sign-in", name="nobody", password="wrong").text
    assert known.replace("nurse-a", "nobody") == unknown


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1:1"}, 421),
        ({"Host": "ward.example", "X_Forwarded_Host": "127.0.0.1"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_other_addresses_and_other_origins_are_refused(ward: WardPage, headers: dict[str, str], status: int) -> None:
    token = ward.session()
    assert ward.get("/", token, **headers).status == status


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1"])
def test_a_form_from_elsewhere_changes_nothing(ward: WardPage, origin: str | None) -> None:
    token = ward.session()
    assert ward.post(SEEN, token, origin=origin, revision="1").status == 403
    assert ward.post("/sign-in", origin=origin, name="nurse-a", password=PASSWORD).status == 403
    assert seen(ward) == 0


def test_a_form_without_its_key_or_with_anothers_changes_nothing(ward: WardPage) -> None:
    mine, other = ward.session(), ward.session("doctor-b")
    for key in ("", "x", "é", ward_key(other)):
        assert ward.post(SEEN, mine, revision="1", key=key).status == 403
    assert ward.post("/sign-out", mine, key="").status == 403
    assert seen(ward) == 0
    assert ward.post(SEEN, mine, revision="1").status == 303
    assert seen(ward) == 1


def ward_key(token: str) -> str:
    from wardgate.ward.accounts import form_key

    return form_key(token)


def test_large_and_broken_requests_are_refused_and_change_nothing(ward: WardPage) -> None:
    token = ward.session()
    assert ward.post(SEEN, token, revision="1", note="x" * LARGEST).status == 413
    assert ward.post(SEEN, token, revision="1", note="x" * 1001).status == 400
    for revision in ("", "-1", "one", "1" * 40, "²"):
        assert ward.post(SEEN, token, revision=revision).status == 400
    own = {"Cookie": f"wardgate-ward={token}", "Origin": ward.address}
    multipart = {"Content_Type": "multipart/form-data; boundary=x"}
    assert ward.ask(SEEN, "POST", b"--x\r\nnonsense", **own, **multipart).status in (400, 403)
    file = b'--x\r\nContent-Disposition: form-data; name="key"; filename="k"\r\n\r\nabc\r\n--x--\r\n'
    assert ward.ask(SEEN, "POST", file, **own, **multipart).status in (400, 403)
    assert ward.ask(SEEN, "POST", b"\xff\xfe%zz=&&&=", **own).status == 403
    assert ward.ask(SEEN, "PUT", b"", **own).status == 405
    assert ward.get(f"/alerts/{HUB}/alert-1/nothing", token).status == 404
    assert ward.get(f"/alerts/{HUB}/no-such/seen", token).status == 404
    assert ward.get("/hubs/no-such", token).status == 404
    assert seen(ward) == 0


def test_a_body_that_is_larger_than_it_said_is_cut_off(ward: WardPage) -> None:
    token = ward.session()
    chunks = b"".join(b"%x\r\n%s\r\n" % (4096, b"a" * 4096) for _ in range(8)) + b"0\r\n\r\n"
    own = {"Cookie": f"wardgate-ward={token}", "Origin": ward.address, "Transfer_Encoding": "chunked"}
    answer = ward.ask(SEEN, "POST", chunks, Content_Type="application/x-www-form-urlencoded", **own)
    assert answer.status == 413
    assert seen(ward) == 0


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_a_form_that_breaks_off_is_no_fault_of_the_page(tmp_path: Path, kind: str) -> None:
    """A browser that goes away in the middle: told if anybody is there, and no trace in the log."""
    app = create_app(tmp_path / "ward.db", ("http://ward",), LONDON)
    sent: list[Message] = [
        {"type": "http.request", "body": b"name=nurse", "more_body": True},
        {"type": "http.disconnect"},
    ]
    said: list[Message] = []

    async def receive() -> Message:
        return sent.pop(0)

    async def send(message: Message) -> None:
        said.append(message)

    headers = [(b"host", b"ward"), (b"origin", b"http://ward"), (b"content-type", kind.encode())]
    scope = {"type": "http", "method": "POST", "path": "/sign-in", "query_string": b"", "headers": headers}
    try:
        await app(scope, receive, send)
    finally:
        await app.state.database.close()
    assert [message.get("status") for message in said] == [400, None]


def test_nothing_is_kept_live_that_is_not_there(ward: WardPage) -> None:
    token = ward.session()
    for path in ("hubs/no-such", f"alerts/{HUB}/no-such", "alerts/no-such/alert-1"):
        assert ward.get(f"/live/{path}", token).status == 404
        assert ward.get(f"/live/{path}").status == 401, "who is nobody learns nothing"


def test_who_sends_drop_by_drop_is_let_go(ward: WardPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PromptHttp, "head_deadline_s", 0.2)
    with socket.create_connection(("127.0.0.1", ward.port), 10) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: ")
        with contextlib.suppress(ConnectionError):
            assert wire.recv(1000) == b""


def test_seen_is_said_with_who_and_when_and_not_twice(ward: WardPage) -> None:
    token = ward.session()
    lines = len(ward.do(audit.newest))
    for _ in range(2):
        answer = ward.post(SEEN, token, revision="1", note="Rung, <b>rests</b>", rang="yes")
        assert (answer.status, answer.headers["location"]) == (303, f"/alerts/{HUB}/alert-1")
    mine, others = (
        ward.get(f"/alerts/{HUB}/alert-1", token).text,
        ward.get(f"/alerts/{HUB}/alert-1", ward.session("doctor-b")).text,
    )
    assert re.search(r"Seen by you at \d+:\d\d[ap]m\. It stays open until it is better\.", mine)
    assert "Seen by the nurse at" in others
    assert "Rung, &lt;b&gt;rests&lt;/b&gt;" in mine
    assert "I have seen this" not in mine
    assert ward.do(lambda tx: tx.rows("SELECT count(*) FROM calls"))[0][0] == 1
    acts = [a.what for a in ward.do(audit.newest)]
    assert acts[: len(acts) - lines].count("seen") == 1


def test_a_page_older_than_the_alert_notes_nothing_and_keeps_what_was_typed(ward: WardPage) -> None:
    token = ward.session()
    ward.take(weight_gain(revision=2, worse_revision=2, state="updated", sentence="Weight went up 3.1 kg in 3 days."))
    answer = ward.post(SEEN, token, revision="1", note="typed before")
    assert answer.status == 409
    assert "It became worse while this page was open. Nothing was noted." in answer.text
    assert "Weight went up 3.1 kg in 3 days." in answer.text
    assert "typed before" in answer.text
    assert 'name="revision" value="2"' in answer.text
    assert seen(ward) == 0


def test_closing_is_explained_wants_a_reason_and_leaves_the_list(ward: WardPage) -> None:
    token, close = ward.session(), f"/alerts/{HUB}/alert-1/close"
    assert ward.post(close, token, revision="1", note="Visit").status == 409
    ward.post(SEEN, token, revision="1")
    assert "It does not say that the patient is better." in ward.get(close, token).text
    assert ward.post(close, token, revision="1", note=" ").status == 409
    assert ward.post(close, token, revision="1", note="Visit at noon").status == 303
    board = ward.get("/", token).text
    assert board.index("Closed by the ward") < board.index("Weight went up")
    ward.take(weight_gain(revision=2, worse_revision=2, state="updated"))
    board = ward.get("/", token).text
    assert "Closed by the ward" not in board
    assert "not seen by anybody yet" in board


def test_the_list_is_worst_first_then_oldest_and_names_silence(ward: WardPage) -> None:
    now = datetime.now(UTC)
    ward.take(
        weight_gain(2, priority="low", sentence="A low one."),
        weight_gain(3, priority="high", raised=now - timedelta(minutes=1), sentence="The newer high one."),
        weight_gain(4, priority="high", raised=now - timedelta(hours=5), sentence="The older high one."),
        State(hub="still-hub", online=True, epoch="one", heartbeat_every_s=60),
    )
    three_hours_ago = (now - timedelta(hours=3)).timestamp()
    ward.do(lambda tx: tx.change("UPDATE listening SET since_s = $1", three_hours_ago - 3600))
    ward.do(lambda tx: tx.change("UPDATE hubs SET heard_s = $1 WHERE hub = 'still-hub'", three_hours_ago))
    ward.listening()
    board = ward.get("/", ward.session()).text
    order = [
        "The older high one.",
        "The newer high one.",
        "No word from this hub for 3 hours.",
        "Weight went up",
        "A low one.",
    ]
    places = [board.index(said) for said in order]
    assert places == sorted(places)
    assert "Raised today" in board or "Raised yesterday" in board
    assert "Rule: weight guideline esc, version 1." in board
    ward.do(lambda tx: tx.change("DELETE FROM hubs WHERE hub = 'still-hub'"))


def test_that_nobody_listens_is_said_first(ward: WardPage) -> None:
    ward.do(lambda tx: tx.change("UPDATE listening SET until_s = until_s - 600"))
    board = ward.get("/", ward.session()).text
    assert "Nobody listens to the hubs" in board
    assert "no alert can arrive here" in board


def test_a_chart_reads_back_as_what_is_stored(ward: WardPage) -> None:
    """Every mark of the weight's chart is a stored reading, at its value on the scale around the usual 78.4 kg."""
    html = ward.get(f"/alerts/{HUB}/alert-1?days=7", ward.session()).text
    chart = html[html.index('id="chart-weight"') : html.index('id="chart-weight"') + 20000].split("</figure>")[0]
    since = datetime.now(UTC) - timedelta(days=7)
    stored = {
        r.id: r
        for r in recent()
        if r.channel == "weight" and r.time.taken >= since and r.attribution == "assigned" and not r.test
    }
    drawn = {
        match[2]: float(match[1])
        for match in re.finditer(r'class="dot" cx="[\d.]+%" cy="([\d.]+)" r="4" data-reading="([^"]+)"', chart)
    }
    assert set(drawn) == set(stored)
    scale = Scale(72, 84, 2)
    for name, y in drawn.items():
        assert y == pytest.approx(scale.y(stored[name].quantities[0].value), abs=0.06)
    assert "Ward&#39;s limit, 80.2 kg" in chart
    assert "Usual for this patient, 78.4 kg" in chart
    assert re.search(r'<span class="n">1</span>.*Weight went up 2\.3 kg', chart)
    assert html.count('x="100%"') >= 2
    assert "Another person: 6.2 kg away" in html


def test_all_charts_share_one_time_axis(ward: WardPage) -> None:
    html = ward.get(f"/hubs/{HUB}?days=14", ward.session()).text
    axes = [re.findall(r'class="day[^"]*" x="([\d.]+)%"', chart) for chart in html.split("<figure")[1:]]
    assert len(axes) == 4
    assert all(axis == axes[0] for axis in axes)


def test_no_address_names_a_patient_and_nothing_is_cached(ward: WardPage) -> None:
    token = ward.session()
    for path in ("/", f"/alerts/{HUB}/alert-1", "/hubs"):
        answer = ward.get(path, token)
        assert not [a for a in re.findall(r'(?:href|action|src|data-live)="([^"]*)"', answer.text) if "Amber" in a]
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert len(answer.body) < 60_000


def test_the_patient_is_called_by_words_and_the_wards_list_is_told(ward: WardPage) -> None:
    listed = Referral(
        patient="copper-heron-93",
        words="Copper Heron",
        digits="93",
        pathways=("heart-failure", "copd"),
        kinds=("scale",),
        phone="0116 000 0000",
        limits={},
        offered=None,
        state="assigned",
        at=datetime.now(UTC),
    )
    ward.do(
        lambda tx: tx.change(
            "INSERT INTO referrals VALUES ($1, $2) ON CONFLICT DO NOTHING", listed.patient, msgspec.json.encode(listed)
        )
    )
    ward.take(weight_gain(9, hub="other-hub", patient="copper-heron-93", assignment="a-9", pathways=()))
    token = ward.session()
    assert "Copper Heron 93" in ward.get("/", token).text
    html = ward.get("/alerts/other-hub/alert-9", token).text
    for said in (">Copper Heron 93</h1>", "Heart failure and copd", "0116 000 0000"):
        assert said in html


def test_over_tls_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    authority = Certificates(tmp_path / "ca")
    served = WardPage(tmp_path / "ward.db", Place(port=0, cert=authority.server, key=authority.server_key))
    served.trust = authority.ca
    served.start()
    try:
        served.account("nurse-a")
        answer = served.post("/sign-in", name="nurse-a", password=PASSWORD)
        assert answer.status == 303
        assert re.fullmatch(
            r"__Host-wardgate-ward=.*; HttpOnly; .*Path=/; SameSite=strict; Secure", answer.headers["set-cookie"]
        )
        assert "Domain" not in answer.headers["set-cookie"]
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
    finally:
        served.stop()


def test_behind_a_proxy_only_the_address_that_people_type_is_answered(tmp_path: Path) -> None:
    served = WardPage(tmp_path / "ward.db", Place(port=0, address="https://ward.example"))
    served.start()
    try:
        served.account("nurse-a")
        assert served.get("/sign-in").status == 421
        own = {"Host": "ward.example", "Origin": "https://ward.example"}
        body = f"name=nurse-a&password={PASSWORD.replace(' ', '+')}".encode()
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        answer = served.ask("/sign-in", "POST", body, **own, **form)
        assert (answer.status, "__Host-wardgate-ward=" in answer.headers["set-cookie"]) == (303, True)
        forged = {"Host": "127.0.0.1", "X_Forwarded_Host": "ward.example", "X_Forwarded_Proto": "https"}
        assert served.ask("/sign-in", "GET", None, **forged).status == 421
    finally:
        served.stop()


def test_where_it_may_listen() -> None:
    with pytest.raises(PageError, match="TLS"):
        Place(host="0.0.0.0").check()
    with pytest.raises(PageError, match="https"):
        Place(address="http://ward.example").check()
    behind = Place(address="https://Ward.example/")
    behind.check()
    assert behind.origins(1) == ("https://ward.example",)
