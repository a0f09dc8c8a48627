"""How the roll is kept."""

from __future__ import annotations

from pydantic import Field

from digest.config.basics import Table


class Members(Table):
    """Limits for bringing a roll in, and how long what is kept about people is kept. Days; 0 keeps it."""

    drop_percent: int = Field(default=10, ge=0, le=100)  # a roll that takes more of the members off asks first
    unconfirmed_days: int = Field(default=30, ge=0, le=3650)  # who never confirmed is forgotten after
    left_days: int = Field(default=365, ge=0, le=3650)  # who left is erased after
