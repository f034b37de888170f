"""Sessions with simulated devices of the standard profiles, each model with its own faults: GATT over the radio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakDBusError

from tests.support.ear import Ear
from wardgate.capture.radio import RadioBackend
from wardgate_drivers.link.errors import ConsentError, RefusedError
from wardgate_drivers.link.gatt import Ending, SessionEnd, run_session
from wardgate_drivers.link.sink import Consent
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome
from wardgate_drivers.model.lookup import by_id
from wardgate_sim.backend import open_hub
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.and_medical import AndCuff, AndDevice
from wardgate_sim.firmware.choicemmed_md300 import ChoiceMmedMd300
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.heart_belt import HeartBelt
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.firmware.standard_cuffs import AndCuff656, AndCuff1200, BeurerBm77, BeurerBm85, OmronStandard
from wardgate_sim.firmware.standard_scales import BeurerScale, DetectoScale, RenphoScale
from wardgate_sim.firmware.thermometers import AndThermometer, BeurerFt95
from wardgate_sim.radio import Link

ADDRESS = "F0:00:00:00:00:01"
NOON = Civil(2026, 11, 21, 12, 0, 0)
PRESSURE = {"systolic": 135.0, "diastolic": 82.0, "pulse": 72.0}

Start = Callable[[Peripheral], Awaitable[None]]


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def clock() -> DeviceClock:
    return DeviceClock(lambda: NOON.civil_s, offset_s=-90.0)


@pytest.fixture
async def radio(link: Link) -> AsyncIterator[RadioBackend]:
    async with open_hub(link) as backend:
        yield backend


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    started: list[Peripheral] = []

    async def go(device: Peripheral) -> None:
        await device.start()
        started.append(device)

    yield go
    for device in started:
        await device.stop()


async def connect(radio: RadioBackend, device: Peripheral, *, pair: bool = False) -> BleakClient:
    assert radio.scanner is not None
    found = await BleakScanner.find_device_by_address(device.address, timeout=30, backend=radio.scanner)
    assert found is not None
    client = BleakClient(found, pair=pair, timeout=30, backend=radio.client)
    await client.connect()
    return client


async def talk(radio: RadioBackend, device: Peripheral, ear: Ear, *, pair: bool = False) -> SessionEnd:
    model = by_id(device.MODEL)
    assert model is not None
    client = await connect(radio, device, pair=pair)
    try:
        return await run_session(model, client, ear)
    finally:
        await client.disconnect()


def reads_the_code(radio: RadioBackend, device: Peripheral) -> None:
    """A person reads the code off the device and types it."""
    assert radio.ask_passkey is not None
    radio.ask_passkey(lambda _address: device.passkey_shown())


def values(measurements: list[Measurement]) -> list[dict[str, float]]:
    return [{q.name: q.value for q in m.quantities} for m in measurements]


async def test_bm77_gives_the_whole_memory_of_both_users_each_time(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    cuff = BeurerBm77(link, ADDRESS, clock)
    await start(cuff)
    cuff.store({**PRESSURE, "user": 2})
    await cuff.take(PRESSURE)
    assert (await talk(radio, cuff, ear)).ending is Ending.HUNG_UP
    await cuff.take(PRESSURE)
    assert (await talk(radio, cuff, ear)).measurements == 3
    assert [m.user_index for m in ear.measurements] == [2, 1, 2, 1, 1]
    # Its mean of 0 is none, and nobody sets its clock.
    assert values(ear.measurements[1:2]) == [PRESSURE]
    assert (ear.clocks_set, clock.offset_s) == ([], -90.0)


async def test_newer_bm77_refuses_until_it_is_paired_with_the_code_it_shows(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    cuff = BeurerBm77(link, ADDRESS, clock, wants_code=True)
    await start(cuff)
    await cuff.take(PRESSURE)
    with pytest.raises(RefusedError, match="Pair it"):
        await talk(radio, cuff, ear)
    reads_the_code(radio, cuff)
    assert (await talk(radio, cuff, ear, pair=True)).measurements == 1
    await cuff.asleep()
    await cuff.take(PRESSURE)
    assert (await talk(radio, cuff, ear)).measurements == 2


async def test_wrong_code_makes_no_bond(link: Link, clock: DeviceClock, radio: RadioBackend, start: Start) -> None:
    cuff = BeurerBm85(link, ADDRESS, clock)
    await start(cuff)
    await cuff.take(PRESSURE)

    async def mistypes(_address: str) -> int:
        return (await cuff.passkey_shown() + 1) % 1_000_000

    assert radio.ask_passkey is not None
    assert radio.bonded is not None
    radio.ask_passkey(mistypes)
    with pytest.raises(BleakDBusError, match="Authentication"):
        await connect(radio, cuff, pair=True)
    assert not await radio.bonded(ADDRESS)
    assert await cuff.bonded_hosts() == []


async def test_nobody_who_types_the_code_makes_no_bond(
    link: Link, clock: DeviceClock, radio: RadioBackend, start: Start
) -> None:
    cuff = BeurerBm85(link, ADDRESS, clock)
    await start(cuff)
    await cuff.take(PRESSURE)
    with pytest.raises(BleakDBusError, match="Authentication"):
        await connect(radio, cuff, pair=True)
    assert await cuff.bonded_hosts() == []


async def test_bm85_is_read_the_other_way_round(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    cuff = BeurerBm85(link, ADDRESS, clock)
    await start(cuff)
    reads_the_code(radio, cuff)
    await cuff.take({**PRESSURE, "user": 0})
    assert (await talk(radio, cuff, ear, pair=True)).measurements == 1
    assert ear.measurements[0].outcome is Outcome.DECODE
    assert (values(ear.measurements), ear.measurements[0].user_index) == ([PRESSURE], 0)
    assert ear.clocks == [DeviceTime.of(2026, 11, 21, 11, 58, 30)]
    assert clock.now() == NOON


async def test_bm85_is_not_subscribed_to_too_soon(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    """The cuff counts from its last answer to a fresh host here, so that only the session's own wait can help."""
    cuff = BeurerBm85(link, ADDRESS, clock)
    await start(cuff)
    reads_the_code(radio, cuff)
    await cuff.take(PRESSURE)
    client = await connect(radio, cuff, pair=True)
    cuff.deaf_from_now()
    model = by_id(cuff.MODEL)
    assert model is not None
    async with asyncio.timeout(30):
        assert (await run_session(model, client, ear)).measurements == 1
    await client.disconnect()


