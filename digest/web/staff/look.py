"""How a preview is looked at: issue, edition, scheme, pictures. Read from the address alone."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, QueryDict

from digest.config import Config
from digest.web.scheme import Scheme
from digest.web.staff.editions import Chosen, read_choice

SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`number` is None for the coming issue, `scheme` None for that of the reader's own system."""

    chosen: Chosen
    number: int | None
    scheme: Scheme | None
    images: bool

    def query(self, **other: str | None) -> str:
        """`?edition=...&scheme=dark`, or "": this look, with something else in it; None for the usual."""
        said = {
            "issue": str(self.number) if self.number is not None else None,
            "scheme": self.scheme,
            "images": None if self.images else "off",
        } | other
        query = QueryDict(self.chosen.query.lstrip("?"), mutable=True)
        for name, value in said.items():
            if value is not None:
                query[name] = value
        return f"?{query.urlencode()}" if query else ""


def read_look(config: Config, request: HttpRequest) -> Look:
    """What the address asks for; what it asks for in vain is as if it had not."""
    asked = request.GET
    number = asked.get("issue", "")
    scheme = asked.get("scheme", "")
    return Look(
        chosen=read_choice(config, request),
        number=int(number) if number.isascii() and number.isdecimal() and 0 < len(number) <= 9 else None,
        scheme=next((known for known in SCHEMES if known == scheme), None),
        images=asked.get("images") != "off",
    )
