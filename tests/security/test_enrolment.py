"""The hub's side: a claim, renewals, and power that goes at every step."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.authority import LONG, Ward
from tests.support.living import RebootingClock
from wardgate.capture.journal import Journal
from wardgate.cli import enrol as cli
from wardgate.config import Broker, Config, parse
from wardgate.contract.messages import Event
from wardgate.enrol.est import Endpoint
from wardgate.enrol.identity import Identity, directory
from wardgate.enrol.renewal import Renewal, due, warned_from
from wardgate.enrol.validity import validity
from wardgate.mqtt import LinkError

HUB = "kitchen-7"


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path / "ward")


def configured(tmp_path: Path, port: int, ward: Ward) -> Config:
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    text = f"""
[hub]
id = "{HUB}"
patient = "P-1"
assignment = "a-1"
data_dir = "{data}"
[broker]
host = "localhost"
ca_file = "{ward.ca}"
[enrol]
url = "https://localhost:{port}"
"""
    (tmp_path / "wardgate.toml").write_text(text, encoding="utf-8")
    return parse(text, tmp_path / "wardgate.toml")


def works(identity: Identity) -> bool:
    """Whether the pair in use is one: OpenSSL takes key and certificate together."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(identity.current / "hub.pem", identity.current / "hub.key")
    return True


def endpoint(config: Config) -> Endpoint:
    assert config.enrol.url is not None
    return Endpoint(config.enrol.url, config.broker.ca_file)


async def claimed(config: Config, ward: Ward) -> Identity:
    identity = Identity(directory(config.data_dir))
    await asyncio.to_thread(endpoint(config).claim, identity, HUB, ward.code(HUB))
    identity.take()
    return identity


