"""Signatures, seals and key files: what was changed, meant for something else or for somebody else is refused."""

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import PermanentError, UsageError
from contract.keys import (
    KeyPairs,
    enrolment,
    has_key_pairs,
    parse_public_keys,
    read_enrolment,
    read_key_pairs,
    write_key_pairs,
)
from contract.sealing import OVERHEAD_BYTES, UnsealKey
from contract.signing import MAX_PAYLOAD_BYTES, Purpose, Signed, SigningKey, open_signed

KEY = SigningKey.from_raw(bytes(32))
OTHER = SigningKey.from_raw(bytes([1] * 32))
UNSEAL = UnsealKey.generate()


@given(st.binary(max_size=2000), st.sampled_from(Purpose))
def test_what_was_signed_comes_back_byte_for_byte(payload: bytes, purpose: Purpose) -> None:
    assert open_signed(KEY.wrap(payload, purpose).to_wire(), purpose, [OTHER.public, KEY.public]) == payload


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_changed_bit_is_noticed(payload: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(payload) - 1))
    changed = bytearray(payload)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    signature = KEY.sign(payload, Purpose.BUNDLE)
    assert KEY.public.is_signed(payload, signature, Purpose.BUNDLE)
    assert not KEY.public.is_signed(bytes(changed), signature, Purpose.BUNDLE)


def test_a_signed_request_is_no_signed_bundle() -> None:
    wire = KEY.wrap(b"{}", Purpose.REQUEST).to_wire()
    with pytest.raises(PermanentError, match="signed as request, not as bundle"):
        open_signed(wire, Purpose.BUNDLE, [KEY.public])
    relabelled = json.dumps(json.loads(wire) | {"purpose": "bundle"}).encode()
    with pytest.raises(PermanentError, match="does not fit"):
        open_signed(relabelled, Purpose.BUNDLE, [KEY.public])


def test_an_unknown_key_is_refused_and_so_is_one_that_borrows_the_name() -> None:
    wire = OTHER.wrap(b"{}", Purpose.BUNDLE)
    with pytest.raises(PermanentError, match="not pinned"):
        open_signed(wire.to_wire(), Purpose.BUNDLE, [KEY.public])
    borrowed = wire.model_copy(update={"key_id": KEY.key_id})
    with pytest.raises(PermanentError, match="does not fit"):
        open_signed(borrowed.to_wire(), Purpose.BUNDLE, [KEY.public])


@pytest.mark.parametrize("wire", [b"", b"{}", b"[]", b"\xff\xfe", b"null", b"{" * 5000])
def test_what_is_no_envelope_is_refused(wire: bytes) -> None:
    with pytest.raises(PermanentError, match="no signed message"):
        open_signed(wire, Purpose.BUNDLE, [KEY.public])


def test_what_is_too_large_is_refused_on_both_sides() -> None:
    with pytest.raises(PermanentError, match="carries"):
        KEY.wrap(bytes(MAX_PAYLOAD_BYTES + 1), Purpose.BUNDLE)
    with pytest.raises(PermanentError, match="larger than any"):
        open_signed(bytes(MAX_PAYLOAD_BYTES * 2), Purpose.BUNDLE, [KEY.public])
    assert len(KEY.wrap(bytes(MAX_PAYLOAD_BYTES), Purpose.BUNDLE).to_wire()) < 256 * 1024


@given(st.binary(max_size=5000))
def test_what_was_sealed_opens_for_its_owner_alone(plain: bytes) -> None:
    sealed = UNSEAL.public.seal(plain, "secret:cam-1")
    assert len(sealed) == len(plain) + OVERHEAD_BYTES
    assert UNSEAL.open(sealed, "secret:cam-1") == plain
    assert sealed != UNSEAL.public.seal(plain, "secret:cam-1")
    for key, context in ((UnsealKey.generate(), "secret:cam-1"), (UNSEAL, "secret:cam-2")):
        with pytest.raises(PermanentError, match="can't be opened"):
            key.open(sealed, context)


def test_a_damaged_seal_does_not_open() -> None:
    sealed = UNSEAL.public.seal(b"user:password", "secret:cam-1")
    for place in (0, 4, 35, 36, len(sealed) - 1):
        damaged = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(PermanentError, match="secret:cam-1"):
            UNSEAL.open(damaged, "secret:cam-1")
    for short in (b"", b"XJS1", sealed[:40]):
        with pytest.raises(PermanentError, match="not sealed in a form"):
            UNSEAL.open(short, "secret:cam-1")
    with pytest.raises(PermanentError, match="can't be opened"):
        UNSEAL.open(b"XJS1" + bytes(80), "secret:cam-1")


def test_keys_on_disk_are_their_owners_alone(tmp_path: Path) -> None:
    folder, pairs = tmp_path / "keys", KeyPairs.generate()
    write_key_pairs(folder, pairs)
    assert has_key_pairs(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    again = read_key_pairs(folder)
    assert again.public("node", "n") == pairs.public("node", "n")
    (folder / "sign.pem").chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        read_key_pairs(folder)


def test_missing_or_damaged_keys_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="enrol first"):
        read_key_pairs(tmp_path)
    write_key_pairs(tmp_path, KeyPairs.generate())
    (tmp_path / "seal.pem").write_bytes(b"-----BEGIN NOTHING-----")
    with pytest.raises(UsageError, match=r"seal\.pem: is no private key"):
        read_key_pairs(tmp_path)
    (tmp_path / "seal.pem").write_bytes((tmp_path / "sign.pem").read_bytes())
    with pytest.raises(UsageError, match="holds no X25519 key"):
        read_key_pairs(tmp_path)


def test_a_fingerprint_may_be_typed_as_people_type() -> None:
    keys, other = KeyPairs.generate().public("central", "c"), KeyPairs.generate().public("central", "c")
    assert keys.has_fingerprint(keys.fingerprint.upper().replace("-", " "))
    assert not keys.has_fingerprint(other.fingerprint)
    assert not keys.has_fingerprint("")


def test_an_enrolment_proves_that_its_sender_holds_the_key() -> None:
    pairs = KeyPairs.generate()
    wire = enrolment(pairs, "node-7").to_wire()
    assert read_enrolment(wire, "f") == pairs.public("node", "node-7")
    stolen = Signed.model_validate_json(wire)
    forged = OTHER.wrap(stolen.model_dump_json().encode(), Purpose.ENROLMENT)
    for bad in (forged.to_wire(), b"{}", b"", pairs.public("node", "n").to_wire()):
        with pytest.raises(UsageError, match="f: "):
            read_enrolment(bad, "f")
    renamed = KeyPairs(OTHER, pairs.sealing).signing.wrap(pairs.public("node", "x").to_wire(), Purpose.ENROLMENT)
    with pytest.raises(UsageError, match="not pinned"):
        read_enrolment(renamed.to_wire(), "f")


@pytest.mark.parametrize("field", ["signing", "sealing"])
def test_a_public_key_of_the_wrong_length_is_refused(field: str) -> None:
    content = json.loads(KeyPairs.generate().public("node", "n").to_wire())
    content[field] = "A" * 43 + "="
    assert parse_public_keys(json.dumps(content).encode(), "f")
    content[field] = "AAAA" * 11
    with pytest.raises(UsageError, match="holds a key that is none"):
        parse_public_keys(json.dumps(content).encode(), "f")
