"""The radio lab: the unmodified hub over the real BlueZ and the real kernel, with simulated devices on the air.

bleak -> D-Bus -> bluetoothd -> Linux Bluetooth -> /dev/vhci -> bumble controllers on one link -> the firmware of
`wardgate_sim.firmware`. All of it runs in a guest, User-Mode Linux, because it needs a kernel with hci_vhci and root
over it. `host` boots the guest; `guest`, `bluetoothd` and `scenario` run in it.
"""
