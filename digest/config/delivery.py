"""The provider that takes the mail, and how it is given to it."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from digest.config.basics import Line, Table


class SendGridSettings(Table):
    """SendGrid's v3 API. `base_url` may point at the EU host."""

    base_url: str = "https://api.sendgrid.com"
    timeout: float = Field(default=30, gt=0, le=300)
    connections: int = Field(default=4, ge=1, le=16)


class SmtpSettings(Table):
    """A mail server that takes our mail (RFC 5321, RFC 6409). Who signs in stands among the secrets.

    `timeout` is for a whole request, of up to twenty copies; `max_per_second` 0 means no limit.
    """

    host: Line = "localhost"
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    timeout: float = Field(default=60, gt=0, le=600)
    max_per_second: float = Field(default=0, ge=0, le=1000)
    bounces_to: Line = ""  # the envelope's sender; "" for from_email

    @model_validator(mode="after")
    def _not_in_the_clear(self) -> Self:
        if self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError('expected security = "starttls" or "tls"; "none" is for a server on this machine')
        return self


class Delivery(Table):
    """Through which provider, from whom, and how many at a time.

    `canary`: who gets each issue first, addresses of members or how many; the others wait `canary_minutes`.
    `max_per_hour` spreads an issue over the hours it needs; 0 means no limit. `test_to`: addresses beside the staff's
    that the newsroom may send a test to.
    """

    provider: Line = "outbox"  # a name in digest.deliver.providers, which checks it
    from_name: Line = ""
    from_email: Line = "digest@example.org"
    reply_to: Line = ""
    batch_size: int = Field(default=200, ge=1, le=1000)
    canary: Annotated[int, Field(ge=0, le=1000)] | Annotated[tuple[Line, ...], Field(max_length=100)] = 0
    canary_minutes: int = Field(default=15, ge=1, le=1440)
    max_per_hour: int = Field(default=0, ge=0)
    test_to: Annotated[tuple[Line, ...], Field(max_length=50)] = ()
    tracking: bool = False  # whether the provider watches opens and clicks, and they are counted
    dkim_selectors: tuple[Line, ...] = ()  # under which DNS holds the keys that sign our mail; the doctor looks
    sendgrid: SendGridSettings = SendGridSettings()
    smtp: SmtpSettings = SmtpSettings()
    anymail: dict[str, str | int | float | bool] = {}  # django-anymail's settings of the provider, in lower case

    @field_validator("test_to")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address):
                raise ValueError(f'expected e-mail addresses, like "office@example.org"; {address!r} is none')
        return value

    @field_validator("from_email", "reply_to")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", value):
            raise ValueError('expected an e-mail address, like "digest@example.org"')
        return value
