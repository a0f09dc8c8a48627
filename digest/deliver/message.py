"""One issue as it is handed over, and one member's copy of it. Pure.

Headers of a bulk message: RFC 2369 (List-Archive, List-Help), RFC 2919 (List-Id), RFC 3834 (Auto-Submitted),
RFC 5064 (Archived-At), RFC 8058 (List-Unsubscribe with List-Unsubscribe-Post).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Any, NamedTuple

from digest.config import Config
from digest.deliver.links import MailingList, MemberLinks, announcement_url, archive_url, issue_url
from digest.errors import ConfigError
from digest.members.address import Refused, normalise
from digest.render.models import MergeTags

LONGEST_HEADER = 900  # octets of a value: a whole line may have 998 (RFC 5322, 2.1.1), and gateways add to it
LONGEST_LINE = 998


class Recipient(NamedTuple):
    """Whom a copy is for. `delivery` is the ledger's row, 0 where there is none; `ref` names nobody outside."""

    delivery: int
    ref: str
    email: str
    links: MemberLinks


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """One edition, ready to be handed to a provider: all that its copies share.

    `html` and `text` hold the merge tags, and `html` is "" for those who want plain text alone; `name` is the issue's
    number, slot or slug; `headers` are those that every copy carries as they stand; `leaves` is the list that the
    link to unsubscribe speaks of.
    """

    name: str
    sender_name: str
    sender_email: str
    reply_to: str
    subject: str
    html: str
    text: str
    tags: MergeTags
    headers: Mapping[str, str]
    tracking: bool = False
    leaves: MailingList = MailingList.DIGEST


def mailing_of(
    config: Config,
    *,
    name: str,
    subject: str,
    html: str,
    text: str,
    tags: MergeTags,
    number: int | None,
    announcement: str = "",
    tracking: bool = False,
) -> Mailing:
    """The mailing of an edition; `announcement` is the slug of what is one.

    `tracking`: whether the provider may watch opens and clicks. Only an issue's members can be asked for that. Raises
    ConfigError when config.toml holds what no header may.
    """
    return Mailing(
        name=name,
        sender_name=config.delivery.from_name or config.association.name,
        sender_email=_address(config.delivery.from_email, "delivery.from_email"),
        reply_to=_address(config.delivery.reply_to, "delivery.reply_to") if config.delivery.reply_to else "",
        subject=" ".join(subject.replace("\x00", " ").split()),
        html=html,
        text=text,
        tags=tags,
        headers=shared_headers(config, number, announcement=announcement),
        tracking=tracking,
        leaves=MailingList.ANNOUNCEMENTS if announcement else MailingList.DIGEST,
    )


def shared_headers(config: Config, number: int | None, *, announcement: str = "") -> dict[str, str]:
    """The headers that are the same in every copy. Raises ConfigError with the key to mend."""
    contact, website = config.association.contact_email, config.association.website
    if contact:
        help_uri = f"mailto:{_address(contact, 'association.contact_email')}?subject=help"
    else:
        help_uri = website or archive_url(config)
    headers = {
        "List-Id": f"<{config.announcements_list_id if announcement else config.list_id}>",
        "List-Archive": f"<{archive_url(config)}>",
        "List-Help": f"<{help_uri}>",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    if number is not None:
        headers["Archived-At"] = f"<{issue_url(config, number)}>"
    elif announcement:
        headers["Archived-At"] = f"<{announcement_url(config, announcement)}>"
    origin = {"List-Help": "association.website"}
    if config.digest.list_id:
        origin["List-Id"] = "digest.list_id"
    for header, value in headers.items():
        # Members' links are a little longer than the archive's address; List-Id has a limit of its own (RFC 2919).
        limit = 255 if header == "List-Id" else LONGEST_HEADER - 200
        if problem := _unfit(value, limit):
            raise ConfigError(
                f"{origin.get(header, 'web.base_url')}: {problem}, so it cannot stand in the {header} of a mail.",
                hint="An internationalised domain is written in its ASCII form (xn--...).",
            )
    return headers


def copy_headers(mailing: Mailing, recipient: Recipient) -> dict[str, str]:
    """All list headers of one member's copy. DKIM has to cover the pair of RFC 8058; the signing server's task.

    A recipient without a link to leave by is no member: staff, of whom no list is kept.
    """
    if not recipient.links.unsubscribe:
        return dict(mailing.headers)
    return {
        **mailing.headers,
        "List-Unsubscribe": f"<{recipient.links.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def personal(mailing: Mailing, body: str, links: MemberLinks) -> str:
    """`body` with the member's own addresses where the tags stand."""
    return mailing.tags.replace(
        body,
        view_in_browser=links.view_in_browser,
        unsubscribe=links.unsubscribe,
        preferences=links.preferences,
    )


def as_bytes(mailing: Mailing, recipient: Recipient, *, now: dt.datetime) -> bytes:
    """The copy as an RFC 5322 message: multipart/alternative, plain text first, CRLF line ends.

    Without HTML it is text/plain alone.

    The Message-ID follows from issue and member, so the same copy written twice is the same message.
    """
    message = EmailMessage(policy=_POLICY)
    domain = mailing.sender_email.rpartition("@")[2]
    message["From"] = Address(mailing.sender_name, addr_spec=mailing.sender_email)
    message["To"] = Address(addr_spec=recipient.email)
    if mailing.reply_to:
        message["Reply-To"] = Address(addr_spec=mailing.reply_to)
    message["Subject"] = mailing.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{mailing.name}.{recipient.ref}@{domain}>"
    for name, value in copy_headers(mailing, recipient).items():
        message[name] = value
    text, html = (personal(mailing, body, recipient.links) for body in (mailing.text, mailing.html))
    message.set_content(text, cte=_encoding(text))
    if html:
        message.add_alternative(html, subtype="html", cte=_encoding(html))
    return message.as_bytes()


class _Unfolded(EmailPolicy):
    """EmailPolicy folds a long URL by encoding it (RFC 2047), which no mail program undoes in a List- header.

    Every ASCII header of ours is short enough to stand on one line.
    """

    def fold(self, name: str, value: Any) -> str:
        text = str(value)
        if text.isascii() and len(text) <= LONGEST_HEADER:
            return f"{name}: {text}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


_POLICY = _Unfolded(linesep=SMTP.linesep, raise_on_defect=False)


def _encoding(body: str) -> str:
    """7bit where nothing needs an encoding, so that the message reads in its source too."""
    plain = body.isascii() and max(map(len, body.splitlines()), default=0) <= LONGEST_LINE
    return "7bit" if plain else "quoted-printable"


def _unfit(value: str, limit: int) -> str:
    if not value.isascii() or not value.isprintable():
        return "it holds a character that is not plain ASCII"
    if value.startswith("<") and any(char in value[1:-1] for char in "<> "):
        return "it holds a space or an angle bracket"
    return f"it is longer than {limit} characters" if len(value) > limit else ""


def _address(value: str, key: str) -> str:
    address = normalise(value)
    if isinstance(address, Refused):
        raise ConfigError(f"{key}: {value!r} is no address that mail can be sent from. {address.reason}")
    return address
