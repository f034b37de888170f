"""The ward's authority, judged by OpenSSL's own program."""

from __future__ import annotations

import sqlite3
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.support.authority import Ward, request
from wardgate.cli import ward_ca
from wardgate.ward.ca import Authority, NotSigned
from wardgate.ward.register import CodeRefused, Register


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path)


def openssl(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False)


def verified(ward: Ward, certificate: str, purpose: str) -> str:
    trust = ("-x509_strict", "-crl_check", "-CRLfile", ward.crl, "-CAfile", ward.ca)
    done = openssl("verify", *trust, "-purpose", purpose, certificate)
    return done.stdout + done.stderr


def test_a_hubs_certificate_is_good_for_a_client_and_for_nothing_else(ward: Ward) -> None:
    pair = ward.hub("kitchen-7")
    assert verified(ward, pair["cert_file"], "sslclient").endswith(": OK\n")
    assert "purpose" in verified(ward, pair["cert_file"], "sslserver")
    said = openssl("x509", "-in", pair["cert_file"], "-noout", "-subject", "-ext", "extendedKeyUsage,basicConstraints")
    assert "subject=CN = kitchen-7" in said.stdout
    assert "TLS Web Client Authentication\n" in said.stdout
    assert "Server" not in said.stdout
    assert "CA:FALSE" in said.stdout


def test_a_servers_certificate_is_no_clients(ward: Ward) -> None:
    assert verified(ward, str(ward.server), "sslserver").endswith(": OK\n")
    assert "purpose" in verified(ward, str(ward.server), "sslclient")


def test_what_was_withdrawn_is_on_the_list_for_its_reason(ward: Ward) -> None:
    pair, other = ward.hub("kitchen-7"), ward.hub("kitchen-8")
    assert len(ward.authority.revoke("kitchen-7", reason="lost")) == 1
    assert "certificate revoked" in verified(ward, pair["cert_file"], "sslclient")
    assert verified(ward, other["cert_file"], "sslclient").endswith(": OK\n")
    assert "Key Compromise" in openssl("crl", "-in", ward.crl, "-noout", "-text").stdout
    assert ward.authority.revoke("kitchen-7") == [], "withdrawn once is enough"


def test_an_authority_that_was_set_up_again_signs_on(ward: Ward) -> None:
    ward.authority.close()
    ward.authority = Authority(ward.directory / "ca")
    assert verified(ward, ward.hub("kitchen-7")["cert_file"], "sslclient").endswith(": OK\n")
    with pytest.raises(FileExistsError):
        Authority.create(ward.directory / "ca", "Again")


def test_secrets_are_the_owners_alone(ward: Ward) -> None:
    for name in ("ca.key", "register.db"):
        assert (ward.directory / "ca" / name).stat().st_mode & 0o777 == 0o600, name
    assert (ward.directory / "ca").stat().st_mode & 0o777 == 0o700
    assert ward.server_key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["Kitchen", "a/b", "+", "#", "ward.consumer", "", "-a", "a" * 64, "a b"])
def test_names_that_no_hub_can_have(ward: Ward, name: str) -> None:
    """What a topic filter or an account of the ward would take for something else."""
    with pytest.raises(NotSigned):
        ward.authority.sign(request(name or "x"), name)


def test_no_hub_can_be_called_as_an_account(ward: Ward) -> None:
    with pytest.raises(NotSigned, match="with a dot"):
        ward.account("kitchen-7")


def test_requests_that_are_not_signed(ward: Ward) -> None:
    with pytest.raises(NotSigned, match="for kitchen-8 and not for kitchen-7"):
        ward.authority.sign(request("kitchen-8"), "kitchen-7")
    with pytest.raises(NotSigned, match="no signing request"):
        ward.authority.sign(b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "a")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    pem = serialization.Encoding.PEM
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())):
        with pytest.raises(NotSigned, match="P-256"):
            ward.authority.sign(builder.sign(key, hashes.SHA256()).public_bytes(pem), "a")
    der = bytearray(
        builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    )
    der[-1] ^= 1
    with pytest.raises(NotSigned):
        ward.authority.sign(bytes(der), "a")
    assert [one.role for one in ward.authority.register.all()] == ["server"], "nothing of it was entered"


