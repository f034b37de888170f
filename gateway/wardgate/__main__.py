"""`python -m wardgate` is `wardgate`."""

from wardgate.cli.main import main

raise SystemExit(main())
