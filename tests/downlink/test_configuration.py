"""The ward's configuration over the hub's file: checked whole, tried, kept, used from the next start, never older."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.downlink.conftest import ASSIGNMENT, PATIENCE_S, Home, Voice, events, retained, until
from tests.support.watching import make_reading
from wardgate import config
from wardgate.contract import topics
from wardgate.contract.commands import AlertSettings
from wardgate.contract.messages import State
from wardgate.contract.signing import PrivateKey
from wardgate.hub import Hub
from wardgate.mqtt import Link
from wardgate.overlay import NAME
from wardgate.ward.commands import configuration


async def _anew(hub: Hub) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await hub.anew.wait()


async def _published_hash(home: Home) -> str:
    """What the retained state says."""
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def take(_topic: str, payload: bytes) -> None:
        state = msgspec.json.decode(payload, type=State)
        if state.online and not heard.done():
            heard.set_result(state.config_hash)

    ear = Link(home.broker, "ear", on_message=take, session_expiry_s=0)
    await ear.open()
    ear.subscribe(topics.up("hub-1", "state"))
    async with asyncio.timeout(PATIENCE_S):
        found = await heard
    ear.close()
    return found


async def test_every_part_holds_from_the_next_start(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        before = hub.config.fingerprint()
        asked = home.configuration(
            5,
            limits={"gain_3_days_kg": 1.5, "systolic_low_mmhg": 95},
            pathways=["heart-failure"],
            cadences={"scale": 12},
            alerts=AlertSettings(raise_again_min=(3.0,), quiet_from="22:00", quiet_until="07:00"),
        )
        answer = await voice.ask(asked, home.key)
        assert (answer.result, answer.kind) == ("done", "configuration"), answer
        assert (answer.detail["version"], answer.detail["days"]) == (5, 14.0)
        assert hub.config.fingerprint() == before, "it holds as a whole, and from the next start"
        await _anew(hub)
    async with home.hub() as hub:
        watch = hub.config.watch
        assert (watch.weight.gain_3_days_kg, watch.pressure.systolic_low_mmhg) == (1.5, 95)
        assert watch.pathways == ("heart-failure",)
        assert hub.config.device[0].cadence_h == 12
        assert (hub.config.alerts.raise_again_min, hub.config.alerts.quiet_from) == ((3.0,), "22:00")
        assert hub.config.fingerprint() == answer.detail["config_hash"] == await _published_hash(home)
        assert hub.watcher.plan.limit("gain_3_days_kg") == 1.5
        (told,) = events(hub, "configuration-applied")
        assert (told.detail["version"], told.detail["config_hash"]) == (5, answer.detail["config_hash"])
    async with home.hub() as hub:
        assert len(events(hub, "configuration-applied")) == 1, "told once"


async def test_a_part_that_is_not_given_stays_and_a_part_can_be_taken_back(home: Home, voice: Voice) -> None:
    said: list[dict[str, Any]] = [
        {"limits": {"gain_3_days_kg": 1.5}, "pathways": ["copd"]},
        {"pathways": []},
        {"revert": ["limits"]},
    ]
    for version, parts in enumerate(said, start=1):
        async with home.hub() as hub:
            assert (await voice.ask(home.configuration(version, **parts), home.key)).result == "done"
            await _anew(hub)
            if version == 2:
                assert hub.overlay.config.watch.weight.gain_3_days_kg == 1.5
                assert hub.overlay.config.watch.pathways == ()
    async with home.hub() as hub:
        assert hub.config.watch == hub.overlay.config.watch == home.file().watch
        assert len(hub.overlay.record.envelopes) == 2, "what has been replaced wholly is not kept"


BAD: dict[str, dict[str, Any]] = {
    "gain_3_day_kg": {"limits": {"gain_3_day_kg": 1.5}},
    "0.2 to 20": {"limits": {"gain_3_days_kg": 2000}},
    "no pathway `copd-2`": {"pathways": ["copd-2"]},
    "`cuff` is no device": {"cadences": {"cuff": 12}},
    "0.25 to 744 hours, not 0.": {"cadences": {"scale": 0}},
    "10 at most, not 1440": {"alerts": {"raise_again_min": [float(minute) for minute in range(1, 1441)]}},
    "target_low_pct has to be below": {"limits": {"target_low_pct": 95, "target_high_pct": 90}},
    "quiet_from and quiet_until": {"alerts": {"quiet_from": "22:00"}},
    "alerts.an_hour": {"alerts": {"an_hour": 0}},
    "It says nothing": {},
    "set and taken back": {"pathways": ["copd"], "revert": ["pathways"]},
    "is no base64": {"command_keys": ["ward-1:not base64!"]},
    "anybody could sign for it": {"command_keys": [f"ward-0:{base64.b64encode(bytes(32)).decode()}"]},
    "has to stay": {"command_keys": [str(PrivateKey.new("ward-9").public())]},
}


@pytest.mark.parametrize("words", BAD)
async def test_one_that_cannot_be_used_changes_nothing(home: Home, voice: Voice, words: str) -> None:
    async with home.hub() as hub:
        before = hub.config.fingerprint()
        answer = await voice.ask(home.configuration(1, **BAD[words]), home.key)
        assert (answer.result, answer.reason) == ("refused", "invalid")
        assert words in answer.sentence
        await until(hub, lambda: bool(events(hub, "configuration-refused")))
        assert not hub.anew.is_set()
        assert not (hub.config.data_dir / NAME).exists()
        assert hub.overlay.config.fingerprint() == before
        # The version is not used up: the mended one may have it.
        assert (await voice.ask(home.configuration(1, pathways=["copd"]), home.key)).result == "done"


async def test_there_is_no_way_back(home: Home, voice: Voice) -> None:
    """Neither by an older version, nor by the same one, nor when the file with the configuration is lost."""
    async with home.hub() as hub:
        old = home.configuration(6, pathways=[])
        assert (await voice.ask(home.configuration(7, pathways=["copd"]), home.key)).result == "done"
        for version in (old, home.configuration(7, pathways=["frailty"])):
            answer = await voice.ask(version, home.key)
            assert (answer.result, answer.reason, answer.detail["version"]) == ("refused", "older-version", 7)
        await until(hub, lambda: len(events(hub, "configuration-refused")) == 2)
    (home.file().data_dir / NAME).unlink()
    async with home.hub() as hub:
        assert hub.config.watch.pathways == ()
        assert "missing" in events(hub, "configuration-refused")[-1].sentence
        assert (await voice.ask(home.configuration(6, pathways=[]), home.key)).reason == "older-version"


async def test_a_damaged_file_is_told_and_the_hub_runs_on_its_own(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        assert (await voice.ask(home.configuration(7, pathways=["copd"]), home.key)).result == "done"
        await _anew(hub)
    file = home.file().data_dir / NAME
    assert file.stat().st_mode & 0o777 == 0o600
    whole = file.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole.replace(b'"version":7', b'"version":9'), b"\x00" * len(whole)):
        file.write_bytes(damaged)
        async with home.hub() as hub:
            assert hub.config.watch.pathways == ()
            assert "damaged" in events(hub, "configuration-refused")[-1].sentence
    file.write_bytes(whole)
    async with home.hub() as hub:
        assert hub.config.watch.pathways == ("copd",)


async def test_another_patient_never_gets_the_limits_of_the_one_before(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        answer = await voice.ask(home.configuration(7, limits={"gain_3_days_kg": 1.5}), home.key)
        assert answer.result == "done"
        await _anew(hub)
    next_patient = msgspec.structs.replace(home.file().hub, assignment="a-2", patient="Amber Wren 7")
    async with home.hub(hub=next_patient) as hub:
        assert hub.config.watch.weight.gain_3_days_kg is None
        assert "another assignment" in events(hub, "configuration-refused")[-1].sentence
        old = await voice.ask(home.configuration(8, pathways=["copd"]), home.key)
        assert old.reason == "other-assignment"
        new = configuration("hub-1", "a-2", 8, pathways=["copd"])
        assert (await voice.ask(new, home.key)).result == "done"
        await _anew(hub)
    async with home.hub(hub=next_patient) as hub:
        assert hub.config.watch.weight.gain_3_days_kg is None
        assert hub.config.watch.pathways == ("copd",)
        assert events(hub, "configuration-applied")[-1].detail["version"] == 8


async def test_it_is_tried_on_the_last_days_and_only_tried(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        for days, kg in ((2, 78.0), (1, 79.3)):
            taken = home.clock.utc() - timedelta(days=days)
            reading = make_reading("weight", taken, weight=kg)
            reading = msgspec.structs.replace(reading, assignment=ASSIGNMENT, patient="Copper Heron 93")
            await hub.store.put_reading(reading, arrival_s=hub.clock.boottime_s())
        asked = home.configuration(3, limits={"gain_3_days_kg": 1.0}, only_try=True)
        answer = await voice.ask(asked, home.key)
        assert answer.result == "done"
        assert (answer.detail["readings"], answer.detail["would_tell"], answer.detail["did_tell"]) == (2, 1, 0)
        assert "New: 1 weight-gain." in answer.sentence
        assert not hub.anew.is_set()
        assert hub.overlay.version == 0
        assert (await voice.ask(home.configuration(3, pathways=["copd"]), home.key)).result == "done"


async def test_an_open_alert_outlives_a_new_configuration(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        for days, kg in ((2, 78.0), (0, 81.0)):
            taken = home.clock.utc() - timedelta(days=days)
            reading = make_reading("weight", taken, weight=kg)
            reading = msgspec.structs.replace(reading, assignment=ASSIGNMENT, patient="Copper Heron 93")
            await hub.store.put_reading(reading, arrival_s=hub.clock.boottime_s())
            await hub.watcher.on_reading(reading)
        (raised,) = hub.store.open_alerts()
        assert (await voice.ask(home.configuration(1, pathways=["heart-failure"]), home.key)).result == "done"
        await _anew(hub)
    async with home.hub() as hub:
        assert raised.id in [alert.id for alert in hub.store.open_alerts()]
        assert raised.id in [episode.alert.id for episode in hub.watcher.episodes()]


async def test_a_key_is_followed_by_another(home: Home, voice: Voice) -> None:
    """The new one is brought by the old one, proves itself, and only then takes the old one back."""
    second = PrivateKey.new("ward-2")
    old, new = str(home.key.public()), str(second.public())
    async with home.hub() as hub:
        assert (await voice.ask(home.configuration(1, pathways=["copd"]), second)).reason == "unknown-key"
        assert (await voice.ask(home.configuration(1, command_keys=[old, new]), home.key)).result == "done"
        await _anew(hub)
    async with home.hub() as hub:
        assert (await voice.ask(home.configuration(2, command_keys=[new]), home.key)).reason == "invalid"
        assert (await voice.ask(home.configuration(2, command_keys=[new]), second)).result == "done"
        await _anew(hub)
    async with home.hub() as hub:
        assert hub.config.ward.command_keys == (new,)
        assert (await voice.ask(home.configuration(3, pathways=["copd"]), home.key)).reason == "unknown-key"
        assert (await voice.ask(home.configuration(3, pathways=["copd"]), second)).result == "done"


async def test_a_retained_configuration_is_used_once_and_quietly(home: Home, voice: Voice) -> None:
    """So a hub that was away for long finds it."""
    async with home.hub():
        pass
    kept = home.key.envelope(home.configuration(4, pathways=["copd"]))
    async with retained(home.broker, topics.down("hub-1", "config"), kept):
        async with home.hub() as hub:
            assert (await voice.answer()).result == "done"
            await _anew(hub)
        async with home.hub() as hub:
            assert hub.config.watch.pathways == ("copd",)
            last = await voice.ask(home.configuration(4, pathways=[]), home.key)
            assert last.reason == "older-version", "the retained one came first and got no answer"
            assert not hub.anew.is_set()
            assert [e.detail["reason"] for e in events(hub, "configuration-refused")] in ([], ["older-version"])


def test_the_ward_cannot_touch_the_broker_the_ids_or_the_secrets() -> None:
    """There is no word for it."""
    fields = {field.name for field in msgspec.structs.fields(configuration("h", "a", 1))}
    assert fields.isdisjoint({"broker", "radio", "page", "device", "data_dir", "control_socket", "patient"})
    with pytest.raises(msgspec.ValidationError):
        configuration("h", "a", 1, broker={"host": "elsewhere"})
    assert json.loads(msgspec.json.encode(config.Ward())) == {"command_keys": []}