def test_a_request_gets_nothing_but_what_a_hub_gets(ward: Ward) -> None:
    """Asking for an authority's rights, or for another's names, gives neither."""
    key = ec.generate_private_key(ec.SECP256R1())
    greedy = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("broker.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    made = x509.load_pem_x509_certificate(ward.authority.sign(greedy, "a").certificate)
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    with pytest.raises(x509.ExtensionNotFound):
        made.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_nothing_outlives_the_root(tmp_path: Path) -> None:
    then = datetime.now(UTC)
    old = Authority.create(tmp_path / "ca", "Old", now=lambda: then)
    later = Authority(tmp_path / "ca", now=lambda: then + timedelta(days=20 * 365 - 10))
    made = later.sign(request("a"), "a")
    assert made.not_after == old.root.not_valid_after_utc
    old.close()
    later.close()


def test_claim_codes(tmp_path: Path) -> None:
    book, now = Register(tmp_path / "register.db"), datetime.now(UTC)
    code = book.give_code("kitchen-7", timedelta(hours=1), now)
    assert book.check_code(code.lower().replace("-", " "), "kitchen-7", "k", now) is None
    for hub, wrong, when in (
        ("kitchen-8", code, now),
        ("kitchen-7", code[:-1], now),
        ("kitchen-7", code, now + timedelta(hours=1)),
    ):
        with pytest.raises(CodeRefused):
            book.check_code(wrong, hub, "k", when)
    book.give_code("kitchen-7", timedelta(hours=1), now)
    with pytest.raises(CodeRefused):
        book.check_code(code, "kitchen-7", "k", now)
    book.close()
    plain = code.replace("-", "")
    for file in tmp_path.iterdir():
        assert plain.encode() not in file.read_bytes(), "only its hash is kept"
        assert code.encode() not in file.read_bytes()


def test_a_code_is_spent_once(ward: Ward) -> None:
    code = ward.code("kitchen-7")
    ward.authority.sign(request("kitchen-7"), "kitchen-7", code=code)
    with pytest.raises(CodeRefused):
        ward.authority.sign(request("kitchen-7"), "kitchen-7", code=code)
    assert len(ward.authority.register.of("kitchen-7")) == 1


def test_a_change_of_the_audit_is_found(ward: Ward) -> None:
    ward.hub("kitchen-7")
    ward.authority.revoke("kitchen-7")
    book = ward.authority.register
    assert [row.what for row in book.audit()] == ["created", "issued", "issued", "revoked"]
    assert book.broken_at() is None
    with sqlite3.connect(ward.directory / "ca" / "register.db") as other:
        other.execute("UPDATE audit SET name = 'kitchen-8' WHERE id = 3")
    assert book.broken_at() == 3
    with sqlite3.connect(ward.directory / "ca" / "register.db") as other:
        other.execute("UPDATE audit SET name = 'kitchen-7' WHERE id = 3")
        other.execute("DELETE FROM audit WHERE id = 2")
    assert book.broken_at() == 3


def test_the_same_by_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def ca(*words: str) -> str:
        assert ward_ca.main(["--directory", str(tmp_path / "ca"), *words]) == 0
        return capsys.readouterr().out

    ca("new", "Riverside virtual ward")
    broker = ("--out", f"{tmp_path}/b.pem", "--key-out", f"{tmp_path}/b.key")
    ca("issue", "broker.example", "--server", "--also", "127.0.0.1", *broker)
    (tmp_path / "hub.csr").write_bytes(request("kitchen-7"))
    ca("sign", "kitchen-7", f"{tmp_path}/hub.csr", "--out", f"{tmp_path}/hub.pem")
    assert openssl("verify", "-CAfile", tmp_path / "ca" / "ca.pem", tmp_path / "hub.pem").returncode == 0
    assert len(ca("code", "kitchen-8").strip()) == 19
    ca("revoke", "kitchen-7", "--reason", "returned")
    assert "withdrawn" in ca("list")
    assert "revoked" in ca("audit")
    assert ca("crl").strip() == str(tmp_path / "ca" / "crl.pem")
    assert ward_ca.main(["--directory", str(tmp_path / "none"), "list"]) == 1
    assert "wardgate ward ca" in capsys.readouterr().err