async def test_omron_forgets_only_what_is_safe(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    cuff = OmronStandard(link, ADDRESS, clock)
    await start(cuff)
    reads_the_code(radio, cuff)
    ear.hold = True
    cuff.store(PRESSURE)
    await cuff.take({**PRESSURE, "systolic": 141.0})
    talking = asyncio.create_task(talk(radio, cuff, ear, pair=True))
    await ear.heard.wait()
    cuff.lose_link()
    ear.commits[0].set_result(None)
    assert (await talking).measurements == 1
    assert len(cuff.memory) == 2
    ear.hold = False
    # It stays awake, and gives what was not confirmed to the next connection.
    assert (await talk(radio, cuff, ear)).measurements == 2
    assert cuff.memory == []
    assert clock.now() == NOON


async def test_omron_without_a_code(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    cuff = OmronStandard(link, ADDRESS, clock, wants_code=False)
    await start(cuff)
    await cuff.take(PRESSURE)
    assert (await talk(radio, cuff, ear)).measurements == 1


@pytest.mark.parametrize(
    ("firmware", "taken"),
    [
        (AndCuff656, PRESSURE),
        (AndCuff1200, PRESSURE),
        (AndThermometer, {"temperature": 37.2}),
    ],
)
async def test_the_other_and_devices(
    firmware: type[AndDevice],
    taken: dict[str, float],
    link: Link,
    clock: DeviceClock,
    radio: RadioBackend,
    ear: Ear,
    start: Start,
) -> None:
    device = firmware(link, ADDRESS, clock)
    await start(device)
    await device.press_pairing_key()
    await (await connect(radio, device, pair=True)).disconnect()
    await device.asleep()
    await device.take(taken)
    assert (await talk(radio, device, ear)).ending is Ending.HUNG_UP
    (measured,) = values(ear.measurements)
    assert {name: measured[name] for name in taken} == taken
    assert device.book.acknowledged == device.book.taken


@pytest.mark.parametrize(("firmware", "size_code"), [(AndCuff, 1), (AndCuff656, 2)])
async def test_cuff_that_keeps_nothing_is_given_room(
    firmware: type[AndCuff],
    size_code: int,
    link: Link,
    clock: DeviceClock,
    radio: RadioBackend,
    ear: Ear,
    start: Start,
) -> None:
    cuff = firmware(link, ADDRESS, clock, buffer_size_code=0)
    await start(cuff)
    await cuff.press_pairing_key()
    await (await connect(radio, cuff, pair=True)).disconnect()
    await cuff.asleep()
    for systolic in (130.0, 131.0):
        cuff.store({**PRESSURE, "systolic": systolic})
    await cuff.take(PRESSURE)
    assert (await talk(radio, cuff, ear)).measurements == 1
    assert cuff.buffer_size_code == size_code
    await cuff.asleep()
    for systolic in (132.0, 133.0):
        cuff.store({**PRESSURE, "systolic": systolic})
    await cuff.take(PRESSURE)
    assert (await talk(radio, cuff, ear)).measurements == 3


async def test_ua_1200_with_nothing_to_send(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    cuff = AndCuff1200(link, ADDRESS, clock)
    await start(cuff)
    await cuff.press_pairing_key()
    await (await connect(radio, cuff, pair=True)).disconnect()
    await cuff.asleep()
    cuff.idle()
    client = await connect(radio, cuff)
    model = by_id(cuff.MODEL)
    assert model is not None
    await run_session(model, client, ear)
    assert ear.measurements == []
    assert cuff.book.errors == []


async def test_bf720_lets_the_patient_in_and_tells_nobody_elses_weight(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    scale = BeurerScale(link, ADDRESS, clock)
    await start(scale)
    scale.codes[2] = 1111
    ear.patient = Consent(1, 3752)
    scale.store({"weight": 91.0, "user": 2.0})
    await scale.take({"weight": 72.35, "fat": 19.4})
    end = await talk(radio, scale, ear, pair=True)
    assert end == SessionEnd(Ending.HUNG_UP, measurements=2, rejected=0)
    weight, body = ear.measurements
    assert values([weight]) == [{"weight": 72.35}]
    assert body.channel is Channel.BODY_COMPOSITION
    assert {q.name: (q.value, q.unit) for q in body.quantities} == {
        "fat": (19.4, "%"), "muscle": (40.7, "%"), "soft_lean_mass": (pytest.approx(61.18, abs=0.01), "kg"),
        "water_mass": (43.25, "kg"), "impedance": (452.0, "ohm"), "basal_metabolism": (6879, "kJ"),
    }  # fmt: skip
    # The frame tells neither: they are those of the weight before it.
    assert (body.user_index, body.device_time) == (1, weight.device_time)
    assert ear.calls.index("clock") < ear.calls.index("clock_set") < ear.calls.index("measurement")


async def test_bf720_in_socks_still_gives_the_weight(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    scale = BeurerScale(link, ADDRESS, clock)
    await start(scale)
    ear.patient = Consent(1, 3752)
    await scale.take({"weight": 72.35})
    await talk(radio, scale, ear, pair=True)
    assert [m.outcome for m in ear.measurements] == [Outcome.DECODE]
    assert scale.memory == []


@pytest.mark.parametrize(
    ("patient", "sentence"),
    [
        (None, "Set user_index and consent_code"),
        (Consent(1, 1234), "user not authorized.*Check user_index and consent_code"),
        (Consent(3, 3752), "did not let the hub in as user 3"),
    ],
)
async def test_bf720_without_the_right_code_says_what_to_do(
    patient: Consent | None,
    sentence: str,
    link: Link,
    clock: DeviceClock,
    radio: RadioBackend,
    ear: Ear,
    start: Start,
) -> None:
    scale = BeurerScale(link, ADDRESS, clock)
    await start(scale)
    ear.patient = patient
    await scale.take({"weight": 72.35})
    with pytest.raises(ConsentError, match=sentence):
        await talk(radio, scale, ear, pair=True)
    assert len(scale.memory) == 1


async def test_renpho_counts_in_steps_of_50_g(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    scale = RenphoScale(link, ADDRESS, clock)
    await start(scale)
    await scale.take({"weight": 94.9})
    await talk(radio, scale, ear)
    assert values(ear.measurements) == [{"weight": 94.9}]
    assert scale.book.acknowledged == scale.book.taken


async def test_detecto_below_its_zero_is_no_reading(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    scale = DetectoScale(link, ADDRESS, clock)
    await start(scale)
    await scale.take({"weight": -0.4})
    await talk(radio, scale, ear)
    await scale.asleep()
    await scale.take({"weight": 74.7})
    await talk(radio, scale, ear)
    assert [m.outcome for m in ear.measurements] == [Outcome.NO_READING, Outcome.DECODE]
    assert ear.measurements[0].status == ("below-zero",)
    assert (values(ear.measurements[1:]), ear.measurements[1].device_time) == ([{"weight": 74.7}], None)


async def test_ft95_tells_fever_and_not_the_bath_water(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    thermometer = BeurerFt95(link, ADDRESS, clock)
    await start(thermometer)
    thermometer.store({"temperature": 37.0, "object": 1.0})
    await thermometer.take({"temperature": 38.6})
    await talk(radio, thermometer, ear)
    assert [m.outcome for m in ear.measurements] == [Outcome.NO_READING, Outcome.DECODE]
    assert ear.measurements[1].status == ("site-forehead", "fever")
    assert values(ear.measurements[1:]) == [{"temperature": 38.6}]
    assert thermometer.book.errors == []


async def test_ft95_without_a_subscription_shows_an_error(
    link: Link, clock: DeviceClock, radio: RadioBackend, start: Start
) -> None:
    thermometer = BeurerFt95(link, ADDRESS, clock, grace_s=1.0)
    await start(thermometer)
    await thermometer.take({"temperature": 38.6})
    await connect(radio, thermometer)
    await thermometer.asleep()
    assert thermometer.book.errors == ["host"]


@pytest.mark.parametrize("tells_contact", [False, True])
async def test_belt_gives_one_steady_rate(
    tells_contact: bool, link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    belt = HeartBelt(link, ADDRESS, clock, worn_s=2.0, frame_period_s=0.02, tells_contact=tells_contact)
    await start(belt)
    await belt.take({"heart_rate": 78.0})
    assert (await talk(radio, belt, ear)).measurements == 1
    assert values(ear.measurements) == [{"heart_rate": 78.0}]


async def test_choicemmed_is_dated_by_its_arrival_and_not_called_doubtful(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear, start: Start
) -> None:
    oximeter = ChoiceMmedMd300(link, ADDRESS, clock)
    await start(oximeter)
    assert (await oximeter.take({"spo2": 97.0, "pulse": 96.0})).device_time.year == 2017
    await talk(radio, oximeter, ear)
    (measurement,) = ear.measurements
    assert (measurement.device_time, ear.clocks_set) == (None, [])
    assert "measurement-ongoing" not in measurement.status
    assert values([measurement]) == [{"spo2": 97.0, "pulse": 96.0}]
