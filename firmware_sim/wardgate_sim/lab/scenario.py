"""What is played in the guest. Each step writes one line of JSON with what it found; the host's tests judge it.

Run by `wardgate_sim.lab.host.play`: python -m wardgate_sim.lab.scenario SHARE [STEP...]
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from wardgate.control.client import HubAway, connect
from wardgate.control.messages import Status
from wardgate_sim.lab import crowd
from wardgate_sim.lab.bluetoothd import bluez_bonds
from wardgate_sim.lab.guest import ADDRESSES, ARRIVAL_S, Guest, open_guest
from wardgate_sim.lab.host import noting

log: Final = logging.getLogger(__name__)

STEP_S: Final = 400.0
_HANG_S: Final = 200.0
"""For the hub to look, wait for an answer, end its scan, wait for BlueZ to come back, and be helped."""
_ANSWER_S: Final = 15.0
"""From a device that is paired to the hub's answer. Longer: the link broke, and the key is held again."""
_TRIES: Final = 5
"""With a device that forgot its bond. The hub believes the second failure; another kind of failure is none."""
_RADIO_LOST: Final = ("radio-lost", "radio-lost-over")
_MENDING: Final = ("radio-recovery", "radio-recovered")
Step = Callable[[Guest], Awaitable[dict[str, Any]]]


async def bond(guest: Guest) -> dict[str, Any]:
    """Cuff and scale in pairing mode, one after the other: the hub bonds with each."""
    for device in (guest.cuff, guest.scale):
        while not (await device.bonded_hosts() and device.address in await bluez_bonds()):
            await device.press_pairing_key()
            await device.asleep()
    return {
        "device_knows_hub": {d.name: bool(await d.bonded_hosts()) for d in (guest.cuff, guest.scale)},
        "hub_knows_device": await bluez_bonds(),
    }


async def receive(guest: Guest) -> dict[str, Any]:
    """One measurement with each device."""
    return await _measure(guest, {"systolic": 121.0, "diastolic": 79.0, "pulse": 66.0}, 78.40, 96.0)


async def bluetoothd_stopped(guest: Guest) -> dict[str, Any]:
    """BlueZ is restarted as an update of the system does it."""
    keys = await _device_keys(guest)
    await guest.bluetoothd.restart(signal.SIGTERM)
    found = await _measure(guest, {"systolic": 125.0, "diastolic": 81.0, "pulse": 70.0}, 78.60, 95.0)
    return {**found, "keys_kept": await _device_keys(guest) == keys}


async def bluetoothd_killed(guest: Guest) -> dict[str, Any]:
    """BlueZ dies in the middle of everything."""
    keys = await _device_keys(guest)
    await guest.bluetoothd.restart(signal.SIGKILL)
    found = await _measure(guest, {"systolic": 129.0, "diastolic": 84.0, "pulse": 72.0}, 78.80, 97.0)
    return {**found, "keys_kept": await _device_keys(guest) == keys}


async def link_lost(guest: Guest) -> dict[str, Any]:
    """The scale has three unsent results and walks out of range while it sends the second; then it comes back."""
    scale = guest.scale
    scale.store({"weight": 79.00})
    scale.store({"weight": 79.20})
    scale.faults.lose_link_after = 1
    scale.store({"weight": 79.40})
    errors: list[str] = []
    while not errors or scale.faults.lose_link_after:  # the link may also break sooner than that
        errors_before = len(scale.book.errors)
        scale.wake(scale.air_s)
        await scale.asleep()
        errors = scale.book.errors[errors_before:]
    unsent = len(scale.unsent)
    await scale.take({"weight": 79.60})
    await guest.arrive("scale")
    return {"lost": errors.count("link"), "unsent": unsent, **_weights(guest)}


