"""Whose export this is, which columns count, and what each row says about its person. Pure.

Tools keep those who left and those who bounced, too. Such rows must never become members: they are told by the file
(Mailchimp's three parts, SendGrid's suppressions) or by a column of states (Mailchimp, listmonk, our own export).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from digest.errors import UsageError
from digest.members import headings
from digest.members.headings import fold

OWN_HEADING = ("email", "name", "status", "joined_at", "left_at", "paused_until", "language")
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")


class Says(StrEnum):
    """What a row says of its person."""

    MEMBER = "member"  # wants it
    LEFT = "left"  # left the list it comes from
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    STOPPED = "stopped"  # blocked there by somebody
    PENDING = "pending"  # never confirmed
    NEVER = "never"  # known there, but never said yes
    IGNORED = "ignored"  # says nothing that lasts: a temporary block


# A file as a whole: what `--as` may say, and what its rows then say.
KINDS = {
    "members": Says.MEMBER,
    "unsubscribed": Says.LEFT,
    "bounces": Says.BOUNCED,
    "complaints": Says.COMPLAINED,
    "blocks": Says.IGNORED,
    "suppressed": Says.STOPPED,
}

_STATES = {
    Says.MEMBER: ("subscribed", "enabled", "active", "confirmed", "opted in", "opt in"),
    Says.LEFT: ("unsubscribed", "disabled", "left", "opted out", "opt out", "inactive"),
    Says.BOUNCED: ("cleaned", "bounced", "hard bounced", "invalid"),
    Says.COMPLAINED: ("complained", "complaint", "spam", "abuse", "spam complaint"),
    Says.STOPPED: ("blocklisted", "blacklisted", "blocked", "suppressed", "erased"),
    Says.PENDING: ("pending", "unconfirmed"),
    Says.NEVER: ("non subscribed", "never subscribed", "not subscribed", "transactional", "archived"),
}
_SAID = {fold(word): says for says, words in _STATES.items() for word in words}
_KIND_WORDS = {
    Says.LEFT: "everybody in it left",
    Says.BOUNCED: "everybody in it bounced",
    Says.COMPLAINED: "everybody in it complained of the mail",
    Says.IGNORED: "temporary blocks, which mean nothing for the next issue",
    Says.STOPPED: "everybody in it is to be sent nothing",
    Says.NEVER: "nobody in it subscribed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which cells of a row count. `addresses` in the order in which they are asked; `tool` may be empty."""

    tool: str
    addresses: tuple[int, ...]
    names: tuple[int, ...]
    status: int | None
    kind: Says  # where no column says otherwise
    heading: bool
    understood: str

    @property
    def own(self) -> bool:
        """Whether this is our own export, whose cells were made harmless for spreadsheets."""
        return self.tool == "this digest"

    def says(self) -> Callable[[str], Says]:
        """What a cell of the state's column means. A word that no tool uses is some other kind of state."""
        return lambda cell: _SAID.get(fold(cell), self.kind)


def columns_of(cells: Sequence[str], *, name: str, as_: str = "", column: str = "") -> Columns:
    """The columns, from the first row. `column` names the one with the address; `as_` is one of KINDS or empty.

    Raises UsageError when no column holds addresses, when two may, or when it cannot be told whom the file is about.
    """
    folded = [fold(cell) for cell in cells]
    addresses = _addresses(cells, folded, name, column)
    if not addresses:
        return _without_heading(cells, name, as_)
    tool = _tool(folded)
    status = next((i for i, cell in enumerate(folded) if cell in headings.STATUS), None)
    if tool == "SendGrid's suppressions":
        status = None  # there it is the mail server's code
    kind = KINDS[as_] if as_ else _kind(tool, folded, name)
    names = _names(folded)
    words = [f"addresses from {cells[addresses[0]].strip()!r}"]
    if len(addresses) > 1:
        words.append(f"where that is empty from {cells[addresses[1]].strip()!r}")
    if names:
        words.append("names from " + " and ".join(repr(cells[index].strip()) for index in names))
    if status is not None and not as_:
        words.append(f"who left or bounced from {cells[status].strip()!r}")
    if kind in _KIND_WORDS:
        words.append(_KIND_WORDS[kind])
    return Columns(
        tool=tool,
        addresses=addresses,
        names=names,
        status=None if as_ else status,
        kind=kind,
        heading=True,
        understood=", ".join(words),
    )


