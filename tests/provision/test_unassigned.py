"""A hub without a patient, and one that is named by its file: what each answers, and what it does by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.authority import Ward
from tests.support.boxed import HUB, Boxed
from tests.support.programs import Program
from tests.support.shipped_broker import ShippedBroker
from wardgate import installation
from wardgate.capture.journal import Journal
from wardgate.contract.pseudonym import Pseudonym
from wardgate.control.messages import Status
from wardgate.control.protocol import ControlError, Done, Pong
from wardgate.control.provisioning import Installation
from wardgate.installation import Leaving, Record
from wardgate.page.setup.certificate import own_pair
from wardgate.store.store import Store
from wardgate.ward.referrals import Referrals

HERON, DOLPHIN = Pseudonym("copper", "heron"), Pseudonym("silver", "dolphin")


class House:
    """A ward with its broker and list, and a boxed hub."""

    def __init__(self, directory: Path, ward: Ward, broker: ShippedBroker, port: int) -> None:
        self.ward, self.broker = ward, broker
        way = f'[broker]\nhost = "localhost"\nport = {broker.port}\nca_file = "{ward.ca}"\n'
        self.hub = Boxed(directory, ward, port, way)
        account = ward.account("ward.consumer")
        words = ("ward", "--host", "localhost", "--port", str(broker.ward_port), "--ca-file", str(ward.ca))
        files = ("--cert-file", account["cert_file"], "--key-file", account["key_file"])
        self.consumer = Program(directory / "ward.log", *words, *files, "--database", str(directory / "ward.db"))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    ward = Ward(tmp_path / "ward")
    for one in (HERON, DOLPHIN):
        Referrals(ward.authority.register).add(one, pathways=["heart-failure"], kinds=("scale",), phone="")
    broker = ShippedBroker(tmp_path / "broker", ward)
    await asyncio.to_thread(broker.start)
    async with ward.endpoint() as port:
        made = House(tmp_path, ward, broker, port)
        yield made
        await made.consumer.stop()
    await asyncio.to_thread(broker.stop)


async def refused(boxed: Boxed, method: str, **params: object) -> ControlError:
    with pytest.raises(ControlError) as caught:
        await boxed.ask(method, Done, **params)
    assert caught.value.what_to_do
    return caught.value


async def test_what_a_hub_in_its_box_answers(tmp_path: Path) -> None:
    boxed = Boxed(tmp_path)
    async with boxed.running():
        assert (await boxed.ask("ping", Pong)).hub == ""
        with pytest.raises(ControlError) as caught:
            await boxed.ask("status", Status)
        assert caught.value.key == "no-patient-yet"
        assert (await refused(boxed, "claim", hub=HUB, code="0000-0000-0000-0000")).key == "no-endpoint"
        assert (await refused(boxed, "claim", hub=HUB, colour="red")).key == "bad-request"
        found = await boxed.until_it(lambda found: found.checks[2].reason == "no-ward")
        assert [check.key for check in found.checks] == ["network", "clock", "ward-reached", "ward-accepts"]
        assert all(check.what_to_do for check in found.checks if check.tick != "good")
        assert await boxed.do("check_again") == "The hub looks again."
        assert found.fingerprint == ""
        pair = own_pair(tmp_path / "page", ["hub.local"])
        assert (await boxed.ask("installation", Installation)).fingerprint == pair.fingerprint


async def test_what_is_sealed_is_delivered_without_a_patient_and_then_gone(house: House) -> None:
    boxed = house.hub
    async with boxed.running():
        await boxed.do("claim", hub=HUB, code=house.ward.code(HUB))
        await boxed.until("claimed")
        await boxed.do("assign", words=HERON.words, digits=HERON.digits)
        await boxed.until("assigned")
        await boxed.until_it(lambda found: found.unsent > 0)
        unsent = await refused(boxed, "release")
        assert unsent.key == "unsent"
        assert "Copper Heron" in unsent.sentence
        await boxed.do("release", seal=True)
        await boxed.until("claimed")
        (leaving,) = installation.read(boxed.data).leaving
        assert leaving.upto > 0
        assert (await refused(boxed, "forget")).key == "still-leaving"

        await house.consumer.start()
        await boxed.until_it(lambda found: found.unsent == 0)
        async with asyncio.timeout(90):
            while installation.read(boxed.data).leaving:  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.1)
        assert (await boxed.stands()).patient is None
        referrals = Referrals(house.ward.authority.register)
        assert referrals.of(HERON.slug).state == "ended", "the ward was told"
        await boxed.do("assign", words=DOLPHIN.words, digits=DOLPHIN.digits)
        assert (await boxed.until("assigned")).patient == DOLPHIN.words


async def test_what_came_while_the_hub_went_down_is_cleared_away_too(tmp_path: Path) -> None:
    """A device that is being read when its patient is released is read to its end (H02)."""
    boxed = Boxed(tmp_path)
    store = Store.open(boxed.data / "wardgate.db", boxed.clock)
    journal = Journal(HUB, boxed.clock, store.put_event, lambda _: None)
    for name in ("before", "after"):
        journal.tell("noted", "info", f"A fact from {name} the release.")
    await store.put_detector_state("watch/a-1/weight", b"written when the program stopped")
    await store.mark_done(store.last_seq)
    leaving = Leaving(assignment="a-1", upto=store.last_seq - 1, memory=False)
    await store.close()
    installation.keep(boxed.data, Record(revision=9, stage="claimed", hub=HUB, leaving=(leaving,)))
    async with boxed.running():
        async with asyncio.timeout(90):
            while installation.read(boxed.data).leaving:  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.05)
    store = Store.open(boxed.data / "wardgate.db", boxed.clock)
    assert store.detector_state("watch/a-1/weight") is None
    assert store.read.messages_from(0, store.last_seq, 10) == []
    await store.close()


async def test_a_hub_that_its_file_names_is_only_locked(tmp_path: Path) -> None:
    boxed = Boxed(tmp_path, broker='[broker]\nhost = "127.0.0.1"\nport = 1\ntls = false\n')
    named = '[hub]\nid = "hub-1"\npatient = "P-1"\nassignment = "a-1"'
    boxed.file.write_text(boxed.file.read_text(encoding="utf-8").replace("[hub]", named), encoding="utf-8")
    async with boxed.running():
        found = await boxed.stands()
        assert (found.stage, found.by_file, found.patient) == ("assigned", True, "P-1")
        assert (found.can_claim, found.can_list) == (False, False)
        for method, params in (
            ("claim", {"hub": "hub-1", "code": "0000-0000-0000-0000"}),
            ("assign", {"words": HERON.words, "digits": HERON.digits}),
            ("release", {}),
            ("forget", {}),
        ):
            assert (await refused(boxed, method, **params)).key == "by-file"
        not_yet = await refused(boxed, "lock")
        assert not_yet.key == "not-yet"
        assert not_yet.sentence.endswith("There is no device yet. The limits were not read back.")


@pytest.mark.parametrize("content", [b"{}", b"", b"\0" * 300], ids=["another", "empty", "zeros"])
async def test_a_damaged_record_does_not_stop_a_hub_that_its_file_names(tmp_path: Path, content: bytes) -> None:
    """What its file says is enough: it goes on measuring."""
    boxed = Boxed(tmp_path, broker='[broker]\nhost = "127.0.0.1"\nport = 1\ntls = false\n')
    named = '[hub]\nid = "hub-1"\npatient = "P-1"\nassignment = "a-1"'
    boxed.file.write_text(boxed.file.read_text(encoding="utf-8").replace("[hub]", named), encoding="utf-8")
    (boxed.data / installation.NAME).write_bytes(content)
    async with boxed.running():
        found = await boxed.stands()
        assert (found.stage, found.by_file) == ("assigned", True)
