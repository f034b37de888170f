"""H20. The access list and the settings that deploy/mosquitto ships, against clients that want more than is theirs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.authority import Ward
from tests.support.certificates import Certificates
from tests.support.messages import reading
from tests.support.peer import peer
from tests.support.shipped_broker import ShippedBroker
from wardgate.clock import SystemClock
from wardgate.config import Broker
from wardgate.deliver import Sender
from wardgate.mqtt import Link, LinkError, Will
from wardgate.store import Store
from wardgate.ward import Ward as Consumer

UP, DOWN = "wardgate/1/{}/up/{}", "wardgate/1/{}/down/{}"
VICTIM, ROGUE = "hub-1", "hub-2"


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path / "ward")


@pytest.fixture
def broker(tmp_path: Path, ward: Ward) -> Iterator[ShippedBroker]:
    one = ShippedBroker(tmp_path / "broker", ward, extra="\nuser ward.test\ntopic readwrite #\n")
    one.start()
    yield one
    one.stop()


async def answered(link: Link, answers: asyncio.Queue[int], topic: str, *, retain: bool = False) -> int:
    """The broker's reason code for one message."""
    link.publish(topic, b"forged", retain=retain)
    async with asyncio.timeout(60):
        return await answers.get()


@contextlib.asynccontextmanager
async def talking(
    settings: Broker, name: str, will: Will | None = None
) -> AsyncIterator[tuple[Link, asyncio.Queue[int]]]:
    answers: asyncio.Queue[int] = asyncio.Queue()
    link = Link(
        settings, name, will=will, on_message=lambda *_: None, on_puback=lambda _, code: answers.put_nowait(code)
    )
    await link.open()
    try:
        yield link, answers
    finally:
        link.close()


async def test_a_hub_writes_below_its_own_name_alone(broker: ShippedBroker) -> None:
    own = [UP.format(ROGUE, what) for what in ("reading", "alert", "event", "state")]
    others = [
        *(UP.format(VICTIM, what) for what in ("reading", "alert", "event", "state")),
        *(DOWN.format(hub, what) for hub in (VICTIM, ROGUE) for what in ("ack", "command", "config")),
        "wardgate/1/ward.consumer/up/reading",
        f"wardgate/1/{ROGUE}/up/reading/{VICTIM}",
        f"wardgate/1/{ROGUE}",
        f"wardgate/2/{ROGUE}/up/reading",
        "anything",
        f"$share/g/wardgate/1/{VICTIM}/up/reading",
    ]
    async with peer(broker.account("ward.test"), "#", name="all") as everything:
        async with talking(broker.hub(ROGUE), ROGUE) as (link, answers):
            for topic in own:
                assert await answered(link, answers, topic) < 0x80, topic
            for topic in others:
                for retain in (False, True):
                    assert await answered(link, answers, topic, retain=retain) >= 0x80, topic
            assert await answered(link, answers, own[0]) < 0x80, "it is still there"
        await everything.until(lambda: len(everything.messages) == len(own) + 1)
        assert {topic for topic, _ in everything.messages} == set(own)
    async with peer(broker.account("ward.test"), "#", "#", name="later") as later:
        later.publish("the/end", b"")
        await later.until(lambda: ("the/end", b"") in later.messages)
        assert later.messages == [("the/end", b"")], "nothing of it was retained"