async def test_a_claim_by_command_line(ward: Ward, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with ward.endpoint() as port:
        config = configured(tmp_path, port, ward)
        words = ["--config", str(tmp_path / "wardgate.toml"), "--code", ward.code(HUB)]
        assert await asyncio.to_thread(cli.main, words) == 0
        assert "has its certificate" in capsys.readouterr().out
        assert works(Identity(directory(config.data_dir)))
        assert await asyncio.to_thread(cli.main, words) == 1, "a code is good once"
        assert works(Identity(directory(config.data_dir))), "and what there is stays"
    said = capsys.readouterr().err
    assert "does not open" in said
    assert "claim code" in said
    found = _open_to_others(config.data_dir / "identity")
    assert found == []


def _open_to_others(place: Path) -> list[Path]:
    return [path for path in (place, *place.rglob("*")) if path.stat().st_mode & 0o077]


async def test_no_key_leaves_the_hub(ward: Ward, tmp_path: Path) -> None:
    async with ward.endpoint() as port:
        identity = await claimed(configured(tmp_path, port, ward), ward)
    key = (identity.current / "hub.key").read_bytes().splitlines()[1]
    for file in (tmp_path / "ward").rglob("*"):
        assert not file.is_file() or key not in file.read_bytes()


async def test_the_dates_are_as_openssl_reads_them(ward: Ward, tmp_path: Path) -> None:
    for lasts in (timedelta(days=1), timedelta(days=90), timedelta(days=19 * 365)):
        pair = ward.hub(f"h-{lasts.days}", lasts=lasts)
        process = await asyncio.create_subprocess_exec(
            "openssl", "x509", "-in", pair["cert_file"], "-noout", "-startdate", "-enddate", "-serial",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await process.communicate()
        told = dict(line.split("=") for line in out.decode().splitlines())
        held = validity(Path(pair["cert_file"]))
        assert held.not_before.timestamp() == ssl.cert_time_to_seconds(told["notBefore"])
        assert held.not_after.timestamp() == ssl.cert_time_to_seconds(told["notAfter"])
        assert held.serial == told["serial"].lower().lstrip("0")


@pytest.mark.parametrize("cut", [0, 40, 200, -30])
def test_a_damaged_certificate_has_no_dates(ward: Ward, tmp_path: Path, cut: int) -> None:
    text = Path(ward.hub("a")["cert_file"]).read_text(encoding="ascii")
    (tmp_path / "cut.pem").write_text(text[:cut] if cut <= 0 else text[:cut] + text[cut + 400 :], encoding="ascii")
    with pytest.raises(ValueError, match="certificate"):
        validity(tmp_path / "cut.pem")


class PowerCut(BaseException):
    """Nothing of the program catches it."""


class Power:
    """Goes before the n-th change of the disk below a directory (`sys.addaudithook` hears of each)."""

    CHANGES = ("os.rename", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree")

    def __init__(self) -> None:
        self.below = ""
        self.left = -1
        self.seen = 0
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.below or not (event in self.CHANGES or (event == "open" and _writes(arguments))):
            return
        if not any(self.below in str(a) for a in arguments[:2]):
            return
        self.seen += 1
        if self.seen == self.left:
            self.below = ""
            raise PowerCut

    def goes_after(self, left: int, below: Path) -> None:
        self.seen, self.left, self.below = 0, left, str(below)


def _writes(arguments: tuple[object, ...]) -> bool:
    flags = arguments[2]
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


@pytest.fixture(scope="module")
def power() -> Iterator[Power]:
    one = Power()  # a hook cannot be taken away again; it hears nothing without `below`
    yield one
    one.below = ""


async def test_power_that_goes_at_any_step_of_a_claim(ward: Ward, tmp_path: Path, power: Power) -> None:
    """The next attempt, with the same code, ends with a pair that works."""
    step, done = 0, False
    async with ward.endpoint() as port:
        while not done:
            step += 1
            home = tmp_path / f"home-{step}"
            home.mkdir()
            config = configured(home, port, ward)
            identity, code = Identity(directory(config.data_dir)), ward.code(HUB)

            def claim(identity: Identity = identity, config: Config = config, code: str = code) -> None:
                endpoint(config).claim(identity, HUB, code)
                identity.take()

            power.goes_after(step, config.data_dir)
            try:
                await asyncio.to_thread(claim)
                done = True
            except PowerCut:
                if not identity.has_current():
                    await asyncio.to_thread(claim)
            assert works(identity)
    assert step > 8


async def test_power_that_goes_at_any_step_of_a_renewal(ward: Ward, tmp_path: Path, power: Power) -> None:
    """After each cut a pair that works is in place, and the next attempt ends with a new one."""
    step, done = 0, False
    async with ward.endpoint() as port:
        while not done:
            step += 1
            home = tmp_path / f"home-{step}"
            home.mkdir()
            config = configured(home, port, ward)
            identity = await claimed(config, ward)
            first = validity(identity.current / "hub.pem").serial

            def renew(identity: Identity = identity, config: Config = config) -> None:
                identity.tidy()
                if not identity.has_next():
                    endpoint(config).renew(identity, HUB)
                    identity.offer()
                identity.take_next()

            power.goes_after(step, config.data_dir)
            try:
                await asyncio.to_thread(renew)
                done = True
            except PowerCut:
                assert works(identity)
                if validity(identity.current / "hub.pem").serial == first:
                    _forget_limit(ward)
                    await asyncio.to_thread(renew)
            assert works(identity)
            assert validity(identity.current / "hub.pem").serial != first
            _forget_limit(ward)
    assert step > 10


def _forget_limit(ward: Ward) -> None:
    """The ward allows so many certificates a day."""
    ward.authority.register.db.execute("UPDATE issued SET not_before = '2020-01-01T00:00:00+00:00'")


class Home:
    """A hub's renewal, its events, and a broker that answers as it is told."""

    def __init__(self, config: Config, clock: RebootingClock) -> None:
        self.events: list[Event] = []
        self.answer: LinkError | None = None
        self.tried: list[str] = []
        self.identity = Identity(directory(config.data_dir))

        def put(event: Event) -> asyncio.Future[int]:
            self.events.append(event)
            future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            future.set_result(1)
            return future

        journal = Journal(HUB, clock, put, lambda _: None)
        self.renewal = Renewal(config, clock, journal, self._try)

    async def _try(self, broker: Broker) -> LinkError | None:
        assert broker.cert_file is not None
        self.tried.append(validity(Path(broker.cert_file)).serial)
        return self.answer

    @property
    def serial(self) -> str:
        return validity(self.identity.current / "hub.pem").serial

    def codes(self) -> list[str]:
        return [event.code for event in self.events]


async def test_a_life_of_renewals(ward: Ward, tmp_path: Path) -> None:
    """Nothing before two thirds; then a new pair, tried first; a clock that is not synchronised changes nothing."""
    clock = RebootingClock(now=datetime.now(UTC))
    async with ward.endpoint() as port:
        config = configured(tmp_path, port, ward)
        await claimed(config, ward)
        home = Home(config, clock)
        first = home.serial
        assert await home.renewal.check()
        assert (home.serial, home.events) == (first, [])
        clock.knows_the_time = False
        clock.now += timedelta(days=400)
        assert await home.renewal.check()
        assert (home.serial, home.events) == (first, []), "a hub that thinks it is 2027 does nothing about it"
        state = home.renewal.state()
        assert state is not None
        assert state.days_left is None
        clock.knows_the_time = True
        clock.now = datetime.now(UTC) + LONG * 0.75
        assert await home.renewal.check()
        assert home.serial != first
        assert home.tried == [home.serial], "tried at the broker before it was taken"
        assert home.codes() == ["certificate-renewed"]
        assert len(list((tmp_path / "data" / "identity").iterdir())) == 2, "the pair in use and the link to it"


async def test_a_new_pair_that_the_broker_refuses(ward: Ward, tmp_path: Path) -> None:
    clock = RebootingClock(now=datetime.now(UTC) + LONG * 0.75)
    async with ward.endpoint() as port:
        config = configured(tmp_path, port, ward)
        home = Home(config, clock)
        await claimed(config, ward)
        first = home.serial
        home.answer = LinkError("broker-silent", "localhost does not answer.", "")
        assert not await home.renewal.check()
        assert (home.serial, home.identity.has_next()) == (first, True), "kept for the next attempt"
        assert not await home.renewal.check()
        assert len(set(home.tried)) == 1, "without a new one being asked for"
        home.answer = LinkError("certificate-of-another-ward", "It does not know the authority.", "")
        assert not await home.renewal.check()
        assert (home.serial, home.identity.has_next()) == (first, False)
        assert home.codes() == ["certificate-refused"]
        home.answer = None
        assert await home.renewal.check()
        assert home.serial != first
        assert home.codes() == ["certificate-refused", "certificate-renewed"]


async def test_an_endpoint_that_is_away_is_told_in_time(ward: Ward, tmp_path: Path) -> None:
    clock = RebootingClock(now=datetime.now(UTC))
    async with ward.endpoint() as port:
        config = configured(tmp_path, port, ward)
        await claimed(config, ward)
    home = Home(config, clock)
    clock.now += LONG * 0.75
    assert not await home.renewal.check()
    assert home.events == [], "there is time"
    clock.now += LONG * 0.1
    for _ in range(3):
        assert not await home.renewal.check()
    assert home.codes() == ["certificate-expiring"], "once"
    assert "cannot be reached" in home.events[0].sentence
    assert "wardgate enrol --code" in home.events[0].what_to_do
    assert home.events[0].detail["days_left"] == pytest.approx(4.5, abs=0.2)
    clock.now += LONG
    await home.renewal.check()
    assert "ended on" in home.events[-1].sentence
    state = home.renewal.state()
    assert state is not None
    assert state.days_left is not None
    assert state.days_left < 0


async def test_a_certificate_that_somebody_else_looks_after_is_only_told_of(ward: Ward, tmp_path: Path) -> None:
    config = configured(tmp_path, 1, ward)
    broker = Broker(host="x", **ward.hub(HUB))  # type: ignore[arg-type]  # only strings are in this dictionary
    config = msgspec.structs.replace(config, broker=broker, enrol=type(config.enrol)())
    clock = RebootingClock(now=datetime.now(UTC) + LONG * 0.9)
    home = Home(config, clock)
    await home.renewal.check()
    assert home.codes() == ["certificate-expiring"]
    assert "broker.cert_file" in home.events[0].what_to_do


def test_hubs_do_not_come_at_one_hour(ward: Ward) -> None:
    held = [validity(Path(ward.hub(f"h-{n}")["cert_file"])) for n in range(20)]
    shares = [(due(v) - v.not_before) / (v.not_after - v.not_before) for v in held]
    assert min(shares) >= 2 / 3
    assert max(shares) < 2 / 3 + 0.05
    assert len({round(share, 4) for share in shares}) > 15
    assert all(due(v) < warned_from(v) < v.not_after for v in held)


def test_the_core_does_without_the_library() -> None:
    """The hub's start pays nothing for certificates."""
    names = "wardgate.hub, wardgate.enrol.renewal, wardgate.enrol.est"
    code = f"import {names}, sys; sys.exit('cryptography' in sys.modules)"
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0
