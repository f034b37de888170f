#!/bin/bash
# Set up everything that the two commands of the README need.
#   scripts/setup.sh venv     the virtual environment .venv, from the lock file
#   scripts/setup.sh debian   Debian packages for the tests: installed when root, else named with the command to run
# Nothing is done twice: a second call with nothing changed returns at once.
set -euo pipefail
cd "$(dirname "$0")/.."

PACKAGES=(mosquitto rabbitmq-server postgresql bluez dbus busybox-static iproute2 chromium chromium-driver systemd shellcheck)
KERNEL_PACKAGES=(gcc make flex bison bc xz-utils patch)

say() { printf '%s\n' "$*" >&2; }

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

missing() {
    for package in "$@"; do installed "$package" || printf '%s ' "$package"; done
}

apt_install() {
    say "Installing Debian packages: $*"
    [ -n "${APT_UPDATED:-}" ] || { apt-get update -qq && APT_UPDATED=1; }
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

python() {
    for candidate in python3 /usr/bin/python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "Wardgate needs Python 3.11 or newer. On Debian 12 or Raspberry Pi OS: sudo apt install python3 python3-venv"
    exit 1
}

venv() {
    stamp=.venv/.ready
    if [ -f "$stamp" ] && [ ! requirements-dev.lock -nt "$stamp" ] && [ ! pyproject.toml -nt "$stamp" ]; then return; fi
    interpreter=$(python)
    if ! "$interpreter" -c 'import ensurepip, venv' 2>/dev/null; then
        if [ "$(id -u)" = 0 ]; then
            apt_install python3-venv
        else
            say "Python cannot make virtual environments here. Run: sudo apt install python3-venv"
            exit 1
        fi
    fi
    say "Setting up .venv (about a minute, once)"
    "$interpreter" -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
    .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
    touch "$stamp"
}

wanted() {
    printf '%s\n' "${PACKAGES[@]}"
    command -v npm >/dev/null || echo npm # axe-core and a FHIR server for tests; with node, the ward's example
    # The radio lab's kernel is built where there is none yet.
    if ! .venv/bin/python -c 'import sys; from wardgate_sim.lab.kernel import places; sys.exit(not any(p.exists() for p in places()))'; then
        printf '%s\n' "${KERNEL_PACKAGES[@]}"
    fi
}

debian() {
    local all absent
    mapfile -t all < <(wanted)
    read -r -a absent <<<"$(missing "${all[@]}")"
    ((${#absent[@]})) || return 0
    if [ "$(id -u)" = 0 ]; then
        apt_install "${absent[@]}"
    else
        say "These Debian packages are missing, and tests that need them are left out: ${absent[*]}"
        say "To have them all: sudo apt install ${absent[*]}"
    fi
}

case "${1:-}" in
venv) venv ;;
debian) debian ;;
*)
    say "usage: scripts/setup.sh venv | debian"
    exit 2
    ;;
esac
