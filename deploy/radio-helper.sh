#!/bin/bash
# Does for the hub what needs root, one of three words: restart-bluetoothd, reset-adapter, reboot.
# Started by wardgate-radio-helper.path when the hub leaves a file: a word and a number. The answer repeats the number.
set -euo pipefail

ask=${1:-/run/wardgate/radio-helper.ask}
answer=${2:-/run/wardgate-helper/answer}
sys=${3:-/sys}
number=-

reply() {
    echo "$number $*" >"$answer.new"
    mv -f "$answer.new" "$answer"
}

fail() {
    reply "failed: $*"
    echo "radio-helper: $*" >&2
    exit 1
}

restart_bluetoothd() {
    # One that hangs does not hear a polite word.
    systemctl kill --signal=KILL bluetooth.service || true
    systemctl reset-failed bluetooth.service || true
    systemctl restart bluetooth.service || fail "systemd did not restart bluetooth.service"
}

unblock() {
    local switch
    for switch in "$sys"/class/rfkill/*; do
        [[ -f $switch/type && $(<"$switch/type") == bluetooth ]] || continue
        echo 0 >"$switch/soft" || fail "$switch cannot be unblocked"
    done
}

# Takes an adapter away from its bus and gives it back: USB by its port, another by its driver.
renew() {
    local place=$1 driver name
    local node=$place
    while [[ $node != / && $node != "$sys" ]]; do
        if [[ -f $node/authorized && -f $node/idVendor ]]; then
            echo 0 >"$node/authorized"
            sleep 1
            echo 1 >"$node/authorized"
            return
        fi
        node=$(dirname "$node")
    done
    [[ -L $place/driver ]] || return 0
    driver=$(realpath "$place/driver")
    name=$(basename "$place")
    echo "$name" >"$driver/unbind"
    sleep 1
    echo "$name" >"$driver/bind"
}

reset_adapter() {
    local adapter found=no
    unblock
    for adapter in "$sys"/class/bluetooth/hci*; do
        [[ -e $adapter && $adapter != *:* ]] || continue
        found=yes
        [[ -e $adapter/device ]] || continue
        renew "$(realpath "$adapter/device")" || fail "$(basename "$adapter") could not be reset"
    done
    # An adapter that fell off its bus has no entry any more; the driver of the board's own is started again.
    if [[ $found == no ]]; then
        systemctl try-restart hciuart.service || fail "there is no adapter"
    fi
}

[[ -f $ask && ! -L $ask ]] || fail "nobody asked"
IFS=' ' read -r -n 100 word number <"$ask" || fail "the question is cut short"
[[ $number =~ ^[0-9a-f]{1,32}$ ]] || { number=-; fail "the question has no number"; }
case $word in
    restart-bluetoothd) restart_bluetoothd ;;
    reset-adapter) reset_adapter ;;
    reboot) systemctl reboot || fail "systemd did not restart the machine" ;;
    *) fail "this is no word for it" ;;
esac
reply "done"
