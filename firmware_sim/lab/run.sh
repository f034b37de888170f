#!/bin/bash
# Run one command as root in the radio lab's guest. See --help.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here

usage() {
    cat <<'TEXT'
usage: run.sh KERNEL SHARE COMMAND [ARGUMENT...]

Boots KERNEL (User-Mode Linux, see build-kernel.sh) and runs COMMAND in it as root, beside a system D-Bus, BlueZ's
bluetoothd and /dev/vhci. The guest sees this machine's files; what it writes is gone when it ends, except below the
directory SHARE. The exit status is the command's, or 97 when the guest died before it could tell.

LAB_MEMORY (768M) is the guest's memory, taken from /dev/shm; LAB_TIMEOUT (600) ends the guest after so many seconds.
Needs root and the Debian packages bluez dbus busybox-static iproute2.
TEXT
}

fail() {
    echo "run.sh: $*" >&2
    exit 2
}

[[ ${1:-} == -h || ${1:-} == --help ]] && { usage; exit 0; }
(($# >= 3)) || { usage >&2; exit 2; }
[[ $EUID -eq 0 ]] || fail "the guest's files belong to root: run it as root"
[[ -x $1 ]] || fail "there is no kernel $1; build one with $here/build-kernel.sh"
for tool in /bin/busybox /usr/bin/dbus-daemon /usr/libexec/bluetooth/bluetoothd /sbin/ip; do
    [[ -x $tool ]] || fail "$tool is missing. Run: apt-get install bluez dbus busybox-static iproute2"
done

readonly kernel=$1
mkdir -p "$2" || fail "cannot make $2"
share=$(realpath "$2")
readonly share
shift 2
rm -f "$share/exit-status"
printf '%q ' "$@" >"$share/command"

# The guest's memory is a file it maps: on a tmpfs it costs no disk writes.
export TMPDIR=/dev/shm
timeout --foreground "${LAB_TIMEOUT:-600}" "$kernel" \
    mem="${LAB_MEMORY:-768M}" umid="wardgate-lab-$$" uml_dir="$share/.uml" \
    rootfstype=hostfs rootflags=/ ro init="$here/init.sh" \
    con=null con0=null,fd:1 quiet loglevel=4 panic=-1 \
    lab_init="$here/guest.sh" lab_share="$share" </dev/null
exit "$(cat "$share/exit-status" 2>/dev/null || echo 97)"