async def test_a_hub_reads_below_its_own_name_alone(broker: ShippedBroker) -> None:
    """mosquitto takes every subscription and keeps back what may not be read: what counts is what arrives."""
    wanted = (
        DOWN.format(ROGUE, "+"),
        "#",
        "+/#",
        "wardgate/1/+/up/+",
        "wardgate/1/+/down/+",
        f"wardgate/1/{VICTIM}/#",
        f"+/+/{VICTIM}/+/+",
        "$share/thieves/wardgate/1/+/up/+",
        f"$share/thieves/wardgate/1/{VICTIM}/down/+",
        "$SYS/#",
    )
    async with peer(broker.account("ward.test"), name="test") as mouth:
        assert mouth.link is not None
        mouth.link.publish(UP.format(VICTIM, "state"), b"retained", retain=True)
        async with (
            peer(broker.hub(ROGUE), *wanted, name=ROGUE) as rogue,
            peer(broker.hub(VICTIM), name=VICTIM) as victim,
        ):
            for what in ("reading", "alert", "event", "state"):
                victim.publish(UP.format(VICTIM, what), b"private")
            for what in ("ack", "command", "config"):
                mouth.publish(DOWN.format(VICTIM, what), b"private")
            mouth.publish(DOWN.format(ROGUE, "ack"), b"the last")
            await rogue.until(lambda: any(payload == b"the last" for _, payload in rogue.messages))
            assert {topic for topic, _ in rogue.messages} == {DOWN.format(ROGUE, "ack")}


async def test_a_last_will_on_anothers_topic_is_not_executed(broker: ShippedBroker) -> None:
    settings = broker.hub(ROGUE)
    async with peer(broker.account("ward.consumer"), "wardgate/1/+/up/+", name="ward") as ear:
        for n, hub in enumerate((VICTIM, ROGUE)):
            process = await asyncio.create_subprocess_exec(
                "mosquitto_sub", "-h", "localhost", "-p", str(settings.port), "--cafile", str(settings.ca_file),
                "--cert", str(settings.cert_file), "--key", str(settings.key_file), "-t", "x",
                "--will-topic", UP.format(hub, "state"), "--will-payload", "dead", "--will-qos", "1",
            )  # fmt: skip
            while broker.log().count(f"as {ROGUE} ") == n:  # another process's log cannot be awaited in another way
                assert process.returncode is None
                await asyncio.sleep(0.02)
            process.kill()
            await process.wait()
        await ear.until(lambda: bool(ear.messages))
        assert ear.messages == [(UP.format(ROGUE, "state"), b"dead")]


async def test_a_client_id_of_another_hub_takes_nothing_over(broker: ShippedBroker) -> None:
    """Neither the other's connection ends, nor does what the broker keeps for it go elsewhere."""
    async with peer(broker.account("ward.test"), name="test") as mouth:
        async with (
            peer(broker.hub(VICTIM), DOWN.format(VICTIM, "+"), name=VICTIM) as victim,
            peer(broker.hub(ROGUE), name=VICTIM) as rogue,
        ):
            mouth.publish(DOWN.format(VICTIM, "ack"), b"1")
            await victim.until(lambda: len(victim.messages) == 1)
            assert victim.link is not None
            assert not victim.link.closed.done()
            assert rogue.messages == []
        mouth.publish(DOWN.format(VICTIM, "ack"), b"kept while it was away")
        async with peer(broker.hub(ROGUE), name=VICTIM) as rogue, peer(broker.hub(VICTIM), name=VICTIM) as victim:
            await victim.until(lambda: len(victim.messages) == 1)
            assert rogue.messages == []


async def test_accounts_of_the_ward_do_what_is_theirs(broker: ShippedBroker) -> None:
    async with talking(broker.account("ward.consumer"), "one") as (link, answers):
        assert await answered(link, answers, DOWN.format(VICTIM, "ack")) < 0x80
        for topic in (DOWN.format(VICTIM, "command"), DOWN.format(VICTIM, "config"), UP.format(VICTIM, "reading")):
            assert await answered(link, answers, topic) >= 0x80, topic
    async with talking(broker.account("ward.command"), "two") as (link, answers):
        assert await answered(link, answers, DOWN.format(VICTIM, "command")) < 0x80
        assert await answered(link, answers, DOWN.format(VICTIM, "ack")) >= 0x80


async def refusal(settings: Broker) -> LinkError:
    link = Link(settings, VICTIM, on_message=lambda *_: None)
    with pytest.raises(LinkError) as caught:
        await link.open()
    return caught.value


