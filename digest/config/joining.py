"""How people may join: whether the page is open, and how often it may be used."""

from __future__ import annotations

from pydantic import Field

from digest.config.basics import Table


class Join(Table):
    """The page where people ask to receive the digest."""

    open: bool = True
    per_address: int = Field(default=3, ge=1, le=20)  # confirmation mails to one address in 24 hours
    per_client: int = Field(default=20, ge=1, le=1000)  # requests from one network address in an hour
    confirm_days: int = Field(default=7, ge=1, le=30)  # how long a confirmation link works
