"""Signed links: what was signed is accepted, and nothing else ever is."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from digest.config import Config, Keys, SecretKey
from digest.deliver.links import LinkMaker, MailingList, Verb, member_links, sign, verify

LIST = "digest.example.org"
KEYS = Keys(
    django_secret="x",
    link=(SecretKey(id="b2", secret=b"new" * 11), SecretKey(id="a1", secret=b"old" * 11)),
    suppression=(SecretKey(id="s1", secret=b"s" * 32),),
)
public_ids = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=32)
verbs = st.sampled_from(Verb)


@given(verbs, public_ids)
def test_a_signed_token_names_its_member(verb: Verb, public_id: str) -> None:
    assert verify(KEYS, verb, LIST, sign(KEYS, verb, LIST, public_id)) == public_id


def test_the_form_is_final() -> None:
    """Links in mails that were sent must work for ever: this very token must always verify."""
    keys = dataclasses.replace(KEYS, link=(SecretKey(id="a1", secret=bytes(range(32))),))
    token = "Zb3kq9.a1.cgD_cc2rjxlGk-sL2j6Plw"
    assert sign(keys, Verb.UNSUBSCRIBE, LIST, "Zb3kq9") == token
    assert verify(keys, Verb.UNSUBSCRIBE, LIST, token) == "Zb3kq9"


@given(verbs, verbs, public_ids)
def test_a_token_serves_one_verb_and_one_list(verb: Verb, other: Verb, public_id: str) -> None:
    token = sign(KEYS, verb, LIST, public_id)
    assert verify(KEYS, verb, "other.example.org", token) is None
    assume(other is not verb)
    assert verify(KEYS, other, LIST, token) is None


@given(public_ids, st.data())
def test_a_changed_or_shortened_token_is_refused(public_id: str, data: st.DataObject) -> None:
    token = sign(KEYS, Verb.VIEW, LIST, public_id)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters())
    forged = [
        token[:place],
        token[place + 1 :],
        token[:place] + token[place + 1 :],
        token[:place] + other + token[place:],
        token[:place] + other + token[place + 1 :],
        token + "=",
        token + "\n",
        f" {token}",
    ]
    for candidate in forged:
        if candidate != token:
            assert verify(KEYS, Verb.VIEW, LIST, candidate) is None


@given(st.text(max_size=80))
def test_whatever_comes_in_an_address_is_no_error(token: str) -> None:
    assert verify(KEYS, Verb.UNSUBSCRIBE, LIST, token) is None


def test_an_older_key_still_verifies_but_only_under_its_own_name() -> None:
    older = dataclasses.replace(KEYS, link=KEYS.link[1:])
    token = sign(older, Verb.UNSUBSCRIBE, LIST, "m1")
    assert verify(KEYS, Verb.UNSUBSCRIBE, LIST, token) == "m1"
    assert verify(KEYS, Verb.UNSUBSCRIBE, LIST, token.replace(".a1.", ".b2.")) is None
    gone = dataclasses.replace(KEYS, link=KEYS.link[:1])
    assert verify(gone, Verb.UNSUBSCRIBE, LIST, token) is None


def test_a_members_links_are_absolute_and_name_the_issue_beside_the_token(config: Config, keys: Keys) -> None:
    links = member_links(config, keys, "m1", "736")
    address, _, query = links.view_in_browser.partition("?")
    assert query == "issue=736"
    for url, verb in (
        (address, Verb.VIEW),
        (links.unsubscribe, Verb.UNSUBSCRIBE),
        (links.preferences, Verb.PREFERENCES),
    ):
        start = f"{config.web.base_url}/{verb}/"
        assert url.startswith(start)
        assert verify(keys, verb, MailingList.DIGEST, url.removeprefix(start)) == "m1"


@pytest.mark.parametrize("verb", Verb)
def test_the_mac_has_128_bits(verb: Verb) -> None:
    mac = sign(KEYS, verb, LIST, "m1").rpartition(".")[2]
    assert len(mac) == 22


@pytest.mark.parametrize("length", [16, 32, 64, 65, 200])
def test_links_made_in_numbers_are_those_that_are_signed_one_by_one(config: Config, length: int) -> None:
    keys = dataclasses.replace(KEYS, link=(SecretKey(id="k", secret=bytes(n % 256 for n in range(length))),))
    make = LinkMaker(config, keys, "736")
    for public_id in ("m1", "A-_z" * 8, "0"):
        links = make(public_id)
        assert links.unsubscribe.rpartition("/")[2] == sign(keys, Verb.UNSUBSCRIBE, MailingList.DIGEST, public_id)
        assert links.preferences.rpartition("/")[2] == sign(keys, Verb.PREFERENCES, MailingList.DIGEST, public_id)
        assert (
            links.view_in_browser.rpartition("/")[2]
            == f"{sign(keys, Verb.VIEW, MailingList.DIGEST, public_id)}?issue=736"
        )