async def forgotten_bond(guest: Guest) -> dict[str, Any]:
    """The cuff forgot the hub. The hub says so, keeps its own bond, and pairs again on a person's word."""
    cuff = guest.cuff
    await cuff.forget_bonds()
    found: dict[str, Any] = {"tries": 0}
    while not _lost(guest) and found["tries"] < _TRIES:
        found["tries"] += 1
        await cuff.take({"systolic": 133.0 + found["tries"], "diastolic": 86.0, "pulse": 74.0})
        await cuff.asleep()
        await _rest(guest)  # nobody measures twice in a few seconds
    await guest.witness.until(lambda: _lost(guest), ARRIVAL_S)
    event = next(e for e in guest.witness.told if e.code == "pairing-lost")
    found |= {"event_device": event.device, "event_what_to_do": event.what_to_do, "event_severity": event.severity}
    found["bonds_before_word"] = await bluez_bonds()
    found["readings_before_word"] = len(guest.witness.of("cuff"))
    async with connect(guest.control) as hub:
        paired = asyncio.create_task(hub.call("pair", device="cuff"))
        await _without_bond(ADDRESSES["cuff"])
        while not paired.done():
            await cuff.press_pairing_key()
            await cuff.asleep()
            await asyncio.wait({paired}, timeout=_ANSWER_S)
        found["answer"] = (await paired).sentence
    await cuff.take({"systolic": 137.0, "diastolic": 88.0, "pulse": 76.0})
    await guest.arrive("cuff")
    found["acknowledged_after"] = len(cuff.book.acknowledged)
    return found | {"bonds_after": await bluez_bonds(), "unsent_after": len(cuff.unsent)}


async def without_bluetoothd(guest: Guest) -> dict[str, Any]:
    """`wardgate doctor` beside the running hub, with BlueZ and without it. BlueZ stays away until the hub tells of it,
    and has its helper start it again: not before doctor has looked."""
    well = await _doctor(guest)
    async with guest.helper.at_hand:
        await guest.bluetoothd.stop(signal.SIGKILL)
        ill = await _doctor(guest)
    return {"well": well, "ill": ill, **await _recovered(guest)}


async def bluetoothd_hangs(guest: Guest) -> dict[str, Any]:
    """BlueZ is there and answers nothing, until the ladder has it restarted."""
    keys = await _device_keys(guest)
    guest.bluetoothd.freeze()
    found = await _recovered(guest)
    return {**found, **await _weigh(guest, 78.1), "keys_kept": await _device_keys(guest) == keys}


async def adapter_blocked(guest: Guest) -> dict[str, Any]:
    """Somebody blocks Bluetooth; the helper unblocks it."""
    await asyncio.to_thread(_block)
    found = await _recovered(guest)
    return {**found, **await _weigh(guest, 78.3)}


def _block() -> None:
    for switch in Path("/sys/class/rfkill").iterdir():
        if (switch / "type").read_text(encoding="ascii").strip() == "bluetooth":
            (switch / "soft").write_text("1", encoding="ascii")


async def adapter_pulled(guest: Guest) -> dict[str, Any]:
    """The adapter is pulled out and plugged in again."""
    await guest.adapter.unplug()
    while (state := (await _status(guest)).hub.radio.state) != "no-adapter":  # noqa: ASYNC110 - the hub's own view
        await asyncio.sleep(0.1)
    await guest.adapter.plug()
    return {"state": state, **await _weigh(guest, 78.7), "bonds": await bluez_bonds()}


async def _recovered(guest: Guest) -> dict[str, Any]:
    """Wait until the hub tells that its radio listens again; what it did."""
    witness, helped_before = guest.witness, len(guest.helper.helped)
    await witness.until(lambda: {*_RADIO_LOST, *_MENDING} <= set(witness.codes), _HANG_S)
    told = list(witness.told)
    return {
        "steps": [event.detail for event in told if event.code == "radio-recovery"],
        "recovered": [event.detail for event in told if event.code == "radio-recovered"],
        "helped": guest.helper.helped[helped_before:],
        "bonds": await bluez_bonds(),
    }


async def _weigh(guest: Guest, weight_kg: float) -> dict[str, Any]:
    await guest.scale.take({"weight": weight_kg})
    await guest.arrive("scale")
    return _weights(guest)


async def end(guest: Guest) -> dict[str, Any]:
    """The watchdog is fed; the hub stops when told to."""
    await guest.service.until_told("WATCHDOG=1", ARRIVAL_S)
    books = {
        name: {
            "taken": [_entry(taken.values) for taken in device.book.taken],
            "acknowledged": [_entry(taken.values) for taken in device.book.acknowledged],
            "errors": device.book.errors,
            "clock_offset_s": device.clock.offset_s,
        }
        for name, device in guest.devices.items()
    }
    return {"exit_status": await guest.service.stop(), "books": books}


STEPS: Final[dict[str, Step]] = {
    "bond": bond,
    "receive": receive,
    "bluetoothd-stopped": bluetoothd_stopped,
    "bluetoothd-killed": bluetoothd_killed,
    "link-lost": link_lost,
    "forgotten-bond": forgotten_bond,
    "without-bluetoothd": without_bluetoothd,
    "bluetoothd-hangs": bluetoothd_hangs,
    "adapter-blocked": adapter_blocked,
    "adapter-pulled": adapter_pulled,
    "passkey": crowd.passkey,
    "clashes": crowd.clashes,
    "rival": crowd.rival,
    "search-in-progress": crowd.search_in_progress,
    "strangers": crowd.strangers,
    "end": end,
}


