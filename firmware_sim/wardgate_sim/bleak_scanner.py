"""bleak's scanner on a bumble host."""

from __future__ import annotations

from typing import Any

from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner
from bleak.uuids import normalize_uuid_str
from bumble import core
from bumble.device import Advertisement, Device

from wardgate_sim.bluetooth_host import HubHost, uuid_text


class BumbleScanner(BaseBleakScanner):
    """bleak's scanner on a bumble host."""

    def __init__(
        self,
        host: HubHost,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str,
        **_: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._host = host

    async def start(self) -> None:
        """Scan, with nothing seen yet."""
        self.seen_devices = {}
        self._host.device.on(Device.EVENT_ADVERTISEMENT, self._heard)
        await self._host.scan(True)

    async def stop(self) -> None:
        """Scan no more."""
        self._host.device.remove_listener(Device.EVENT_ADVERTISEMENT, self._heard)
        await self._host.scan(False)

    def _heard(self, advertisement: Advertisement) -> None:
        data = _advertisement_data(advertisement)
        if not self.is_allowed_uuid(data.service_uuids):
            return
        key = advertisement.address.to_string(False)
        device = self.create_or_update_device(key, key, data.local_name, advertisement.address, data)
        self.call_detection_callbacks(device, data)


def _advertisement_data(advertisement: Advertisement) -> AdvertisementData:
    """bumble's advertisement as bleak tells it (assigned numbers: Core Specification Supplement, part A)."""
    uuids: dict[str, None] = {}
    service_data: dict[str, bytes] = {}
    manufacturer_data: dict[int, bytes] = {}
    name: str | None = None
    for kind, data in advertisement.data.ad_structures:
        match int(kind):
            case 0x02 | 0x03:
                uuids |= dict.fromkeys(_uuids(data, 2))
            case 0x06 | 0x07:
                uuids |= dict.fromkeys(_uuids(data, 16))
            case 0x08 | 0x09:
                name = data.decode("utf-8", "replace")
            case 0x16:
                service_data[normalize_uuid_str(data[:2][::-1].hex())] = bytes(data[2:])
            case 0xFF:
                manufacturer_data[int.from_bytes(data[:2], "little")] = bytes(data[2:])
            case _:
                pass
    return AdvertisementData(name, manufacturer_data, service_data, list(uuids), None, advertisement.rssi, ())


def _uuids(data: bytes, size: int) -> list[str]:
    return [uuid_text(core.UUID.from_bytes(data[i : i + size])) for i in range(0, len(data) - size + 1, size)]
