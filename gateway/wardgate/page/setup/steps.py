"""The steps of this hub's pages, in their order, and the pages for afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from wardgate.page.after.audit_page import AuditPage
from wardgate.page.after.device_pages import DevicePages
from wardgate.page.after.hub_page import HubPage
from wardgate.page.after.status_page import StatusPage
from wardgate.page.setup.check_step import CheckStep
from wardgate.page.setup.devices_step import DevicesStep
from wardgate.page.setup.limits_step import LimitsStep
from wardgate.page.setup.lock_step import LockStep
from wardgate.page.setup.patient_step import PatientStep
from wardgate.page.setup.step import Step
from wardgate.page.setup.test_step import TestStep


def all_steps() -> Sequence[Step]:
    """All that there are."""
    six = (CheckStep(), PatientStep(), DevicesStep(), TestStep(), LimitsStep(), LockStep())
    return (*six, StatusPage(), DevicePages(), HubPage(), AuditPage())
