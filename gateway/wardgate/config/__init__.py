"""One TOML file, typed and checked. What it says is all there is to set; every default stands in `sections`.

`load` refuses an unknown key and names the nearest known one. It collects every problem before it gives up, so that
a technician mends the file once. What was set up on the hub itself is laid over the file (`wardgate.installation`).
"""

from wardgate.config.file import (
    ConfigError,
    NotAssigned,
    NotReadable,
    bare_over,
    checked_whole,
    load,
    load_bare,
    load_over,
    parse,
)
from wardgate.config.sections import (
    Alerts,
    Broker,
    Device,
    Enrol,
    Hub,
    Indicator,
    Key,
    Note,
    Page,
    Pressure,
    Radio,
    Saturation,
    Screen,
    Shadow,
    Ward,
    Watch,
    Weight,
)
from wardgate.config.whole import Bare, BareHub, Config

__all__ = [
    "Alerts",
    "Bare",
    "BareHub",
    "Broker",
    "Config",
    "ConfigError",
    "Device",
    "Enrol",
    "Hub",
    "Indicator",
    "Key",
    "NotAssigned",
    "NotReadable",
    "Note",
    "Page",
    "Pressure",
    "Radio",
    "Saturation",
    "Screen",
    "Shadow",
    "Ward",
    "Watch",
    "Weight",
    "bare_over",
    "checked_whole",
    "load",
    "load_bare",
    "load_over",
    "parse",
]
