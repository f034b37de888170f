"""`wardgate-sim`, on a machine whose clock nobody disciplines: as if a time server did."""

from __future__ import annotations

import sys

from wardgate.clock import SystemClock
from wardgate_sim.cli.main import main

if __name__ == "__main__":
    setattr(SystemClock, "synchronised", lambda _self: True)  # noqa: B010 - a container has no time server
    sys.exit(main())
