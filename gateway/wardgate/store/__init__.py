"""What the hub keeps: SQLite behind one writer."""

from wardgate.store.errors import StoreBroken, StoreBusy, StoreCorrupt, StoreError, StoreFull, StoreNewer
from wardgate.store.rows import DeviceRow, Kind, Lane, OutboxCounts, OutRow, ParkedRow, Put, Quarantine, Way
from wardgate.store.store import Store

__all__ = [
    "DeviceRow",
    "Kind",
    "Lane",
    "OutRow",
    "OutboxCounts",
    "ParkedRow",
    "Put",
    "Quarantine",
    "Store",
    "StoreBroken",
    "StoreBusy",
    "StoreCorrupt",
    "StoreError",
    "StoreFull",
    "StoreNewer",
    "Way",
]
