"""`/setup/device/{id}`: a device once it is set up; `/test`, `/pair`, `/replace` and `/remove` ask before they act."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from wardgate.control.messages import DeviceView, Status
from wardgate.control.protocol import ControlError, Done
from wardgate.control.provisioning import Nearby
from wardgate.page.after.device_view import candidates, device_page
from wardgate.page.after.pages import Asked, has_patient
from wardgate.page.devices import TITLES
from wardgate.page.setup.devices_step import FIELDS, asked_numbers, model_of
from wardgate.page.setup.devices_view import InTheAir, full_name, noun
from wardgate.page.setup.step import NoSuchPage, Shown, Visit

_HERE: Final = "/setup/device"


class DevicePages:
    """All of them."""

    number: Final = 0
    name: Final = "device"
    title: Final = "Device"

    async def show(self, visit: Visit) -> Shown:
        """See `Step.show`."""
        device, status = await _of(visit)
        match visit.path[1:]:
            case ():
                return _page(device, status, visit)
            case ("test",):
                return _asked(device, visit, _test(device))
            case ("pair",) if device.bonded is not None:
                return _asked(device, visit, _pair(device))
            case ("remove",):
                return _asked(device, visit, _removal(device))
            case ("replace",):
                return await _list(device, visit)
            case ("replace", part):
                return _replacement(device, visit, await _found(device, visit, part))
        raise NoSuchPage

    async def act(self, visit: Visit, act: str) -> str:
        """See `Step.act`."""
        device, _ = await _of(visit)
        match visit.path[1:], act:
            case ("test",), "test":
                visit.session.said = (await visit.hub.do("test_begin", device=device.id)).sentence
                return "/setup/test"
            case ("pair",), "pair":
                visit.session.said = (await visit.hub.do("pair_start", device=device.id)).sentence
                return f"/setup/devices/{device.id}"
            case ("remove",), "remove":
                visit.session.said = (await visit.do("remove_device", device=device.id)).sentence
                return "/setup/status"
            case ("replace", part), "replace":
                return await _replace(device, visit, await _found(device, visit, part))
        raise NoSuchPage


async def _of(visit: Visit) -> tuple[DeviceView, Status]:
    if not visit.path or not has_patient(visit.seen):
        raise NoSuchPage
    status = await visit.ask("status", Status)
    found = next((device for device in status.devices if device.id == visit.path[0]), None)
    if found is None:
        raise NoSuchPage
    return found, status


def _page(device: DeviceView, status: Status, visit: Visit) -> Shown:
    view = device_page(device, status, visit.times)
    return Shown(
        template="after/device.html",
        title=TITLES[device.kind],
        said=view.found.said,
        context={"view": view, "at": f"{_HERE}/{device.id}"},
        parts={"device": "after/device_now.html"},
    )


def _asked(device: DeviceView, visit: Visit, asked: Asked) -> Shown:
    return Shown(
        template="after/asked.html",
        title=asked.question,
        said=asked.what_happens,
        context={"asked": replace(asked, unlock_first=asked.unlock_first and visit.seen.stage == "locked")},
    )


def _test(device: DeviceView) -> Asked:
    name = noun(device.kind)
    return Asked(
        act="test",
        question=f"Take a test reading with the {name}?",
        what_happens="The next reading is marked as a test. It is nobody's, and no alert comes of it.",
        yes="Begin the test",
        no="Not now",
        no_address=f"{_HERE}/{device.id}",
        unlock_first=True,
    )


def _pair(device: DeviceView) -> Asked:
    name = noun(device.kind)
    return Asked(
        act="pair",
        question=f"Pair the {name} again?",
        what_happens=f"Have the {name} in your hand. Its old pairing with this hub ends. Its memory stays.",
        yes="Pair it",
        no="Not now",
        no_address=f"{_HERE}/{device.id}",
    )


def _removal(device: DeviceView) -> Asked:
    name = noun(device.kind)
    return Asked(
        act="remove",
        question=f"Remove the {name}?",
        what_happens="The hub forgets it and its pairing. What it has measured stays kept.",
        yes=f"Remove the {name}",
        no="Keep it",
        no_address=f"{_HERE}/{device.id}",
        danger=True,
        unlock_first=True,
    )


async def _list(device: DeviceView, visit: Visit) -> Shown:
    name = noun(device.kind)
    is_locked = visit.seen.stage == "locked"
    rows = () if is_locked else candidates(visit.seen, await visit.ask("nearby", tuple[Nearby, ...]), device.kind)
    said = f"Choose the new {name}." if rows else f"No other {name} is heard yet. {device.wake}"
    return Shown(
        template="after/replace.html",
        title=f"Replace the {name}",
        said="This hub is locked. Unlock it first." if is_locked else said,
        context={"rows": rows, "noun": name, "at": f"{_HERE}/{device.id}", "locked": is_locked},
        parts={"air": "after/replace_air.html"},
    )


async def _found(device: DeviceView, visit: Visit, part: str) -> InTheAir:
    rows = candidates(visit.seen, await visit.ask("nearby", tuple[Nearby, ...]), device.kind)
    row = next((row for row in rows if row.part == part), None)
    if row is None:
        raise NoSuchPage
    return replace(row, models=tuple(model for model in row.models if model.kind == device.kind))


def _replacement(device: DeviceView, visit: Visit, row: InTheAir) -> Shown:
    name = noun(device.kind)
    return Shown(
        template="after/replace_this.html",
        title=f"Put this {name} in its place?",
        said=f"{row.name}. {row.heard}.",
        context={
            "row": row,
            "noun": name,
            "names": [(model.id, full_name(model), "") for model in row.models],
            "asks_user": any(model.needs_user for model in row.models),
            "asks_consent": any(model.needs_consent for model in row.models),
            "at": f"{_HERE}/{device.id}",
            "locked": visit.seen.stage == "locked",
        },
        fields=FIELDS,
    )


async def _replace(device: DeviceView, visit: Visit, row: InTheAir) -> str:
    model = model_of(row, visit.form.get("model", ""))
    where: dict[str, Any] = {"port" if row.serial else "address": row.address}
    done = await visit.ask(
        "replace_device",
        Done,
        device=device.id,
        model=model.id,
        revision=visit.revision,
        **where,
        **asked_numbers(visit, model),
    )
    visit.session.said = done.sentence
    try:
        await visit.hub.do("pair_start", device=device.id, afresh=False)
    except ControlError as refused:
        # Whoever replaces a device holds it in the hand; one that cannot be paired now has its button for later.
        visit.session.said = f"{done.sentence} {refused.sentence}"
    return f"/setup/devices/{device.id}"
