"""What is believed of a request that came through proxies, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from digest.config import Config
from digest.errors import ConfigError
from digest.web.proxies import Asked, believe_trusted_proxies, who_asks

VISITOR, PROXY, FRONT, LIAR = "198.51.100.7", "10.0.0.2", "10.0.0.1", "203.0.113.9"


@pytest.mark.parametrize(
    ("trusted", "remote", "forwarded", "address"),
    [
        (0, VISITOR, LIAR, VISITOR),
        (1, PROXY, VISITOR, VISITOR),
        (1, PROXY, f"{LIAR}, {VISITOR}", VISITOR),
        (2, PROXY, f"{LIAR}, {VISITOR}, {FRONT}", VISITOR),
        (2, PROXY, VISITOR, PROXY),  # somebody came in behind the first of them
        (1, PROXY, "", PROXY),
        (1, PROXY, f"{VISITOR}:4711", VISITOR),
        (1, PROXY, '"[2001:db8::7]:4711"', "2001:db8::7"),
        (1, PROXY, "2001:db8::7", "2001:db8::7"),
        (1, PROXY, f"::ffff:{VISITOR}", VISITOR),
        (1, PROXY, "unknown", PROXY),
        (1, PROXY, "' OR 1=1", PROXY),
        (("10.0.0.0/8",), PROXY, VISITOR, VISITOR),
        (("10.0.0.0/8",), PROXY, f"{LIAR}, {VISITOR}, {FRONT}", VISITOR),
        (("10.0.0.0/8",), PROXY, f"{FRONT}, {VISITOR}", VISITOR),
        (("10.0.0.0/8",), LIAR, VISITOR, LIAR),  # straight to us, past the proxies
        (("10.0.0.0/8",), PROXY, f"{FRONT}, {PROXY}", FRONT),
        (("10.0.0.2/32",), PROXY, f"{VISITOR}, {FRONT}", FRONT),
        (("::1/128",), "::1", VISITOR, VISITOR),
        (("10.0.0.0/8",), "", VISITOR, ""),
    ],
)
def test_the_address(trusted: Any, remote: str, forwarded: str, address: str) -> None:
    assert who_asks({"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": forwarded}, trusted).address == address


@pytest.mark.parametrize(
    ("trusted", "chain", "scheme", "believed"),
    [
        (1, VISITOR, "https", "https"),
        (1, VISITOR, "HTTPS", "https"),
        (1, VISITOR, "javascript", ""),
        (1, VISITOR, "https, http", "http"),  # the visitor wrote the first
        (2, f"{VISITOR}, {FRONT}", "https, http", "https"),  # the outer proxy did
        (2, f"{VISITOR}, {FRONT}", "https", "https"),
        (0, VISITOR, "https", ""),
        (("10.0.0.0/8",), VISITOR, "https", "https"),
        (("10.9.0.0/16",), VISITOR, "https", ""),
    ],
)
def test_scheme_and_host(trusted: Any, chain: str, scheme: str, believed: str) -> None:
    meta = {
        "REMOTE_ADDR": PROXY,
        "HTTP_X_FORWARDED_FOR": chain,
        "HTTP_X_FORWARDED_PROTO": scheme,
        "HTTP_X_FORWARDED_HOST": "digest.example.org",
    }
    asked = who_asks(meta, trusted)
    assert asked.scheme == believed
    assert asked.host == ("digest.example.org" if asked.address == VISITOR and trusted else "")


def test_what_nobody_vouches_for_is_taken_away(config: Config, settings: Any) -> None:
    seen: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    headers = {
        "X-Forwarded-For": VISITOR, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "digest.example.org",
        "X-Forwarded-Port": "443", "Forwarded": f"for={VISITOR};proto=https",
    }  # fmt: skip
    for trusted in (0, ("10.0.0.0/8",)):
        settings.DIGEST = config.with_values(web=config.web.model_copy(update={"trusted_proxies": trusted}))
        believe_trusted_proxies(view)(RequestFactory().get("/", headers=headers, REMOTE_ADDR=PROXY))
    plain, through = seen
    assert (plain.META["REMOTE_ADDR"], plain.scheme, plain.get_host()) == (PROXY, "http", "testserver")
    settings.ALLOWED_HOSTS = ["digest.example.org"]
    assert (through.META["REMOTE_ADDR"], through.scheme) == (VISITOR, "https")
    assert (through.get_host(), through.is_secure()) == ("digest.example.org", True)
    assert not [name for request in seen for name in request.META if "FORWARDED" in name]


def test_a_host_that_is_not_ours_is_refused_also_from_a_proxy(client: Client, config: Config, settings: Any) -> None:
    settings.DIGEST = config.with_values(web=config.web.model_copy(update={"trusted_proxies": 1}))
    headers = {"X-Forwarded-For": VISITOR, "X-Forwarded-Host": "evil.example"}
    assert client.get("/accounts/login/", headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("value", "fine"),
    [("2", True), ('["127.0.0.1", "10.0.0.0/8", "::1"]', True), ("[]", True), ("9", False), ("-1", False),
     ('["proxy.example"]', False), ('["10.0.0.1/8"]', False)],
)  # fmt: skip
def test_config(make_config: Any, value: str, fine: bool) -> None:
    from tests.conftest import CONFIG

    base = CONFIG.replace("[web]\n", f"[web]\ntrusted_proxies = {value}\n")
    if fine:
        make_config(base=base)
        return
    with pytest.raises(ConfigError, match="trusted_proxies"):
        make_config(base=base)


def test_nothing_is_believed_where_nothing_is_configured() -> None:
    assert who_asks({"REMOTE_ADDR": VISITOR}, 0) == Asked(address=VISITOR)
