#!/bin/busybox sh
# shellcheck shell=dash
# First process of the guest: lays a writable overlay in memory over the host's files and enters it.
b=/bin/busybox

$b mount -t proc proc /proc
for word in $($b cat /proc/cmdline); do
    case $word in
        lab_init=*) lab_init=${word#lab_init=} ;;
        lab_share=*) lab_share=${word#lab_share=} ;;
    esac
done

$b mount -t tmpfs -o size=60% tmpfs /mnt
$b mkdir -p /mnt/upper /mnt/work /mnt/root
$b mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root || exit 1
root=/mnt/root
$b mount -t proc proc $root/proc
$b mount -t sysfs sysfs $root/sys
$b mount -t devtmpfs dev $root/dev
$b mkdir -p $root/dev/pts $root/dev/shm
$b mount -t devpts devpts $root/dev/pts
$b mount -t tmpfs tmpfs $root/dev/shm
$b mount -t tmpfs tmpfs $root/run
$b mkdir -p "$root$lab_share"
$b mount -t hostfs -o "$lab_share" none "$root$lab_share"
exec $b chroot $root /bin/bash "$lab_init" "$lab_share"
