#!/bin/bash
# Run the tests. As root everything runs. Without root, what needs it is named and left out; nothing else ever is.
# With -m among the arguments that selection is run instead.
set -euo pipefail
cd "$(dirname "$0")/.."

case " $* " in
*" -m "*) exec .venv/bin/pytest "$@" ;;
esac
if [ "$(id -u)" = 0 ]; then
    exec .venv/bin/pytest "$@"
fi
status=0
.venv/bin/pytest -m "not root" "$@" || status=$?
echo
echo "Left out, because they need root:"
.venv/bin/pytest -m root --collect-only -q --no-header 2>/dev/null | sed -n 's/^tests/  tests/p'
echo "Run them with: sudo make test"
exit "$status"
