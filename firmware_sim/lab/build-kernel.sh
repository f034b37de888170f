#!/bin/bash
# Build the radio lab's guest kernel from Debian's own source package. See --help.
set -euo pipefail

readonly version=6.12
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly needed_options="BT BT_LE BT_HCIVHCI HOSTFS OVERLAY_FS CRYPTO_ECDH CRYPTO_CMAC UHID"

usage() {
    cat <<TEXT
usage: build-kernel.sh OUTFILE

Builds a User-Mode Linux $version with Bluetooth and virtual controllers into OUTFILE (about 6 MB).
Downloads Debian's linux-source-$version (150 MB); takes 2 GB of disk and some 12 minutes of processor time.
Needs the Debian packages gcc make flex bison bc xz-utils patch, and apt's lists (apt-get update).
TEXT
}

fail() {
    echo "build-kernel.sh: $*" >&2
    exit 1
}

case ${1:-} in
    -h | --help) usage; exit 0 ;;
    "") usage >&2; exit 2 ;;
esac
for tool in gcc make flex bison bc xz patch apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || fail "$tool is missing. Run: apt-get install gcc make flex bison bc xz-utils patch"
done
out=$(realpath -m "$1")
readonly out
work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT

cd "$work"
echo "Downloading linux-source-$version"
apt-get -q download "linux-source-$version" || fail "cannot download linux-source-$version. Run: apt-get update"
dpkg-deb --fsys-tarfile linux-source-"$version"_*.deb | tar xf - "./usr/src/linux-source-$version.tar.xz"
tar xf "usr/src/linux-source-$version.tar.xz"
cd "linux-source-$version"
patch -p1 <"$here/large-xsave.patch"

echo "Configuring"
make -s ARCH=um defconfig
scripts/kconfig/merge_config.sh -m .config "$here/kernel.config" >/dev/null
make -s ARCH=um olddefconfig
for option in $needed_options; do
    grep -q "^CONFIG_$option=y" .config || fail "this source cannot be configured with CONFIG_$option"
done

echo "Compiling on $(nproc) processors"
make -s ARCH=um -j"$(nproc)" linux
strip linux
mkdir -p "$(dirname "$out")"
# Whoever looks for a kernel must never find half of one.
cp linux "$out.new"
mv "$out.new" "$out"
echo "Built $out"
