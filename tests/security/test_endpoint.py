"""The enrolment endpoint, spoken to as any EST client would: curl and OpenSSL."""

from __future__ import annotations

import asyncio
import base64
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7

from tests.support.authority import Ward, request
from wardgate.ward import asked, enrol, est


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path)


async def curl(ward: Ward, port: int, path: str, *words: str) -> tuple[int, bytes]:
    """Status and body."""
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", "--cacert", str(ward.ca), "-w", "\n%{http_code}", *words, f"https://localhost:{port}{path}",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    body, _, status = out.rpartition(b"\n")
    return int(status or 0), body or err


def posted(ward: Ward, csr: bytes) -> tuple[str, ...]:
    """curl's words for a signing request in PEM."""
    file = ward.directory / "request.b64"
    der = x509.load_pem_x509_csr(csr).public_bytes(serialization.Encoding.DER)
    file.write_bytes(base64.encodebytes(der))
    return ("-H", "Content-Type: application/pkcs10", "--data-binary", f"@{file}")


def certificate(body: bytes) -> x509.Certificate:
    (made,) = pkcs7.load_der_pkcs7_certificates(base64.b64decode(body))
    return made


def shown(pair: dict[str, str]) -> tuple[str, ...]:
    return ("--cert", pair["cert_file"], "--key", pair["key_file"])


ENROL, RENEW = "/.well-known/est/simpleenroll", "/.well-known/est/simplereenroll"


async def test_a_claim_and_a_renewal(ward: Ward) -> None:
    code, key = ward.code("kitchen-7"), ec.generate_private_key(ec.SECP256R1())
    async with ward.endpoint() as port:
        status, body = await curl(ward, port, "/.well-known/est/cacerts")
        assert (status, certificate(body)) == (200, ward.authority.root)
        first = posted(ward, request("kitchen-7", key))
        status, body = await curl(ward, port, ENROL, *first, "--user", f"kitchen-7:{code}")
        assert status == 200
        made = certificate(body)
        assert made.subject.rfc4514_string() == "CN=kitchen-7"
        assert made.public_key() == key.public_key()
        made.verify_directly_issued_by(ward.authority.root)

        again = await curl(ward, port, ENROL, *first, "--user", f"kitchen-7:{code}")
        assert (again[0], certificate(again[1])) == (200, made), "an answer that was lost is given again"
        other = await curl(ward, port, ENROL, *posted(ward, request("kitchen-7")), "--user", f"kitchen-7:{code}")
        assert other[0] == 401, "and to nobody else"

        present = ward.hub("kitchen-8")
        renewal = posted(ward, request("kitchen-8"))
        status, body = await curl(ward, port, RENEW, *renewal, *shown(present))
        assert status == 200
        assert certificate(body).serial_number != int(ward.authority.register.of("kitchen-8")[0].serial, 16)
        status, once_more = await curl(ward, port, RENEW, *renewal, *shown(present))
        assert (status, certificate(once_more)) == (200, certificate(body))
        assert len(ward.authority.register.of("kitchen-8")) == 2
    assert ward.authority.register.broken_at() is None


async def test_who_gets_no_renewal(ward: Ward, tmp_path: Path) -> None:
    stranger = Ward(tmp_path / "stranger")
    gone, late = ward.hub("kitchen-9"), ward.hub("kitchen-10", lasts=timedelta(seconds=-1))
    ward.authority.revoke("kitchen-9")
    words = posted(ward, request("kitchen-7"))
    async with ward.endpoint() as port:
        assert (await curl(ward, port, RENEW, *words))[0] == 401, "no certificate"
        assert (await curl(ward, port, RENEW, *words, *shown(ward.hub("kitchen-8"))))[0] == 400, "for another hub"
        assert (await curl(ward, port, RENEW, *words, *shown(ward.account("ward.consumer"))))[0] == 403
        status, said = await curl(ward, port, RENEW, *posted(ward, request("kitchen-9")), *shown(gone))
        assert (status, said) == (403, b"This certificate was withdrawn. Ask the ward for a claim code.\n")
        assert (await curl(ward, port, RENEW, *words, *shown(stranger.hub("kitchen-7"))))[0] == 0, "TLS refuses it"
        assert (await curl(ward, port, RENEW, *words, *shown(late)))[0] == 0, "TLS refuses it"
    assert ward.authority.register.of("kitchen-7") == []
    assert [r.what for r in ward.authority.register.audit()].count("refused") == 4


