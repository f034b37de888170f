"""The guide: every reason for which something is not done on these pages, in the order in which they are met.

A key never changes its meaning. `tests/page/test_setup_reasons.py` looks for every key that the hub can answer with.
"""

from __future__ import annotations

from typing import Final

from wardgate.page.setup.guide.home import AFTER, DEVICES
from wardgate.page.setup.guide.pages import SIGNING_IN, THE_PAGE
from wardgate.page.setup.guide.reason import Reason
from wardgate.page.setup.guide.ward import CHECKING, CHOOSING

__all__ = ["ALL", "REASONS", "Reason"]

ALL: Final = (*SIGNING_IN, *THE_PAGE, *CHECKING, *CHOOSING, *DEVICES, *AFTER)
REASONS: Final = {reason.key: reason for reason in ALL}
