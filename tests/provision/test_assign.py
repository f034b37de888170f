"""From the box to a patient: with a real enrolment endpoint, a real broker with TLS, and the hub's own socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.support.authority import Ward
from tests.support.boxed import HUB, Boxed
from tests.support.shipped_broker import ShippedBroker
from wardgate.config import load
from wardgate.contract.assigning import Ask, Assigned, Offered
from wardgate.contract.pseudonym import Pseudonym
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Audit, Installation, Window
from wardgate.provision.stages import locked, unlocked, without_patient
from wardgate.ward.referrals import Referrals

HERON = Pseudonym("copper", "heron")


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    made = Ward(tmp_path / "ward")
    Referrals(made.authority.register).add(
        HERON,
        pathways=["heart-failure"],
        kinds=("scale", "cuff"),
        phone="0116 000 0000",
        limits={"gain_3_days_kg": 1.5},
    )
    return made


@pytest.fixture
async def boxed(tmp_path: Path, ward: Ward) -> AsyncIterator[Boxed]:
    broker = ShippedBroker(tmp_path / "broker", ward)
    await asyncio.to_thread(broker.start)
    try:
        async with ward.endpoint() as port:
            way = f'[broker]\nhost = "localhost"\nport = {broker.port}\nca_file = "{ward.ca}"\n'
            one = Boxed(tmp_path, ward, port, way)
            async with one.running():
                yield one
    finally:
        await asyncio.to_thread(broker.stop)


async def refused(boxed: Boxed, method: str, **params: object) -> str:
    with pytest.raises(ControlError) as caught:
        await boxed.do(method, **params)
    assert caught.value.sentence.endswith(".")
    assert caught.value.what_to_do
    return caught.value.key


async def test_out_of_the_box_to_a_patient_and_back(boxed: Boxed, ward: Ward) -> None:
    found = await boxed.stands()
    assert (found.stage, found.hub, found.can_claim, found.revision) == ("factory", None, True, 0)
    assert [missing.key for missing in found.missing] == ["claim"]
    assert await refused(boxed, "assign", words="Copper Heron", digits=HERON.digits) == "not-claimed"
    assert await refused(boxed, "release") == "no-patient"

    said = await boxed.do("claim", code=f"{HUB} {ward.code(HUB).lower()}")
    assert said == f"The hub is claimed as {HUB}."
    found = await boxed.until("claimed")
    assert found.hub == HUB
    assert await boxed.do("claim", hub=HUB, code="0000-0000-0000-0000") == said, "done once, answered alike"

    (offered,) = await boxed.ask("patients", tuple[Offered, ...])
    assert (offered.words, offered.kinds) == ("Copper Heron", ("scale", "cuff"))
    wrong = f"{(int(HERON.digits) + 1) % 97:02}"
    assert await refused(boxed, "choose", words="Copper Heron", digits=wrong) == "wrong-digits"
    assert await refused(boxed, "assign", words="Copper Heron", digits=wrong) == "wrong-digits"
    assert await refused(boxed, "assign", words="Copper Heron", digits=HERON.digits, revision=0) == "stale"
    assert await refused(boxed, "assign", words="Silver Dolphin", digits="00") == "wrong-digits"

    chosen = await boxed.ask("choose", Offered, words="copper  heron", digits=HERON.digits)
    assert chosen == offered
    twice = (boxed.do("assign", words="Copper Heron", digits=HERON.digits) for _ in range(2))
    assert set(await asyncio.gather(*twice)) == {"The hub is Copper Heron's."}
    found = await boxed.until("assigned")
    assert (found.patient, found.pathways, found.phone) == ("Copper Heron", ("heart-failure",), "0116 000 0000")
    assert {missing.key for missing in found.missing} == {"device-scale", "device-cuff", "limits"}
    config = load(boxed.file)
    assert (config.hub.patient, config.hub.id) == (HERON.slug, HUB)
    assert config.watch.weight.gain_3_days_kg == 1.5
    assert config.hub.since is not None
    assert await refused(boxed, "lock") == "not-yet"
    assert await refused(boxed, "forget") == "has-patient"
    assert await refused(boxed, "claim", hub="other-1", code="0000-0000-0000-0000") == "claimed-already"

    audit = await boxed.ask("audit", Audit, limit=100)
    acts = [entry.what for entry in audit.entries if entry.what in ("claimed", "assigned")]
    assert acts == ["assigned", "claimed"], "each act once"
    assert audit.broken_at is None


async def test_the_ward_accepts_the_hub_once_it_is_claimed(boxed: Boxed, ward: Ward) -> None:
    def ticks(found: Installation) -> dict[str, str]:
        return {check.key: check.tick for check in found.checks}

    async def until(key: str, tick: str) -> Installation:
        return await boxed.until_it(lambda found: ticks(found)[key] == tick)

    await until("ward-reached", "good")
    await until("ward-accepts", "waiting")
    await boxed.do("claim", hub=HUB, code=ward.code(HUB))
    await boxed.until("claimed")
    found = await until("ward-accepts", "good")
    assert ticks(found)["clock"] == "good"


@pytest.mark.parametrize(
    "given",
    [
        {"assignment": "a/#"},
        {"assignment": "x" * 80},
        {"patient": ""},
        {"pathways": ("moon-sickness",)},
        {"limits": {"gain_3_days_kg": -4.0}},
        {"limits": {"target_low_pct": 95.0, "target_high_pct": 90.0}},
    ],
    ids=str,
)
async def test_what_no_hub_can_run_with_is_not_kept(
    boxed: Boxed, ward: Ward, monkeypatch: pytest.MonkeyPatch, given: dict[str, object]
) -> None:
    """Kept, it would leave a hub that starts no more, with nobody there to mend it (H17)."""
    sound = Referrals.assign

    def nonsense(self: Referrals, hub: str, ask: Ask) -> Assigned:
        return replace(sound(self, hub, ask), **given)

    await boxed.do("claim", hub=HUB, code=ward.code(HUB))
    await boxed.until("claimed")
    monkeypatch.setattr(Referrals, "assign", nonsense)
    assert await refused(boxed, "assign", words="Copper Heron", digits=HERON.digits) == "ward-not-understood"
    assert (await boxed.stands()).stage == "claimed"
    monkeypatch.setattr(Referrals, "assign", sound)
    await boxed.do("assign", words="Copper Heron", digits=HERON.digits)
    assert (await boxed.until("assigned")).patient == "Copper Heron"


async def test_without_a_broker_nobody_is_given_the_hub(tmp_path: Path, ward: Ward) -> None:
    """The ward is not even asked: for it the patient would have a hub that cannot reach it."""
    async with ward.endpoint() as port:
        boxed = Boxed(tmp_path, ward, port)
        async with boxed.running():
            await boxed.do("claim", hub=HUB, code=ward.code(HUB))
            await boxed.until("claimed")
            assert await refused(boxed, "assign", words="Copper Heron", digits=HERON.digits) == "no-broker"
    assert Referrals(ward.authority.register).of(HERON.slug).state == "waiting"


async def test_without_an_endpoint_the_referral_sheet_is_all(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("secret", encoding="utf-8")
    way = f'[broker]\nhost = "127.0.0.1"\nport = 1\ntls = false\nusername = "{HUB}"\npassword_file = "{password}"\n'
    boxed = Boxed(tmp_path, broker=way)
    text = boxed.file.read_text(encoding="utf-8").replace("[hub]", f'[hub]\nid = "{HUB}"')
    boxed.file.write_text(text, encoding="utf-8")
    async with boxed.running():
        found = await boxed.stands()
        assert (found.stage, found.hub, found.can_claim, found.can_list) == ("claimed", HUB, False, False)
        assert await refused(boxed, "patients") == "no-list"
        assert await refused(boxed, "assign", words="Copper Heron", digits="00") == "wrong-digits"
        assert await refused(boxed, "assign", words="Copper Herring", digits="00") == "unknown-word"
        await boxed.do("assign", words="Copper Heron", digits=HERON.digits, pathways=["copd"])
        assert (await boxed.until("assigned")).pathways == ("copd",)
        first = load(boxed.file).hub.assignment
        await boxed.do("release", seal=True)
        await boxed.until("claimed")
        await boxed.do("assign", words="Copper Heron", digits=HERON.digits)
        await boxed.until("assigned")
        assert load(boxed.file).hub.assignment != first, "another assignment, though it is the same patient"


async def test_it_is_being_set_up_while_the_pages_are_open_until_it_was_locked_once(boxed: Boxed, ward: Ward) -> None:
    """H01: whoever steps on the scale in front of a technician is not the patient."""
    await boxed.do("claim", hub=HUB, code=ward.code(HUB))
    await boxed.until("claimed")
    await boxed.do("assign", words=HERON.words, digits=HERON.digits)
    await boxed.until("assigned")
    setting_up = boxed.hub.setting_up
    assert not setting_up.being_set_up(), "nobody is there"
    await boxed.ask("open_window", Window, by="command")
    assert setting_up.being_set_up()
    desk = setting_up.desk
    desk.record = locked(desk.record, "assigned", ())
    assert not setting_up.being_set_up()
    desk.record = unlocked(desk.record, "locked")
    assert not setting_up.being_set_up(), "it is the patient's, whoever looks at it now"
    assert not without_patient(desk.record).handed_over
