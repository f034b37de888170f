"""The ward opens the technician's page with a signed command, and what it does here is in the audit."""

from __future__ import annotations

import pytest

from tests.downlink.conftest import Home, Voice, events, until
from wardgate.contract.commands import OpenPage, TakeNote
from wardgate.contract.signing import PrivateKey
from wardgate.hub import Hub


def _lines(hub: Hub, what: str) -> list[tuple[str, str]]:
    return [(row.by, row.sentence) for row in hub.store.read.audit_rows(1000) if row.what == what]


async def test_open_page(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        answer = await voice.ask(home.command(OpenPage()), home.key)
        assert (answer.kind, answer.result, answer.sentence) == (
            "open-page",
            "done",
            "The technician's page is open for 30 minutes.",
        )
        window = hub.way_in.view()
        assert (window.open, window.opened_by) == (True, "ward")
        assert (home.directory / "page-open").exists()
        assert [by for by, _ in _lines(hub, "window-opened")] == ["ward"]
        ((by, sentence),) = _lines(hub, "command-done")
        assert by == "ward"
        assert "open-page" in sentence


@pytest.mark.parametrize("minutes", [0.0, -1.0, 61.0])
async def test_not_for_ever(home: Home, voice: Voice, minutes: float) -> None:
    async with home.hub() as hub:
        answer = await voice.ask(home.command(OpenPage(minutes=minutes)), home.key)
        assert (answer.result, hub.way_in.view().open) == ("refused", False)


async def test_nobody_else_opens_it(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        answer = await voice.ask(home.command(OpenPage()), PrivateKey.new("ward-1"))
        assert (answer.reason, hub.way_in.view().open) == ("forged", False)
        assert not (home.directory / "page-open").exists()


async def test_a_command_that_comes_twice_is_one_opening(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        envelope = home.key.envelope(home.command(OpenPage()))
        for _ in range(2):
            voice.say("command", envelope)
            await voice.answer()
        assert len(_lines(hub, "window-opened")) == 1


async def test_notes_configurations_and_acknowledgements_are_in_the_audit(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        await voice.ask(home.command(TakeNote(note="diuretic_up")), home.key)
        await voice.ask(home.configuration(1, limits={"no_such_limit": 1.0}), home.key)
        assert _lines(hub, "command-done")
        assert _lines(hub, "configuration-refused")
        assert _lines(hub, "therapy-note") == [("hub", "Noted at the hub: diuretic_up.")]
        assert _lines(hub, "hub-started")
    again = Hub(home.file(), clock=home.clock)
    await again.start()
    assert [by for by, _ in _lines(again, "hub-stopped")] == ["hub"]
    assert len(_lines(again, "hub-started")) == 2
    await again.stop()


async def test_the_ward_is_told_how_far_the_audit_goes(home: Home) -> None:
    async with home.hub() as hub:
        await until(hub, lambda: bool(events(hub, "audit-head")))
        (told,) = events(hub, "audit-head")
        head = hub.store.read.audit_head()
        assert isinstance(told.detail["number"], float | int)
        assert 1 <= told.detail["number"] <= head.number
        if told.detail["number"] == head.number:
            assert told.detail["seal"] == head.seal
        await hub.chronicle.tell_head()
        assert len(events(hub, "audit-head")) == 1, "once a day"
