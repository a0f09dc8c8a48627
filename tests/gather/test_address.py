"""Which addresses a fetch may connect to."""

from __future__ import annotations

import pytest

from digest.gather.address import check_url_parts, is_public


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "192.88.99.1"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1"),
        *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:10.0.0.1"),
        *("2002:7f00:1::", "2002:0a00:1::1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1"),
        *("2001:0:53aa:64c:1:2:f5ff:fffe", "2606:4700::5efe:10.0.0.1", "not an address", ""),
    ],
)
def test_an_address_that_is_not_globally_routable_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8"])
def test_a_public_address_passes(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "127.0.0.01"])
def test_numeric_spellings_that_only_a_resolver_understands_are_refused(host: str) -> None:
    assert "numeric form" in check_url_parts("http", host, None, private_allowed=False)


def test_only_http_and_its_ports_are_asked() -> None:
    assert "only http and https" in check_url_parts("file", "", None, private_allowed=True)
    assert "port 22" in check_url_parts("http", "news.example", 22, private_allowed=False)
    assert check_url_parts("http", "news.example", 8080, private_allowed=True) == ""
    assert check_url_parts("https", "news.example", 443, private_allowed=False) == ""
    assert check_url_parts("https", "192.0.2.7", None, private_allowed=False) == ""
