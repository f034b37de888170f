"""Brokers that refuse: the connection, or a message. Each has its sentence, and nothing is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.deliver.conftest import Running, RunningWard
from tests.support.certificates import Certificates
from tests.support.messages import alert, reading
from tests.support.mosquitto import Mosquitto, free_port, settings
from wardgate.config import Broker
from wardgate.contract.messages import Event
from wardgate.deliver import Sender
from wardgate.store import Store

_PATTERNS = """\
pattern write wardgate/1/%u/up/+
pattern read wardgate/1/%u/down/+

user ward
topic read wardgate/1/+/up/+
topic write wardgate/1/+/down/ack
"""


async def _trouble(sender: Sender, changes: asyncio.Event) -> str:
    async with asyncio.timeout(60):
        while not sender.view().problem:
            changes.clear()
            await changes.wait()
    return sender.view().problem


@pytest.fixture
def told(events: list[Event], monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set whenever the sender changes its mind about what stands in the way."""
    changed = asyncio.Event()
    trouble = Sender.trouble

    def watched(self: Sender, *arguments: object) -> None:
        trouble(self, *arguments)  # type: ignore[arg-type]
        changed.set()

    monkeypatch.setattr(Sender, "trouble", watched)
    return changed


def _password(tmp_path: Path, text: str) -> str:
    file = tmp_path / f"password-{text}"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return str(file)


async def test_nothing_listens(store: Store, sending: Running, told: asyncio.Event, events: list[Event]) -> None:
    port = free_port()
    async with sending(settings(port, {})) as sender:
        assert await _trouble(sender, told) == f"Nothing is listening at 127.0.0.1:{port}."
        told.clear()
        await told.wait()
        assert [e.code for e in events] == ["broker-down"], "one event for each change, not for each attempt"
        assert sender.view().what_to_do == "Check broker.port, and that the broker is running."
        assert not sender.view().connected


async def test_a_name_that_nobody_knows(store: Store, sending: Running, told: asyncio.Event) -> None:
    async with sending(Broker(host="broker.invalid", tls=False)) as sender:
        assert "name of the broker, broker.invalid, is not known" in await _trouble(sender, told)


async def test_a_wrong_password(
    tmp_path: Path, store: Store, sending: Running, told: asyncio.Event, events: list[Event]
) -> None:
    broker = Mosquitto(tmp_path / "broker", passwords={"hub-1": "right"})
    broker.start()
    wrong = broker.settings(username="hub-1", password_file=_password(tmp_path, "wrong"))
    async with sending(wrong) as sender:
        assert "refused this hub's name or password" in await _trouble(sender, told)
        assert "password_file" in sender.view().what_to_do
        assert events[0].code == "broker-login"
        assert "wrong" not in events[0].sentence + events[0].what_to_do
    right = broker.settings(username="hub-1", password_file=_password(tmp_path, "right"), confirm="broker")
    async with sending(right) as sender, asyncio.timeout(60):
        await store.put_reading(reading(1), arrival_s=1.0)
        await sender.wait_drained()
    broker.stop()


async def test_a_certificate_that_is_not_to_be_trusted(
    tmp_path: Path, store: Store, sending: Running, told: asyncio.Event
) -> None:
    broker = Mosquitto(tmp_path / "broker", certificates=Certificates(tmp_path / "theirs"))
    broker.start()
    other = Certificates(tmp_path / "ours")
    async with sending(broker.settings(ca_file=str(other.ca))) as sender:
        assert "certificate of localhost" in await _trouble(sender, told)
        assert "is not to be trusted" in sender.view().problem
        assert "broker.ca_file" in sender.view().what_to_do
    broker.stop()


async def test_a_certificate_for_another_name(
    tmp_path: Path, store: Store, sending: Running, told: asyncio.Event
) -> None:
    certificates = Certificates(tmp_path / "authority")
    certificates.server, certificates.server_key = certificates.issue("elsewhere.example")
    broker = Mosquitto(tmp_path / "broker", certificates=certificates)
    broker.start()
    async with sending(broker.settings()) as sender:
        assert "is not to be trusted" in await _trouble(sender, told)
    broker.stop()


