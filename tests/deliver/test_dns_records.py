"""The sending domain's records, told by a resolver of our own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from dns.exception import Timeout
from dns.resolver import NXDOMAIN, NoAnswer

from digest.config import Config
from digest.deliver.dns_records import Record, look_up

names = itertools.count(1)
GOOD = {
    ("NS", ""): "ns.host.net.",
    ("TXT", ""): "v=spf1 ip4:192.0.2.10 -all",
    ("TXT", "s1._domainkey."): "k=rsa; p=MIGfMA0GCSq",
    ("TXT", "s2._domainkey."): "k=rsa; p=MIGfMA0GCSr",
    ("TXT", "_dmarc."): "v=DMARC1; p=none; rua=mailto:dmarc@{domain}",
}


class Text:
    def __init__(self, text: str) -> None:
        self.strings = [text.encode()]
        self._text = text

    def to_text(self) -> str:
        return self._text


class FakeResolver:
    """`zone` maps (type, name before the domain) to a record; everything else has no answer."""

    lifetime = timeout = 1.0
    nameservers = ("192.0.2.53",)

    def __init__(
        self, domain: str, zone: Mapping[tuple[str, str], str], *, fails: type[Exception] | None = None
    ) -> None:
        self._zone = {(kind, f"{name}{domain}"): text.format(domain=domain) for (kind, name), text in zone.items()}
        self._fails = fails

    def resolve(self, name: Any, kind: Any = "A", **_: Any) -> list[Text]:
        if self._fails:
            raise self._fails
        found = self._zone.get((str(kind), str(name).rstrip(".")))
        if found is None:
            raise NoAnswer if str(name).count(".") < 2 else NXDOMAIN
        return [Text(found)]


@pytest.fixture
def look(make_config: Callable[..., Config]) -> Callable[..., dict[str, Record]]:
    def run(zone: Mapping[tuple[str, str], str], *, provider: str = "sendgrid", **fails: Any) -> dict[str, Record]:
        domain = f"halyard{next(names)}.ac"  # the library remembers answers, so each is asked once
        config = make_config(f'[delivery]\nprovider = "{provider}"\nfrom_email = "digest@{domain}"')
        found = look_up(config, resolver=FakeResolver(domain, zone, **fails))
        return {record.subject: record for record in found}

    return run


Look = Callable[..., dict[str, Record]]


def test_all_three_are_there(look: Look) -> None:
    found = look(GOOD)
    assert {subject: record.mark for subject, record in found.items()} == {"SPF": "ok", "DKIM": "ok", "DMARC": "ok"}
    assert "v=spf1 ip4:192.0.2.10 -all" in found["SPF"].words


@pytest.mark.parametrize(
    ("gone", "subject", "mark", "todo"),
    [
        (("TXT", ""), "SPF", "warn", "Publish one TXT record"),
        (("TXT", "s2._domainkey."), "DKIM", "FAIL", "your provider shows"),
        (("TXT", "_dmarc."), "DMARC", "FAIL", "v=DMARC1; p=none"),
    ],
)
def test_one_that_is_missing_is_named_with_what_to_publish(
    look: Look, gone: tuple[str, str], subject: str, mark: str, todo: str
) -> None:
    found = look({key: text for key, text in GOOD.items() if key != gone})
    assert found[subject].mark == mark
    assert todo in found[subject].todo
    assert [record.mark for name, record in found.items() if name != subject] == ["ok", "ok"]


def test_a_revoked_key(look: Look) -> None:
    found = look({**GOOD, ("TXT", "s2._domainkey."): "v=DKIM1; p="})
    assert "was revoked" in found["DKIM"].words


def test_a_selector_that_nobody_named(look: Look) -> None:
    assert look(GOOD, provider="smtp")["DKIM"].mark == "warn"


def test_where_no_resolver_answers_that_is_said_and_nothing_more(look: Look) -> None:
    found = look(GOOD, fails=Timeout)
    assert list(found) == ["DNS"]
    assert found["DNS"].mark == "warn"
    assert "no resolver answered here" in found["DNS"].words


def test_a_domain_that_does_not_exist(look: Look) -> None:
    assert look(GOOD, fails=NXDOMAIN)["DNS"].mark == "FAIL"


def test_nobodys_names_are_not_asked_for(config: Config) -> None:
    assert look_up(config, resolver=None) == []