async def test_who_is_not_let_in_and_what_the_hub_says(broker: ShippedBroker, ward: Ward, tmp_path: Path) -> None:
    stranger = Ward(tmp_path / "stranger")
    revoked = broker.hub("hub-9")
    ward.authority.revoke("hub-9", reason="lost")
    broker.reload()
    mixed = {"cert_file": ward.hub("hub-7")["cert_file"], "key_file": ward.hub("hub-6")["key_file"]}
    cases = {
        "certificate-wanted": broker.settings(),
        "certificate-of-another-ward": broker.settings(**stranger.hub(VICTIM)),
        "certificate-expired": broker.hub("hub-8", lasts=timedelta(seconds=-1)),
        "certificate-revoked": revoked,
        "certificate-refused": broker.settings(cert_file=str(ward.server), key_file=str(ward.server_key)),
        "certificate-key": broker.settings(**mixed),
        "not-enrolled": broker.settings(cert_file=str(tmp_path / "none.pem"), key_file=str(tmp_path / "none.key")),
    }
    for key, settings in cases.items():
        for _ in range(3):
            error = await refusal(settings)
            assert error.key == key, error
            assert error.what_to_do
            assert "wardgate enrol --code" in error.what_to_do or key == "certificate-key"
    assert "New client connected" not in "".join(line for line in broker.log().splitlines() if VICTIM in line)


async def test_whom_the_hub_does_not_talk_to(ward: Ward, tmp_path: Path) -> None:
    """A stolen hub cannot play the broker: its certificate is no server's. Nor can one of another name or authority."""
    lent = ward.hub("localhost")
    late, name = tmp_path / "late.pem", tmp_path / "name.pem"
    late.write_bytes(
        ward.authority.issue(
            "x", "server", tmp_path / "late.key", lasts=timedelta(seconds=-1), hosts=["localhost"]
        ).certificate
    )
    name.write_bytes(
        ward.authority.issue(
            "y", "server", tmp_path / "name.key", lasts=timedelta(days=1), hosts=["other.example"]
        ).certificate
    )
    for certificate, key, word in (
        (Path(lent["cert_file"]), Path(lent["key_file"]), "not a server's"),
        (late, tmp_path / "late.key", "clock"),
        (name, tmp_path / "name.key", "broker.host"),
        (*Certificates(tmp_path / "other").issue("localhost"), "broker.ca_file"),
    ):
        ward.server, ward.server_key = certificate, key
        false = ShippedBroker(tmp_path / certificate.stem, ward)
        false.start()
        error = await refusal(false.settings())
        false.stop()
        assert (error.key, word in error.what_to_do) == ("broker-certificate", True), error


async def test_a_rogue_in_the_wards_own_group_delays_and_loses_nothing(
    broker: ShippedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub that knows the name of the ward's group makes mosquitto drop what falls to it, with a PUBACK. The hub's
    promise does not stand on PUBACKs. A group's name that nobody can guess keeps it out."""
    monkeypatch.setattr("wardgate.deliver.window.RESEND_FIRST_S", 0.3)
    store = Store.open(tmp_path / "hub" / "wardgate.db", SystemClock())
    for n in range(20):
        await store.put_reading(reading(n + 1), arrival_s=1.0)
    consumer = Consumer(broker.account("ward.consumer"), tmp_path / "ward.db", name="w", group="guessed")
    running = asyncio.create_task(consumer.run())
    async with asyncio.timeout(60):
        await consumer.connected.wait()
        async with peer(broker.hub(ROGUE), "$share/guessed/wardgate/1/+/up/+", name=ROGUE) as rogue:
            sender = Sender(broker.hub("hub-1"), "hub-1", store, SystemClock(), lambda _: None, version="1")
            sending = asyncio.create_task(sender.run())
            await sender.wait_drained()
            assert rogue.messages == []
    for task in (sending, running):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await store.close()
    assert consumer.counts.new >= 20
