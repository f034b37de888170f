"""`python -m wardgate_sim` is `wardgate-sim`."""

from wardgate_sim.cli.main import main

raise SystemExit(main())
