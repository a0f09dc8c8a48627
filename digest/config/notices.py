"""Whom of the staff the digest tells what it does, and where."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from digest.config.basics import Line, Table


class Notices(Table):
    """Addresses of staff, and of deputies who are told when the deadline comes near and nobody has approved.

    Without `to` everybody is told who may approve an issue. The address of the webhook is a secret and stands in the
    key file; `webhook` says in whose form it is written to.
    """

    to: tuple[Line, ...] = ()
    deputies: tuple[Line, ...] = ()
    webhook: Literal["slack", "teams", "matrix"] = "slack"

    @field_validator("to", "deputies")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if address.count("@") != 1 or " " in address:
                raise ValueError(f'expected e-mail addresses, like "desk@example.org"; {address!r} is none')
        return value
