#!/bin/bash
# Installs or updates Wardgate on Raspberry Pi OS or Debian. See --help.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(dirname "$here")
readonly here project

root=""
dry_run=no
wheel=""

usage() {
    cat <<'TEXT'
usage: sudo deploy/install.sh [--wheel FILE] [--root DIR] [--dry-run]

Installs Wardgate on Raspberry Pi OS (64 bit) or Debian 12 and later, or updates it:
  - the Debian packages bluez, python3 and python3-venv
  - the users wardgate and wardgate-page
  - the program in /opt/wardgate, with its dependencies at the locked versions
  - /etc/wardgate/wardgate.toml, from the example, unless there is one
  - the services wardgate (enabled, and started once it is configured) and wardgate-page (started when it is opened)
  - the service wardgate-screen, for the patient (enable it where there is a display or a tablet)
Running it again changes only what differs. It never touches a configuration or stored readings.

  --wheel FILE   install this wheel instead of the project around this script
  --root DIR     lay everything below DIR, start nothing (to try it out, or to build an image)
  --dry-run      print what would be done
  -h, --help     this text
TEXT
}

fail() {
    echo "install.sh: $1" >&2
    [[ -z ${2:-} ]] || echo "$2" >&2
    exit 1
}

say() { echo "$*"; }

# Everything that changes something goes through here.
run() {
    if [[ $dry_run == yes ]]; then
        echo "would run: $*"
    else
        "$@"
    fi
}

parse_arguments() {
    while (($#)); do
        case $1 in
            --wheel) wheel=${2:-}; [[ -n $wheel ]] || fail "--wheel needs a file."; shift ;;
            --root) root=${2:-}; [[ -n $root ]] || fail "--root needs a directory."; shift ;;
            --dry-run) dry_run=yes ;;
            -h | --help) usage; exit 0 ;;
            *) usage >&2; exit 2 ;;
        esac
        shift
    done
    [[ -z $root ]] || root=$(realpath -m "$root")
    [[ -z $wheel ]] || wheel=$(realpath -m "$wheel")
}

check_machine() {
    [[ $EUID -eq 0 || $dry_run == yes ]] || fail "This needs root." "Run: sudo $0"
    command -v apt-get >/dev/null || fail "This is for Raspberry Pi OS and Debian; there is no apt-get here."
    case $(uname -m) in
        aarch64 | x86_64) ;;
        *) fail "There are no packages for $(uname -m)." "Use the 64 bit edition of Raspberry Pi OS." ;;
    esac
    [[ -z $wheel || -f $wheel ]] || fail "There is no file $wheel."
    [[ -n $wheel || -f $project/pyproject.toml ]] || fail "There is no project around this script." "Name a wheel with --wheel FILE."
}

install_packages() {
    [[ -z $root ]] || return 0
    local missing=()
    for package in bluez python3 python3-venv; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    say "Installing ${missing[*]}"
    run apt-get update -qq || fail "The package lists cannot be fetched." "Is the network up?"
    run env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" ||
        fail "Debian could not install ${missing[*]}."
}

check_python() {
    [[ $dry_run == yes ]] || /usr/bin/env python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' ||
        fail "Wardgate needs Python 3.11 or newer, with venv." "Debian 12 and the Raspberry Pi OS made from it have it."
}

# lay SOURCE TARGET MODE [GROUP]: install a file when it differs.
lay() {
    local source=$1 target=$root$2 mode=$3 group=${4:-0}
    cmp -s "$source" "$target" && return 0
    run install -D -m "$mode" -o 0 -g "$group" "$source" "$target"
    changed=yes
}

make_users() {
    run install -d "$root/etc"
    lay "$here/sysusers.conf" /usr/lib/sysusers.d/wardgate.conf 0644
    run systemd-sysusers ${root:+--root="$root"} "$root/usr/lib/sysusers.d/wardgate.conf" ||
        fail "The users wardgate and wardgate-page cannot be made."
}

hub_group() {
    [[ ! -f $root/etc/group ]] || awk -F: '$1 == "wardgate" { print $3 }' "$root/etc/group"
}

# What is installed: the dependencies and the program itself, as one number.
fingerprint() {
    local parts=("$project/requirements.lock")
    if [[ -n $wheel ]]; then
        parts+=("$wheel")
    else
        mapfile -d '' -O 1 parts < <(find "$project"/{gateway,drivers,signal,firmware_sim}/wardgate* "$project/pyproject.toml" \
            -type f -not -name '*.pyc' -print0 | sort -z)
    fi
    cat "${parts[@]}" | sha256sum | cut -d' ' -f1
}

