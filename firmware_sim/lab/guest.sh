#!/bin/bash
# Second stage of the guest, inside the overlay: system D-Bus, then the command, then power off. Whoever runs in the
# guest starts and stops bluetoothd itself, since that is what a scenario plays with.
set -u

readonly share=$1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

hostname radio-lab
ip link set lo up
# The host's bonds and bus are not the guest's.
rm -rf /var/lib/bluetooth/*
mkdir -p /run/dbus /run/lock /var/lib/bluetooth
[[ -s /etc/machine-id ]] || dbus-uuidgen >/etc/machine-id
dbus-daemon --system --fork --nopidfile

cd "$share" || exit 1
bash ./command >"$share/stdout" 2>"$share/stderr"
echo $? >"$share/exit-status"
sync
echo o >/proc/sysrq-trigger
sleep 30