async def test_who_cannot_claim(ward: Ward) -> None:
    words = posted(ward, request("kitchen-7"))
    code, old = ward.code("kitchen-8"), ward.code("kitchen-7", lasts=timedelta(seconds=-1))
    async with ward.endpoint() as port:
        for user in ("kitchen-7:" + code, "kitchen-7:" + old, "kitchen-7:", "kitchen-7:0000-0000-0000-0000"):
            status, said = await curl(ward, port, ENROL, *words, "--user", user)
            assert (status, b"does not open" in said) == (401, True), user
        assert (await curl(ward, port, ENROL, *words))[0] == 401
        assert (await curl(ward, port, ENROL, *words, "-H", "Authorization: Basic %%%"))[0] == 401
        assert (await curl(ward, port, ENROL, *words, "--user", f"kitchen-8:{code}"))[0] == 400, "another hub's request"
    assert [one.role for one in ward.authority.register.all()] == ["server"]
    audit = "".join(f"{r.what}{r.detail}" for r in ward.authority.register.audit())
    assert code not in audit
    assert old not in audit


async def test_guessing_is_slow(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten wrong codes, and this address waits; then a right one opens."""
    monkeypatch.setattr(enrol, "REFUSALS", 3)
    now = [0.0]
    endpoint = enrol.Enrolment(ward.authority, ward.server, ward.server_key, monotonic=lambda: now[0])
    words, code = posted(ward, request("kitchen-7")), ward.code("kitchen-7")
    server = await endpoint.start("127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        for _ in range(3):
            assert (await curl(ward, port, ENROL, *words, "--user", "kitchen-7:AAAA-AAAA-AAAA-AAAA"))[0] == 401
        right = ("--user", f"kitchen-7:{code}")
        assert (await curl(ward, port, ENROL, *words, *right))[0] == 429
        now[0] = enrol.WINDOW_S
        assert (await curl(ward, port, ENROL, *words, *right))[0] == 200


async def test_a_hub_that_asks_without_end(ward: Ward) -> None:
    pair = ward.hub("kitchen-7")
    for _ in range(est.A_DAY):
        ward.authority.sign(request("kitchen-7"), "kitchen-7")
    async with ward.endpoint() as port:
        status, _ = await curl(ward, port, RENEW, *posted(ward, request("kitchen-7")), *shown(pair))
    assert status == 429


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /.well-known/est/cacerts HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET /../ca.key HTTP/1.1\r\n\r\n", 404),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * asked.HEAD_BYTES * 2 + b"\r\n\r\n", 431),
        (b"POST " + ENROL.encode() + b" HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST " + ENROL.encode() + b" HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 411),
        (b"POST " + ENROL.encode() + b" HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST " + ENROL.encode() + b" HTTP/1.1\r\nContent-Length: 3\r\n\r\n\xff\x00a", 401),
    ],
)
async def test_what_is_no_request_gets_an_answer_and_hurts_nobody(ward: Ward, sent: bytes, status: int) -> None:
    context = ssl.create_default_context(cafile=str(ward.ca))
    async with ward.endpoint() as port:
        reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
        writer.write(sent)
        assert (await reader.readline()).split()[1] == str(status).encode()
        writer.close()
        assert (await curl(ward, port, "/.well-known/est/cacerts"))[0] == 200


async def test_codes_end_with_the_hub(ward: Ward) -> None:
    """A hub that is withdrawn cannot come back with a code that was given for it before."""
    code = ward.code("kitchen-7")
    ward.authority.revoke("kitchen-7")
    async with ward.endpoint() as port:
        words = posted(ward, request("kitchen-7"))
        assert (await curl(ward, port, ENROL, *words, "--user", f"kitchen-7:{code}"))[0] == 401