install_program() {
    local home=$root/opt/wardgate stamp=$root/opt/wardgate/.installed wanted
    wanted=$(fingerprint)
    if [[ -f $stamp && $(cat "$stamp") == "$wanted" ]]; then
        say "The program is up to date."
        return
    fi
    say "Installing the program into $home (a few minutes on a Raspberry Pi)"
    run rm -f "$stamp"
    [[ -x $home/bin/python ]] || run python3 -m venv "$home"
    local pip=("$home/bin/python" -m pip --disable-pip-version-check --no-input install --quiet)
    run "${pip[@]}" --require-hashes -r "$project/requirements.lock" ||
        fail "The dependencies cannot be installed." "Is the network up? Nothing that ran before was changed."
    run "${pip[@]}" --no-deps --force-reinstall "${wheel:-$project}" || fail "The program cannot be installed."
    lay "$project/docs/technician.md" /opt/wardgate/doc/technician.md 0644
    [[ $dry_run == yes ]] || echo "$wanted" >"$stamp"
    changed=yes
}

install_configuration() {
    local group
    group=$(hub_group)
    [[ -n $group || $dry_run == yes ]] || fail "There is no group wardgate."
    run install -d -m 0750 -o 0 -g "${group:-0}" "$root/etc/wardgate"
    lay "$here/wardgate.example.toml" /etc/wardgate/wardgate.example.toml 0640 "${group:-0}"
    lay "$here/wardgate.factory.toml" /etc/wardgate/wardgate.factory.toml 0640 "${group:-0}"
    if [[ ! -e $root/etc/wardgate/wardgate.toml ]]; then
        lay "$here/wardgate.example.toml" /etc/wardgate/wardgate.toml 0640 "${group:-0}"
        say "Wrote $root/etc/wardgate/wardgate.toml from the example: edit it next."
    fi
}

install_services() {
    lay "$here/tmpfiles.conf" /usr/lib/tmpfiles.d/wardgate.conf 0644
    lay "$here/leds.rules" /usr/lib/udev/rules.d/70-wardgate-leds.rules 0644
    lay "$here/modules-load.conf" /usr/lib/modules-load.d/wardgate.conf 0644
    lay "$here/systemd/wardgate.service" /etc/systemd/system/wardgate.service 0644
    lay "$here/systemd/wardgate-import.service" /etc/systemd/system/wardgate-import.service 0644
    lay "$here/systemd/wardgate-page.service" /etc/systemd/system/wardgate-page.service 0644
    lay "$here/systemd/wardgate-page.path" /etc/systemd/system/wardgate-page.path 0644
    lay "$here/systemd/wardgate-screen.service" /etc/systemd/system/wardgate-screen.service 0644
    lay "$here/systemd/wardgate-radio-helper.service" /etc/systemd/system/wardgate-radio-helper.service 0644
    lay "$here/systemd/wardgate-radio-helper.path" /etc/systemd/system/wardgate-radio-helper.path 0644
    lay "$here/radio-helper.sh" /opt/wardgate/lib/radio-helper.sh 0755
    run systemctl ${root:+--root="$root"} --quiet enable wardgate.service wardgate-import.service \
        wardgate-page.path wardgate-radio-helper.path || fail "The services cannot be enabled."
    local link=$root/usr/local/bin/wardgate
    [[ -L $link ]] || { run install -d "${link%/*}" && run ln -sfn /opt/wardgate/bin/wardgate "$link"; }
}

start_service() {
    [[ -z $root ]] || return 0
    run modprobe -a usbserial cdc_acm || say "Serial adapters over USB will be known after the next start of the machine."
    run systemctl daemon-reload
    run udevadm control --reload || say "The lights of the box can be switched after the next start of the machine."
    run udevadm trigger --subsystem-match=leds --action=change || true
    run systemctl start wardgate-radio-helper.path || fail "The unit that watches for a stuck adapter did not start."
    run systemctl start wardgate-page.path || fail "The unit that waits for the page to be opened did not start."
    if cmp -s "$root/etc/wardgate/wardgate.toml" "$here/wardgate.example.toml"; then
        say "Next: edit /etc/wardgate/wardgate.toml, then run: systemctl restart wardgate; wardgate doctor"
    elif [[ $changed == yes ]]; then
        run systemctl restart wardgate.service || fail "The service did not start." "Run: wardgate doctor"
        say "Wardgate runs. Check it with: wardgate doctor"
    else
        say "Nothing changed."
    fi
}

main() {
    parse_arguments "$@"
    check_machine
    changed=no
    install_packages
    check_python
    make_users
    install_program
    install_configuration
    install_services
    start_service
    say "Done."
}

main "$@"
