"""One spelling of each address, and its keyed hash."""

from __future__ import annotations

import dataclasses
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.config import Keys, SecretKey
from digest.members.address import Refused, address_key, address_keys, by_the_library, hashers, normalise

KEYS = Keys(
    django_secret="x",
    link=(SecretKey(id="a1", secret=b"l" * 32),),
    suppression=(SecretKey(id="s1", secret=b"s" * 32),),
)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace@Example.ORG \n", "Ada.Lovelace@example.org"),
        ("ada+news@example.org", "ada+news@example.org"),
        ("ada@müller.de", "ada@xn--mller-kva.de"),
        ("ada@xn--mller-kva.de", "ada@xn--mller-kva.de"),
        ("o'brien@example.ie", "o'brien@example.ie"),
    ],
)
def test_an_address_has_one_ascii_spelling(raw: str, kept: str) -> None:
    assert normalise(raw) == kept


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ("", "no address"),
        ("   ", "no address"),
        ("jörg@example.org", "before the @"),
        ("ada", "must have an @"),
        ("ada@localhost", "period"),
        ("ada@exam ple.org", "invalid characters"),
        ("ada@example.org\r\nBcc: eve@example.org", "invalid characters"),
        ("Ada <ada@example.org>", "display name"),
        ('"a b"@example.org', "Quoting"),
        ("ada@[192.0.2.1]", "bracketed"),
        ("ada..b@example.org", "two periods"),
        ("x" * 65 + "@example.org", "too long"),
        ("ada@" + "x" * 250 + ".org", "too "),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(raw: str, word: str) -> None:
    answer = normalise(raw)
    assert isinstance(answer, Refused)
    assert word in answer.reason
    assert answer.reason.endswith(".")


@given(st.text(max_size=80))
def test_nothing_raises_and_what_is_kept_is_safe_in_a_header(raw: str) -> None:
    answer = normalise(raw)
    if isinstance(answer, str):
        assert answer.isascii()
        assert answer.isprintable()
        assert normalise(answer) == answer


@given(st.emails())
def test_normalising_twice_changes_nothing(raw: str) -> None:
    answer = normalise(raw)
    assert isinstance(answer, Refused) or normalise(answer) == answer


def test_the_key_is_a_keyed_hash_of_the_address_in_lower_case() -> None:
    key = address_key(KEYS, "ada@example.org")
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")
    assert key == address_key(KEYS, "ADA@example.org")
    assert key != address_key(KEYS, "bea@example.org")
    other = dataclasses.replace(KEYS, suppression=(SecretKey(id="s2", secret=b"t" * 32),))
    assert key != address_key(other, "ada@example.org")


def test_older_keys_still_find_older_rows() -> None:
    newer = dataclasses.replace(KEYS, suppression=(SecretKey(id="s2", secret=b"t" * 32), *KEYS.suppression))
    assert address_keys(newer, "ada@example.org")[0] == address_key(newer, "ada@example.org")
    assert address_keys(newer, "ada@example.org")[1] == address_key(KEYS, "ada@example.org")


label = st.from_regex(r"[A-Za-z0-9-]{1,12}", fullmatch=True)
atoms = st.from_regex(r"[A-Za-z0-9_+'.-]{1,20}", fullmatch=True)
tops = st.sampled_from(
    ["org", "example", "museum", "test", "local", "invalid", "Onion", "arpa", "localhost", "c0m", "x", "1", "ORG"]
)
mailboxes = st.sampled_from(["info", "Info", "INFO", "Sales", "postmaster", "Postmaster", "WWW", "noc"])
shapes = st.builds(
    lambda local, labels, top: f"{local}@{'.'.join([*labels, top])}",
    st.one_of(atoms, mailboxes, st.from_regex(r"[a-z]{60,66}", fullmatch=True)),
    st.lists(
        st.one_of(label, st.from_regex(r"[a-z]{60,66}", fullmatch=True), st.just("xn--mller-kva"), st.just("ab--c")),
        max_size=5,
    ),
    tops,
)


@settings(max_examples=500, deadline=None)
@given(st.one_of(shapes, st.emails(), st.text("ab.@-_+'1A é\n\x00", max_size=30)))
def test_the_short_cut_agrees_with_the_library(raw: str) -> None:
    assert normalise(raw) == by_the_library(raw)


def test_the_short_cut_is_taken_for_the_usual_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.members.address.by_the_library", None)
    assert normalise("Ada.O'Neill+news@Mail.Example.ORG") == "Ada.O'Neill+news@mail.example.org"


@given(st.binary(min_size=16, max_size=130), st.text("abcABC@.é ", max_size=40))
def test_the_key_is_hmac_sha256(secret: bytes, address: str) -> None:
    keys = dataclasses.replace(KEYS, suppression=(SecretKey(id="s1", secret=secret),))
    expected = hmac.digest(secret, address.strip().lower().encode(), "sha256").hex()
    assert address_key(keys, address) == expected
    assert [hasher(address) for hasher in hashers(keys)] == [expected]
