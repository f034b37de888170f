"""An enrolment endpoint that answers nonsense: the certificate in use stays, and a person is told what to do."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7

from tests.security.test_enrolment import HUB, Home, configured
from tests.support.authority import LONG, Ward, request
from tests.support.living import RebootingClock
from tests.support.odd_answers import odd, said
from wardgate.enrol.est import Endpoint, EnrolError
from wardgate.enrol.identity import Identity, directory

Given = Callable[[Ward, ec.EllipticCurvePrivateKey], bytes]


def _signed(name: str = HUB, *, own_key: bool = True, lasts: timedelta = LONG) -> Given:
    """A certificate of the ward's own authority, sent as an endpoint does."""

    def given(ward: Ward, key: ec.EllipticCurvePrivateKey) -> bytes:
        asked = request(name, key if own_key else None)
        made = x509.load_pem_x509_certificate(ward.authority.sign(asked, name, lasts=lasts).certificate)
        return base64.encodebytes(pkcs7.serialize_certificates([made], serialization.Encoding.DER))

    return given


def _as_it_is(body: bytes) -> Given:
    return lambda ward, key: body


PKCS7_DATA = base64.b64encode(bytes.fromhex("300f06092a864886f70d010701a0020400"))
"""ContentInfo of the type `data` (RFC 5652, 3 and 4): sound, and no place for certificates."""
ODD = {
    "rubbish": ("200 OK", _as_it_is(bytes(range(256)))),
    "a page": ("200 OK", _as_it_is(b"<!doctype html><title>Welcome</title><p>Please sign in to the network.")),
    "nothing": ("200 OK", _as_it_is(b"")),
    "10 MB": ("200 OK", _as_it_is(b"QUFB" * 2_500_000)),
    "no certificates": ("200 OK", _as_it_is(PKCS7_DATA)),
    "another hub's": ("200 OK", _signed("kitchen-8")),
    "another key's": ("200 OK", _signed(own_key=False)),
    "ended": ("200 OK", _signed(lasts=timedelta(seconds=-1))),
    "elsewhere": ("302 Found", _as_it_is(b"")),
    "a proxy's page": ("403 Forbidden", _as_it_is(b"<html><body>Blocked</body></html>")),
    "not HTTP": ("soon\r\n\r\n", _as_it_is(b"")),
}


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path / "ward")


@pytest.mark.parametrize("name", ODD)
async def test_the_certificate_stays_and_somebody_is_told(ward: Ward, tmp_path: Path, name: str) -> None:
    status, given = ODD[name]
    clock = RebootingClock(now=datetime.now(UTC))
    pair = ward.hub(HUB)
    config = configured(tmp_path, 1, ward)
    identity = Identity(directory(config.data_dir))
    _take(identity, pair)
    home = Home(config, clock)
    before, key = home.serial, ec.generate_private_key(ec.SECP256R1())
    identity.ask_with(_pem(key))
    with odd(ward, said(status, given(ward, key))) as port:
        home = Home(configured(tmp_path, port, ward), clock)
        clock.now += LONG * 0.75
        assert not await home.renewal.check()
    assert home.serial == before
    assert not identity.has_next()
    assert home.tried == []
    (told,) = home.events
    assert told.code == "certificate-not-renewed"
    assert "stays in use" in told.sentence
    assert "<" not in told.sentence
    assert told.what_to_do
    async with ward.endpoint() as port:
        home.renewal._config = configured(tmp_path, port, ward)
        assert await home.renewal.check(), "and the next right answer is taken"
    assert home.serial != before
    assert home.codes() == ["certificate-not-renewed", "certificate-renewed"]


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _take(identity: Identity, pair: dict[str, str]) -> None:
    identity.ask_with(Path(pair["key_file"]).read_bytes())
    identity.received(Path(pair["cert_file"]).read_bytes())
    identity.take()


@pytest.mark.parametrize("name", ["no certificates", "another hub's", "ended"])
async def test_a_claim_takes_none_of_it(ward: Ward, tmp_path: Path, name: str) -> None:
    status, given = ODD[name]
    identity, key = Identity(tmp_path / "identity"), ec.generate_private_key(ec.SECP256R1())
    identity.ask_with(_pem(key))
    with odd(ward, said(status, given(ward, key))) as port, pytest.raises(EnrolError) as caught:
        await asyncio.to_thread(Endpoint(f"https://localhost:{port}", str(ward.ca)).claim, identity, HUB, "0")
    assert caught.value.what_to_do
    assert identity.certificate_received() is None