async def _measure(guest: Guest, pressure: dict[str, float], weight_kg: float, spo2_pct: float) -> dict[str, Any]:
    """Measure with all three devices, one after the other as a person does, and wait for each at the ward."""
    seconds = {}
    for name, device, values in (
        ("cuff", guest.cuff, pressure),
        ("scale", guest.scale, {"weight": weight_kg}),
        ("oximeter", guest.oximeter, {"spo2": spo2_pct, "pulse": 68.0}),
    ):
        began_s = time.monotonic()
        await device.take(values)
        await guest.arrive(name)
        seconds[name] = round(time.monotonic() - began_s, 2)
    return {"seconds_to_ward": seconds, "at_ward": {n: len(guest.witness.of(n)) for n in guest.devices}}


async def _rest(guest: Guest) -> None:
    """Wait until the hub listens, the ward has all that it told, and nothing of its radio stands: no step takes what
    was left of the one before for its own."""
    while True:
        status = await _status(guest)
        if status.hub.radio.state == "listening" and not status.delivery.waiting and not _stands(guest):
            return
        await asyncio.sleep(0.2)


async def _status(guest: Guest) -> Status:
    """The hub's own view, however late it answers."""
    while True:
        with contextlib.suppress(HubAway):
            async with connect(guest.control) as hub:
                return await hub.status()
        await asyncio.sleep(0.2)


def _stands(guest: Guest) -> bool:
    """Whether the hub's radio is lost or being mended, as far as the ward was told. The hub says that it listens as
    soon as Bluetooth is on, which is before it says that it is over."""
    codes = [event.code for event in guest.witness.events]
    for begin, over in (_RADIO_LOST, _MENDING):
        last = next((code for code in reversed(codes) if code in (begin, over)), over)
        if last == begin:
            return True
    return False


async def _without_bond(address: str) -> None:
    """Wait until BlueZ has let go of this bond."""
    while address in await bluez_bonds():  # noqa: ASYNC110 - the state of another process
        await asyncio.sleep(0.05)


def _weights(guest: Guest) -> dict[str, Any]:
    return {"weights_at_ward": [reading.quantities[0].value for reading in guest.witness.of("scale")]}


def _lost(guest: Guest) -> bool:
    return "pairing-lost" in guest.witness.codes


def _entry(values: Any) -> dict[str, float]:
    return dict(values)


async def _device_keys(guest: Guest) -> dict[str, list[str]]:
    """Every key the devices hold: a new pairing would change them."""
    found = {}
    for device in (guest.cuff, guest.scale):
        keys = await device.gatt.keystore.get_all() if device.gatt.keystore else []
        found[device.name] = [f"{name} {kept.ltk.value.hex() if kept.ltk else ''}" for name, kept in keys]
    return found


async def _doctor(guest: Guest) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "wardgate", "doctor", "--json", "--config", guest.config_file),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    checks = {check["name"]: check for check in json.loads(told)}
    return {"exit_status": process.returncode, "checks": checks}


async def play(share: Path, names: list[str]) -> bool:
    """Play these steps, or all. Whether each came to its end."""
    began_s, well = time.monotonic(), True
    with noting(share) as note:
        async with open_guest(share) as guest:
            note("boot", began_s, {})
            for name in names or STEPS:
                log.info("step %s", name)
                step_began_s = time.monotonic()
                try:
                    async with asyncio.timeout(STEP_S):
                        await _rest(guest)
                        guest.witness.begin_step()
                        found = await STEPS[name](guest)
                        if name != "end":
                            await _rest(guest)
                except Exception as error:  # the boundary: the next step may still tell something
                    log.exception("step %s", name)
                    found, well = {"error": f"{type(error).__name__}: {error}"}, False
                note(name, step_began_s, {**found, "codes": guest.witness.codes})
    return well


def main() -> int:
    """Exit status 0 when every step came to its end."""
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)7d %(name)s: %(message)s")
    for chatty in ("bumble", "dbus_fast"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    return 0 if asyncio.run(play(Path(sys.argv[1]), sys.argv[2:])) else 1


if __name__ == "__main__":
    sys.exit(main())
