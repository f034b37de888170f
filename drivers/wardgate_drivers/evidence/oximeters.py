"""Oximeters."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.evidence.ground import Evidence

_NONIN_3150_MEMORY: Final = (
    "its memory is not fetched: of the two public programs that read its recordings (fluxtream-ipy, nonin3150_ble) one "
    "takes the samples as running forwards and the other as running backwards, and a value at a wrong time is none"
)
_NONIN_8500_MEMORY: Final = (
    "its memory is not fetched: only that it is played back with nine bits and odd parity is documented, not its layout"
)
_CONTEC_MEMORY: Final = (
    "its memory is not fetched: a recording is told without the time at which it began, and what cannot be dated is no "
    "reading"
)
_CONTEC_V7_MEMORY: Final = (
    "its memory is not fetched: some members tell when a recording began, by a clock that no known command reads, so "
    "that nobody knows how wrong it is; a CMS50D+ tells no time at all"
)
EVIDENCE: Final = {
    "plx-oximeter": Evidence(
        decoders=("plx.spot-check", "plx.continuous", "racp"),
        source="Bluetooth SIG, Pulse Oximeter Service 1.0.1",
    ),
    "choicemmed-md300": Evidence(
        decoders=("plx.spot-check", "plx.continuous"),
        seen=("ChoiceMMed MD300",),
        source="Stack Overflow 71264072 (captured notifications); Bluetooth SIG, Pulse Oximeter Service 1.0.1",
    ),
    "nonin-3230": Evidence(
        decoders=("nonin.df19",),
        source="Nonin, 3230 integration notes; calebmgshort/Nonin3230Oximeter",
        doubt="how long it goes on advertising after the finger has left",
    ),
    "nonin-3150": Evidence(
        decoders=("nonin.df19",),
        source="Nonin, 3230 integration notes and OEM documents",
        doubt=_NONIN_3150_MEMORY,
    ),
    "nonin-9560-serial": Evidence(
        decoders=("nonin.df13", "nonin.serial-number"),
        source="Nonin, 9560 Bluetooth specification; packet tests of the opentele project",
    ),
    "nonin-3150-serial": Evidence(
        decoders=("nonin.df8",),
        source="Nonin, OEM serial format specification; packet tests of the opentele project",
        doubt=_NONIN_3150_MEMORY,
    ),
    "nonin-xpod-serial": Evidence(
        also=("iPod 3211",),
        decoders=("nonin.df1", "nonin.df2", "nonin.df7"),
        source="Nonin, OEM serial format specification; format 1 also as owners of an iPod 3211 quote it and a public "
        "host of a Nonin 4100 (edu.illinois.mdpnp) reads it",
    ),
    "nonin-8500-serial": Evidence(
        decoders=("nonin.ascii",),
        source="Nonin, OEM serial format specification",
        doubt=_NONIN_8500_MEMORY,
    ),
    "beurer-po60": Evidence(
        decoders=("beurer.po60", "beurer.po60-stream"),
        seen=("Beurer PO60",),
        source="wha-digital, innovasive_flutter_beurer_ble, protocol document and log",
    ),
    "contec-cms50d-bt": Evidence(
        decoders=("contec.ble",),
        seen=("Contec CMS50D-BT",),
        source="nringelstein/CMS50D-BT; tobiasisenberg/OxiVis, issue 2",
    ),
    "contec-cms50-serial": Evidence(
        also=("CMS50E, CMS50F of that age",),
        decoders=("bci.packet", "bci.stream"),
        seen=("Contec CMS50D+",),
        source="atbrask/CMS50Dplus, protocol notes",
        doubt=_CONTEC_MEMORY,
    ),
    "contec-cms50-v7-serial": Evidence(
        also=("CMS50E, CMS50F of that age",),
        decoders=("contec.v7",),
        seen=("Contec CMS50D+",),
        source="timegrid/CMS50Dplus7, protocol notes",
        doubt=_CONTEC_V7_MEMORY,
    ),
    "berry-bm1000": Evidence(
        decoders=("bci.packet", "bci.stream"),
        seen=("Berry BM1000",),
        source="jablko/webbm1000; zh2x's notes on the BCI protocol",
    ),
    "innovo-ip900": Evidence(
        also=("ChoiceMMed 500E-B",),
        decoders=("choicemmed.values",),
        source="public notes on the packet layout",
    ),
    "jumper-jpd-500": Evidence(
        also=("JPD-500G", "My Oximeter"),
        decoders=("jumper.oximeter",),
        source="SensorsIot/Oximeters-BLE-Hack-ESP32; obniz",
        doubt="the scale of its perfusion index",
    ),
    "viatom-pc60": Evidence(
        also=("Creative PC-60NW", "FS20F", "KS-60"),
        decoders=("creative.pc60",),
        seen=("Viatom/Creative",),
        source="sza2/viatom_pc60fw; public packet notes",
    ),
    "viatom-o2ring": Evidence(
        also=("Wellue O2Ring", "Checkme O2", "SleepU"),
        decoders=("viatom.oxy", "viatom.info", "viatom.night"),
        seen=("Wellue O2Ring",),
        source="home-health-hub/viatom-o2ring-ble, protocol notes; recordings: MackeyStingray/o2r, the maker's "
        "demonstration program (viatom-develop/LepuBle), rileyg98/ViatomDataReader",
        doubt="how large the pieces of a recording are, and when one is finished after it was taken off; of a sample's "
        "third byte two descriptions are about, and only what both read alike is taken; recordings of another version "
        "than 3 are not read; the O2Ring S speaks another protocol",
    ),
}
