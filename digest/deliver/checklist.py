"""The check-list of arming: what must be so before real mail may leave, and what only a person can say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from digest.config import Config, Keys
from digest.deliver.message import shared_headers
from digest.deliver.providers import Finding, InspectedProvider, build, provider_class
from digest.errors import DigestError
from digest.members.address import Refused, normalise
from digest.members.models import Member, MemberStatus, Suppression

RESERVED = (".example", ".test", ".invalid", ".localhost")  # nobody's names (RFC 2606)


class Mark(StrEnum):
    """How a line of the check-list stands."""

    OK = "ok"
    NOTE = "note"  # it will do, with something missing
    ASK = "ask"  # only a person can say
    MISSING = "MISSING"


class Question(StrEnum):
    """What only a person can say."""

    PREVIOUS_UNSUBSCRIBES = "previous-unsubscribes"
    SENDER = "sender-verified"
    EVENTS = "without-events"


class Previous(StrEnum):
    """What became of the unsubscribes that an earlier tool collected."""

    IMPORTED = "imported"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a person said. `sender_verified` and `without_events` matter only where they are asked."""

    previous_unsubscribes: Previous | None = None
    sender_verified: bool = False
    without_events: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One line of the check-list. `words` say what is there, or what is missing and where to mend it."""

    mark: Mark
    words: str
    question: Question | None = None

    @property
    def ok(self) -> bool:
        return self.mark in (Mark.OK, Mark.NOTE)


def checklist(config: Config, keys: Keys, answers: Answers = Answers()) -> list[Requirement]:
    """What must be so before real mail may leave, each with what to do where it is not. Asks the provider."""
    provider, association = config.delivery.provider, config.association
    if not provider_class(config).needs_arming:
        return [
            _line(False, f"Provider: {provider} keeps all mail here. [delivery] provider names the one that sends.")
        ]
    https = urlsplit(config.web.base_url).scheme == "https"
    key = _tried("The provider's key", f"there is one for {provider}", lambda: build(config, keys))
    sender = _sender(config)
    return [
        key,
        sender,
        *(_account(config, keys, answers) if key.ok and sender.ok else ()),
        _line(
            bool(association.postal_address),
            "Postal address: "
            + (association.postal_address or "none. The law wants one: set [association] postal_address."),
        ),
        _line(
            https,
            f"Public address: {config.web.base_url}"
            + ("" if https else ". One-click unsubscribing needs https (RFC 8058): set [web] base_url."),
        ),
        _tried("Headers", "they fit into a mail", lambda: shared_headers(config, 1)),
        *_events(config, keys, answers),
        _previous(answers),
    ]


def _sender(config: Config) -> Requirement:
    address = normalise(config.delivery.from_email)
    if isinstance(address, Refused):
        return _line(False, f"Sender: [delivery] from_email is no address. {address.reason}")
    domain = address.rpartition("@")[2]
    if domain in ("example.org", "example.com", "example.net") or domain.endswith(RESERVED):
        return _line(False, f"Sender: {address} is only an example. Set [delivery] from_email.")
    return _line(True, f"Sender: {address}")


def _account(config: Config, keys: Keys, answers: Answers) -> list[Requirement]:
    """What the provider says of the account; where it says nothing, a person does."""
    provider, sender = build(config, keys), config.delivery.from_email
    if not isinstance(provider, InspectedProvider):
        return [
            _asked(
                Question.SENDER,
                answers.sender_verified,
                f"Sender at {provider.name}: nobody but you can say whether it lets {sender} send, and signs that "
                "mail with DKIM for its domain.",
            )
        ]
    marks = {Finding.GOOD: Mark.OK, Finding.LESS: Mark.NOTE, Finding.BAD: Mark.MISSING}
    return [
        Requirement(mark=marks[found], words=f"{subject}: {words}")
        if found in marks
        else _asked(Question.SENDER, answers.sender_verified, f"{subject}: {words}")
        for subject, found, words in provider.look(sender)
    ]


def _events(config: Config, keys: Keys, answers: Answers) -> list[Requirement]:
    """Bounces and complaints come back signed; without the key nobody hears of them."""
    if config.delivery.provider != "sendgrid":
        return [
            Requirement(
                mark=Mark.NOTE,
                words=f"Events: none are read from {config.delivery.provider}. Bounces come to the sender's mailbox: "
                "look there.",
            )
        ]
    if keys.sendgrid_webhook_keys:
        return [_line(True, "Events: there is a key to check SendGrid's reports with")]
    return [
        _asked(
            Question.EVENTS,
            answers.without_events,
            "Events: there is no key to check SendGrid's reports with, so bounces and complaints are learnt only "
            "from its lists, before the next issue. Set SENDGRID_WEBHOOK_KEYS (docs/operations.md), or go without.",
        )
    ]


def _previous(answers: Answers) -> Requirement:
    subject = "Earlier unsubscribes"
    if answers.previous_unsubscribes is None:
        return Requirement(
            mark=Mark.ASK,
            words=f"{subject}: whoever left the list of an earlier tool must not be written to again. Were they "
            "brought in with `digest members import FILE.csv --as unsubscribed`, or are there none?",
            question=Question.PREVIOUS_UNSUBSCRIBES,
        )
    if answers.previous_unsubscribes is Previous.NONE:
        return _line(True, f"{subject}: there are none to import")
    here = Suppression.objects.filter(lifted_at__isnull=True).count()
    here += Member.objects.filter(status=MemberStatus.LEFT).count()
    if not here:
        return _line(
            False,
            f"{subject}: they are said to be imported, but nobody here has left and no address is suppressed. Run "
            "`digest members import FILE.csv --as unsubscribed`.",
        )
    return _line(True, f"{subject}: imported; {here:,} addresses that nothing is sent to")


def _asked(question: Question, answered: bool, words: str) -> Requirement:
    return Requirement(mark=Mark.NOTE if answered else Mark.ASK, words=words, question=question)


def _line(ok: bool, words: str) -> Requirement:
    return Requirement(mark=Mark.OK if ok else Mark.MISSING, words=words)


def _tried(subject: str, well: str, attempt: Callable[[], object]) -> Requirement:
    try:
        attempt()
    except DigestError as error:
        return _line(False, f"{subject}: {error.message} {error.hint}".strip())
    return _line(True, f"{subject}: {well}")
