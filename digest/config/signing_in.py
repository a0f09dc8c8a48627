"""How staff sign in: second factor, lock-out, single sign-on, and the proxies whose word is taken."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from digest.config.basics import Line, Table

RoleName = Literal["editor", "approver", "administrator"]
_HERE = ("localhost", "127.0.0.1", "::1")


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value.strip()))
    except ValueError:
        raise ValueError('expected an address or a network, like "127.0.0.1" or "10.0.0.0/8"') from None


# How many reverse proxies of yours stand in front, or which addresses they have.
TrustedProxies = (
    Annotated[int, Field(ge=0, le=5)]
    | Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], Field(max_length=100)]
)


class SignIn(Table):
    """The door of the newsroom. `second_factor`: who must have one besides the password; minutes and counts."""

    second_factor: tuple[RoleName, ...] = ("approver", "administrator")
    confirm_minutes: int = Field(default=10, ge=1, le=120)  # how long "it is me" holds, before an approval
    session_hours: int = Field(default=12, ge=1, le=336)  # then one signs in again, or once the browser is closed
    lock_after: int = Field(default=5, ge=2, le=50)  # wrong passwords for one account from one network address
    lock_minutes: int = Field(default=15, ge=1, le=1440)


class OpenIdConnect(Table):
    """Single sign-on (OpenID Connect Core 1.0). The client's id and secret stand among the secrets.

    `sign_in_hosts`: further hosts that the provider's sign-in page may be on.
    """

    issuer: str
    name: Line = "single sign-on"  # what the button says: "Sign in with ..."
    trust_addresses: bool = False  # for a provider that does not say whether it verified an address
    second_factor: Literal["theirs", "ours"] = "theirs"  # whether the provider's counts where one is required
    sign_in_hosts: tuple[Line, ...] = ()

    @field_validator("issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        parts = urlsplit(value)
        local = parts.scheme == "http" and parts.hostname in _HERE
        if not (parts.scheme == "https" or local) or not parts.hostname or parts.query or parts.fragment:
            raise ValueError('expected the https address of the provider, like "https://login.example.org"')
        return value.rstrip("/")

    @property
    def origins(self) -> tuple[str, ...]:
        """Where a form of ours may lead, for the Content-Security-Policy."""
        parts = urlsplit(self.issuer)
        return (f"{parts.scheme}://{parts.netloc}", *(f"https://{host}" for host in self.sign_in_hosts))
