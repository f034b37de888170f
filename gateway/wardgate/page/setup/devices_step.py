"""Step 3: the devices are found, added, paired and looked at."""

from __future__ import annotations

from typing import Final

from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Added, Installation, Model, Nearby
from wardgate.page.setup.devices_view import (
    DevicesView,
    InTheAir,
    device_step,
    devices_view,
    full_name,
    is_offered,
    long_noun,
    needs_pairing,
    noun,
    passkey_of,
)
from wardgate.page.setup.step import NoSuchPage, Shown, Visit

_ORDER: Final = "devices-in-order"
"""In the session's draft: the devices in the air in the order in which they were first shown."""
_MOST_INDEX: Final = 0xFFFFFFFF
_MOST_DIGITS: Final = 10
FIELDS: Final = {
    "six-digits": "passkey",
    "no-pairing-waits": "passkey",
    "wrong-passkey": "passkey",
    "choose-model": "model",
    "user-number": "user",
    "consent-code": "consent",
}


class DevicesStep:
    """`/setup/devices`: the list; `/{id}`: one device; `/add/{part}`: what has to be said before one is added."""

    number: Final = 3
    name: Final = "devices"
    title: Final = "Add the devices"

    async def show(self, visit: Visit) -> Shown:
        """See `Step.show`."""
        match visit.path:
            case ():
                return await _list(visit)
            case ("add", part):
                return _questions(_found(await _look(visit), part))
            case (device,):
                return _device(_of(visit.seen, device))
            case (device, "remove"):
                return _removal(_of(visit.seen, device))
        raise NoSuchPage

    async def act(self, visit: Visit, act: str) -> str:
        """See `Step.act`."""
        match visit.path, act:
            case (), "look":
                visit.session.draft.pop(_ORDER, None)
                return "/setup/devices"
            case ((), "add") | (("add", _), "add"):
                return await _add(visit)
            case (device,), _:
                return await _act_on(visit, _of(visit.seen, device), act)
            case (device, "remove"), "remove":
                return await _remove(visit, _of(visit.seen, device))
        raise NoSuchPage


async def _look(visit: Visit) -> DevicesView:
    nearby = await visit.ask("nearby", tuple[Nearby, ...])
    order = visit.session.draft.get(_ORDER, "").split(",")
    # An order matters while there is something in it that a finger may be near.
    kept = any(is_offered(near) and near.address in order for near in nearby)
    view = devices_view(visit.seen, nearby, order if kept else None)
    visit.session.draft[_ORDER] = view.shown
    return view


async def _list(visit: Visit) -> Shown:
    view = await _look(visit)
    return Shown(
        template="setup/steps_devices.html",
        title="Add the devices",
        said=view.said,
        context={"view": view},
        parts={"here": "setup/steps_devices_here.html", "air": "setup/steps_devices_air.html"},
    )


def _found(view: DevicesView, part: str) -> InTheAir:
    row = next((row for row in (*view.in_the_air, *view.something_else) if row.part == part), None)
    if row is None:
        raise NoSuchPage
    return row


def _of(seen: Installation, device: str) -> Added:
    found = next((added for added in seen.devices if added.id == device), None)
    if found is None:
        raise NoSuchPage
    return found


def _questions(row: InTheAir) -> Shown:
    return Shown(
        template="setup/steps_device_add.html",
        title="Say what it is" if row.serial else f"Add the {long_noun(row.kind)}",
        said=f"{row.name}. {row.heard}.",
        context={
            "row": row,
            "button_words": "Add it" if row.serial else row.button,
            "names": [(model.id, full_name(model), "") for model in row.models],
            "asks_user": any(model.needs_user for model in row.models),
            "asks_consent": any(model.needs_consent for model in row.models),
        },
        fields=FIELDS,
    )


def _device(device: Added) -> Shown:
    view = device_step(device)
    return Shown(
        template="setup/steps_device.html",
        title=view.heading,
        said=view.said,
        context={"view": view, "asks_number": view.asks_number or (device.model.passkey and needs_pairing(device))},
        parts={name: f"setup/steps_device_{name}.html" for name in ("heading", "wake", "state", "ticks")},
        fields=FIELDS,
    )


def _removal(device: Added) -> Shown:
    name = noun(device.model.kind)
    return Shown(
        template="setup/steps_device_remove.html",
        title=f"Remove the {long_noun(device.model.kind)}?",
        said=f"{full_name(device.model)}. What it has measured stays kept.",
        context={"noun": name, "id": device.id},
    )


async def _add(visit: Visit) -> str:
    part = visit.path[1] if visit.path else visit.form.get("near", "")
    row = _found(await _look(visit), part)
    if not visit.path and row.asks:
        return f"/setup/devices/add/{row.part}"
    model = model_of(row, visit.form.get("model", ""))
    where = {"port" if row.serial else "address": row.address}
    added = await visit.ask(
        "add_device", Added, model=model.id, revision=visit.revision, **where, **asked_numbers(visit, model)
    )
    visit.session.draft.pop(_ORDER, None)
    if needs_pairing(added):
        await _begin_pairing(visit, added)
    return f"/setup/devices/{added.id}"


async def _begin_pairing(visit: Visit, device: Added) -> None:
    """Whoever adds a device holds it in the hand. One that cannot be paired now has its button for later."""
    try:
        await visit.hub.do("pair_start", device=device.id, afresh=False)
    except ControlError as refused:
        # A hub that takes long to start anew with the device pairs it by itself as soon as it hears it.
        visit.session.said = "" if refused.key == "hub-away" else refused.sentence


def model_of(row: InTheAir, chosen: str) -> Model:
    """Which of the models that a device may be it is.

    Raises:
        ControlError: it was not said.
    """
    if len(row.models) == 1:
        return row.models[0]
    model = next((model for model in row.models if model.id == chosen), None)
    if model is None:
        what_to_do = "Choose the name that stands on the device."
        raise ControlError("choose-model", "More than one model answers like this.", what_to_do)
    return model


def asked_numbers(visit: Visit, model: Model) -> dict[str, int]:
    """What was typed of the numbers that a device of this model has for its user.

    Raises:
        ControlError: it is no such number.
    """
    asked: dict[str, int] = {}
    if model.needs_user:
        asked["user_index"] = _number(visit, "user", "user-number", "Type the patient's number on this device.")
    if model.needs_consent:
        asked["consent_code"] = _number(
            visit, "consent", "consent-code", "Type the code that was chosen on this device.", most=9999
        )
    return asked


def _number(visit: Visit, name: str, key: str, what_to_do: str, most: int = _MOST_INDEX) -> int:
    text = visit.form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text) <= most):
        raise ControlError(key, "That is not a number this device knows.", what_to_do)
    return int(text)


async def _act_on(visit: Visit, device: Added, act: str) -> str:
    match act:
        case "pair":
            await visit.hub.do("pair_start", device=device.id)
        case "passkey":
            passkey = passkey_of(visit.form.get("passkey", ""))
            if passkey is None:
                name = noun(device.model.kind)
                what_to_do = f"Type the 6 digits the {name} shows now."
                raise ControlError("six-digits", "A number has 6 digits.", what_to_do)
            await visit.hub.do("passkey", device=device.id, passkey=passkey)
        case "no-number":
            visit.session.said = (await visit.hub.do("no_number", device=device.id)).sentence
        case _:
            raise NoSuchPage
    return f"/setup/devices/{device.id}"


async def _remove(visit: Visit, device: Added) -> str:
    visit.session.said = (await visit.do("remove_device", device=device.id)).sentence
    visit.session.draft.pop(_ORDER, None)
    return "/setup/devices"