def _addresses(cells: Sequence[str], folded: Sequence[str], name: str, column: str) -> tuple[int, ...]:
    if column:
        asked = [i for i, cell in enumerate(folded) if cell == fold(column)]
        if len(asked) != 1:
            shown = ", ".join(repr(cell.strip()[:40]) for cell in cells[:8])
            raise UsageError(
                f"{name} has {'more than one' if asked else 'no'} column {column!r}. Its first row says: {shown}.",
                hint="Nothing was changed.",
            )
        return (asked[0],)
    found = [i for i, cell in enumerate(folded) if cell in headings.ADDRESS]
    if not found:
        found = [i for i, cell in enumerate(folded) if cell in headings.WEAK_ADDRESS]
    if len(found) > 1:
        both = " and ".join(repr(cells[index].strip()) for index in found[:2])
        raise UsageError(
            f"{name} has two columns that may hold the address: {both}.",
            hint="Say which with --column NAME. Nothing was changed.",
        )
    further = tuple(folded.index(cell) for cell in headings.FURTHER_ADDRESS if cell in folded)
    return (*found, *(i for i in further if i not in found)) if found else ()


def _tool(folded: Sequence[str]) -> str:
    has = set(folded)
    if has >= {fold(cell) for cell in OWN_HEADING}:
        return "this digest"
    if len(has & {"memberrating", "leid", "euid", "optintime", "cleantime", "unsubtime", "lastchanged"}) >= 2:
        return "Mailchimp"
    if has >= {"uuid", "email", "attributes", "status"} or has >= {"uuid", "email", "status", "createdat"}:
        return "listmonk"
    if has >= {"email", "created"} and not has - {"status", "reason", "email", "created", "ip", "type"}:
        return "SendGrid's suppressions"
    if has >= {"email", "alternateemails", "contactid"} or has >= {"email", "addressline1", "stateprovinceregion"}:
        return "SendGrid's contacts"
    if "email1value" in has:
        return "Google's contacts"
    if has & {"email2address", "email2adresse", "emaildisplayname"}:
        return "Outlook's contacts"
    return ""


def _kind(tool: str, folded: Sequence[str], name: str) -> Says:
    called = fold(name)
    if tool == "Mailchimp":
        if "cleantime" in folded or called.startswith("cleaned"):
            return Says.BOUNCED
        if "unsubtime" in folded or called.startswith("unsubscribed"):
            return Says.LEFT
        return Says.NEVER if called.startswith("nonsubscribed") else Says.MEMBER
    if tool != "SendGrid's suppressions":
        return Says.MEMBER
    for part, says in (
        ("block", Says.IGNORED),
        ("bounce", Says.BOUNCED),
        ("unsub", Says.LEFT),
        ("spam", Says.COMPLAINED),
        ("invalid", Says.BOUNCED),
    ):
        if part in called:
            return says
    raise UsageError(
        f"{name} looks like one of SendGrid's suppression lists, but not like which.",
        hint="Say it with --as bounces, --as blocks, --as unsubscribed or --as complaints; or, if these are people "
        "who want the digest, --as members. Nothing was changed.",
    )


def _names(folded: Sequence[str]) -> tuple[int, ...]:
    def first(known: frozenset[str]) -> tuple[int, ...]:
        return next(((index,) for index, cell in enumerate(folded) if cell in known), ())

    whole, given, family = first(headings.NAME), first(headings.FIRST), first(headings.LAST)
    if whole and given and not family and folded[given[0]] in ("vorname", "voornaam"):
        return given + whole  # beside a "Vorname", "Name" is the family's
    return whole or given + family


def _without_heading(cells: Sequence[str], name: str, as_: str) -> Columns:
    holding = [index for index, cell in enumerate(cells) if len(cell) < 400 and _ADDRESS.fullmatch(cell.strip())]
    if len(holding) == 1:
        kind = KINDS[as_] if as_ else Says.MEMBER
        words = f"no heading, addresses from column {holding[0] + 1}"
        return Columns(
            tool="",
            addresses=(holding[0],),
            names=(),
            status=None,
            kind=kind,
            heading=False,
            understood=f"{words}, {_KIND_WORDS[kind]}" if kind in _KIND_WORDS else words,
        )
    shown = ", ".join(repr(cell.strip()[:40]) for cell in cells[:8])
    raise UsageError(
        f"{name} has no column with addresses. Its first row says: {shown}.",
        hint='Name the column "email" in the first row, or say which it is with --column NAME. Nothing was changed.',
    )
