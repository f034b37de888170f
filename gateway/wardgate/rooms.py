"""The hub's rooms behind the intake: what judges, delivers, answers and tells.

The hub does not need them to hear who is on the air, and they, numpy and paho are more than half of what a start has to
load. So `hub.py` loads this module once the radio listens, and finds all of them here.
"""

from __future__ import annotations

from wardgate.control.configuring import Configuring, tell_what_holds
from wardgate.control.methods import Methods
from wardgate.control.orders import Orders
from wardgate.control.proving import Proving
from wardgate.control.reporting import Reporting
from wardgate.control.server import ControlServer
from wardgate.control.setting_up import SettingUp
from wardgate.control.signing_in import WayIn
from wardgate.control.view import View
from wardgate.deliver.admission import Admitted, Gate
from wardgate.deliver.downlink import Downlink, Outcome
from wardgate.deliver.sender import Sender
from wardgate.enrol.renewal import Renewal
from wardgate.indicate.button import Button
from wardgate.indicate.configured import indicators
from wardgate.indicate.home import Home
from wardgate.watch.adherence import Adherence
from wardgate.watch.canary import Canary
from wardgate.watch.life import Life
from wardgate.watch.rules import rules
from wardgate.watch.shadow import Shadows
from wardgate.watch.watcher import Watcher
from wardgate.watchdog import Watchdog

__all__ = [
    "Adherence",
    "Admitted",
    "Button",
    "Canary",
    "Configuring",
    "ControlServer",
    "Downlink",
    "Gate",
    "Home",
    "Life",
    "Methods",
    "Orders",
    "Outcome",
    "Proving",
    "Renewal",
    "Reporting",
    "Sender",
    "SettingUp",
    "Shadows",
    "View",
    "Watchdog",
    "Watcher",
    "WayIn",
    "indicators",
    "rules",
    "tell_what_holds",
]