async def test_a_broker_that_wants_the_hubs_certificate(
    tmp_path: Path, store: Store, sending: Running, told: asyncio.Event
) -> None:
    certificates = Certificates(tmp_path / "authority")
    broker = Mosquitto(tmp_path / "broker", certificates=certificates, client_certificates=True)
    broker.start()
    async with sending(broker.settings()) as sender:
        await _trouble(sender, told)
        assert "broker.cert_file" in sender.view().what_to_do
    broker.stop()


async def test_tls_where_there_is_none(tmp_path: Path, store: Store, sending: Running, told: asyncio.Event) -> None:
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    async with sending(broker.settings(tls=True)) as sender:
        await _trouble(sender, told)
        assert "broker.tls" in sender.view().what_to_do
    broker.stop()


async def test_certificates_and_patterns_keep_a_hub_in_its_own_topics(
    tmp_path: Path, store: Store, sending: Running, serving: RunningWard, told: asyncio.Event, events: list[Event]
) -> None:
    """H20. The certificate's name is the hub; it cannot write as another, and what it could not say is not lost."""
    certificates = Certificates(tmp_path / "authority")
    broker = Mosquitto(tmp_path / "broker", certificates=certificates, client_certificates=True, acl=_PATTERNS)
    broker.start()
    ward = _named(certificates, "ward")
    await store.put_reading(reading(1), arrival_s=1.0)
    await store.put_alert(alert(1))
    async with serving(broker.settings(**ward)) as served:
        async with sending(broker.settings(**_named(certificates, "hub-2")), hub="hub-1") as sender:
            assert "does not let this hub publish" in await _trouble(sender, told)
            assert "wardgate/1/hub-1/up/#" in sender.view().what_to_do
            assert sender.view().counts.parked == 0
            assert sender.view().counts.waiting == 2
            assert [e.code for e in events] == ["publish-not-authorised"]
        assert served.counts.new == 0
        async with sending(broker.settings(**_named(certificates, "hub-1"))) as sender, asyncio.timeout(60):
            await sender.wait_drained()
            assert served.counts.new >= 2
    broker.stop()


def _named(certificates: Certificates, name: str) -> dict[str, str]:
    certificate, key = certificates.issue(name)
    return {"cert_file": str(certificate), "key_file": str(key)}


async def test_rights_that_come_back_need_no_restart(
    tmp_path: Path,
    store: Store,
    sending: Running,
    serving: RunningWard,
    told: asyncio.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wardgate.deliver.session.REFUSED_FIRST_S", 0.1)
    passwords = {"hub-1": "one", "ward": "two"}
    broker = Mosquitto(tmp_path / "broker", passwords=passwords, acl="user ward\ntopic readwrite #\n")
    broker.start()
    hub = broker.settings(username="hub-1", password_file=_password(tmp_path, "one"))
    ward = broker.settings(username="ward", password_file=_password(tmp_path, "two"))
    await store.put_alert(alert(1))
    async with serving(ward), sending(hub) as sender, asyncio.timeout(60):
        assert "not authorised" in await _trouble(sender, told)
        (tmp_path / "broker" / "acl").write_text(_PATTERNS, encoding="utf-8")
        broker.reload()
        await sender.wait_drained()
        assert sender.view().problem == ""
    broker.stop()


async def test_a_message_that_the_broker_will_never_take_is_set_aside(
    tmp_path: Path, store: Store, sending: Running, serving: RunningWard, events: list[Event]
) -> None:
    """Larger than the broker's Maximum Packet Size, which it tells when the connection begins."""
    broker = Mosquitto(tmp_path / "broker", extra="max_packet_size 70000")
    broker.start()
    await store.put_reading(reading(1), arrival_s=1.0)
    await store.put_reading(msgspec.structs.replace(reading(2), frame="00" * 40000), arrival_s=1.0)
    await store.put_reading(reading(3), arrival_s=1.0)
    async with serving(broker.settings()), sending(broker.settings()) as sender, asyncio.timeout(60):
        await sender.wait_drained()
        counts = sender.view().counts
        assert (counts.at_ward, counts.parked) == (2, 1)
    assert [(e.code, e.detail) for e in events] == [("message-parked", {"seq": 2})]
    assert "larger than the broker takes" in events[0].sentence
    broker.stop()
