"""The sample association's members: invented people at reserved domains (RFC 2606)."""

from __future__ import annotations

from importlib import resources


def members_csv() -> bytes:
    """A CSV file as a membership database exports it: UTF-8, a header row `name,email`, 25 rows."""
    return (resources.files("digest.sample") / "content" / "members.csv").read_bytes()
