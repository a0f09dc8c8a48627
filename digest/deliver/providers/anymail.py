"""Any provider that django-anymail knows, through its e-mail backend: one message for each recipient.

Each copy has its own headers and links, which no provider's merge fields carry everywhere. The backend's settings are
the table [delivery.anymail], its secrets those of the key file or ANYMAIL_<SETTING>; django-anymail's documentation
names them for each provider.

What an answer means: its status of the recipient where there is one, else that of the exchange.

sent, queued                                      accepted
invalid, rejected, failed; 400, 413, 422          rejected: this copy
401, 402, 403, 404                                refused: stop, tell staff
429                                               wait
could not connect, certificate not valid          not sent
anything else                                     unknown: this copy
"""

from __future__ import annotations

import datetime as dt
import ssl
import time
from collections.abc import Callable, Sequence
from email.utils import formataddr
from importlib import import_module
from typing import Any, ClassVar, Self

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from digest.config import Config, Keys
from digest.deliver.message import Mailing, Recipient, copy_headers, personal
from digest.deliver.providers.base import (
    Accepted,
    Failure,
    NotSent,
    Outcome,
    Refused,
    Rejected,
    Unknown,
    Wait,
    of_each,
    without_addresses,
)
from digest.errors import ProviderError

TIMEOUT = 30.0  # seconds for one exchange
REQUEST = 60.0  # seconds after which no further copy of a request is begun
RATE_LIMITED = dt.timedelta(minutes=1)
REJECTED_IN_A_ROW = 5


class Anymail:
    """The provider that config names, as django-anymail speaks to it."""

    needs_arming: ClassVar[bool] = True
    repeatable: ClassVar[bool] = False
    schedules: ClassVar[bool] = False
    most_at_once: ClassVar[int] = 20  # what a crash in the middle of a request leaves `unknown`

    def __init__(
        self, name: str, settings: dict[str, Any], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises ProviderError when django-anymail, or what it needs for this provider, is missing."""
        self._name, self._settings, self._monotonic = name, settings, monotonic
        try:
            self._backend: type[BaseEmailBackend] = import_module(f"anymail.backends.{name}").EmailBackend
        except ImportError as error:
            raise ProviderError(
                f"Mail through {name} needs a package that is not installed ({error.name or 'django-anymail'}).",
                hint="Install it: pip install 'weekly-digest[anymail]', for amazon_ses 'django-anymail[amazon-ses]'.",
            ) from None
        self._connection()

    @classmethod
    def of(cls, config: Config, keys: Keys) -> Self:
        name = config.delivery.provider
        prefix = f"{name}_"
        secrets = {key.removeprefix(prefix): value for key, value in keys.anymail.items()}
        return cls(name, {**config.delivery.anymail, **secrets})

    @property
    def name(self) -> str:
        return self._name

    @property
    def connections(self) -> int:
        return 1

    def open(self, mailing: Mailing) -> AnymailChannel:
        return AnymailChannel(self._name, self._connection, mailing, self._monotonic)

    def _connection(self) -> BaseEmailBackend:
        """Raises ProviderError for settings that the backend does not understand."""
        from anymail.exceptions import AnymailConfigurationError

        settings = {
            # What came of the recipient is read from its status.
            **({"requests_timeout": TIMEOUT} if self._name != "amazon_ses" else {}),
            **self._settings,
            "ignore_recipient_status": True,
            "ignore_unsupported_features": False,
        }
        try:
            return self._backend(**settings)
        except (AnymailConfigurationError, TypeError, ValueError) as error:
            raise ProviderError(
                f"{self._name} cannot be used as it is set: {without_addresses(str(error))}.",
                hint="Its settings stand under [delivery.anymail], its secrets in ANYMAIL_<SETTING> or the key file.",
            ) from None


class AnymailChannel:
    """One mailing on its way."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], BaseEmailBackend],
        mailing: Mailing,
        monotonic: Callable[[], float],
    ) -> None:
        self._name, self._connect, self._mailing, self._monotonic = name, connect, mailing, monotonic
        self._says_tracking = True

    def hand_over(self, batch: int, recipients: Sequence[Recipient], *, now: dt.datetime) -> Outcome:
        answers: dict[int, Accepted | Failure] = {}
        # A connection that stood idle between requests may be gone without a word, and what is written to it lost.
        connection = self._connect()
        try:
            connection.open()
            _bar_detours(connection)
            rest, after = self._send_all(connection, recipients, answers, now)
        finally:
            connection.close()
        return of_each([recipient.delivery for recipient in recipients], answers, rest=rest, after=after)

    def close(self) -> None:
        """Nothing is held open between requests."""

    def _send_all(
        self,
        connection: BaseEmailBackend,
        recipients: Sequence[Recipient],
        answers: dict[int, Accepted | Failure],
        now: dt.datetime,
    ) -> tuple[Failure | None, NotSent | Wait | Refused | None]:
        """Fill `answers`; what becomes of those who are not in it, and of the requests that follow."""
        ends = self._monotonic() + REQUEST
        refused_in_a_row = 0
        for recipient in recipients:
            if self._monotonic() >= ends:
                return Wait(words="The time for one request was up.", until=now), None
            try:
                outcome = self._send(connection, recipient, now)
            except (
                Exception
            ) as error:  # a defect of ours, or of the library's: the answers that are there still count
                outcome = Unknown(words=f"Handing it over failed ({type(error).__name__}).")
            answers[recipient.delivery] = outcome
            if isinstance(outcome, NotSent | Wait | Refused):
                return outcome, outcome
            if isinstance(outcome, Unknown):
                return NotSent(words=f"{self._name} gave no clear answer before it was this copy's turn."), None
            refused_in_a_row = refused_in_a_row + 1 if isinstance(outcome, Rejected) else 0
            if refused_in_a_row == REJECTED_IN_A_ROW:
                stop = Refused(
                    words=f"{REJECTED_IN_A_ROW} recipients were refused one after another, so it may be us whom "
                    f"{self._name} refuses. {outcome.words}"
                )
                return stop, stop
        return None, None

    def _send(self, connection: BaseEmailBackend, recipient: Recipient, now: dt.datetime) -> Accepted | Failure:
        from anymail.exceptions import AnymailError, AnymailUnsupportedFeature

        while True:
            message = self._message(recipient)
            try:
                connection.send_messages([message])
            except AnymailUnsupportedFeature as error:  # said before anything has left
                if self._says_tracking:
                    self._says_tracking = False  # some cannot be told so: their account's setting decides
                    continue
                return Refused(words=f"{self._name} cannot carry this message: {_words(error)}.")
            except AnymailError as error:
                return _read_error(self._name, error, now)
            return _read_status(self._name, message.anymail_status)

    def _message(self, recipient: Recipient) -> Any:
        mailing = self._mailing
        message: Any = EmailMultiAlternatives(
            subject=mailing.subject,
            body=personal(mailing, mailing.text, recipient.links),
            from_email=formataddr((mailing.sender_name, mailing.sender_email)),
            to=[recipient.email],
            reply_to=[mailing.reply_to] if mailing.reply_to else None,
            headers=copy_headers(mailing, recipient),
        )
        if mailing.html:
            message.attach_alternative(personal(mailing, mailing.html, recipient.links), "text/html")
        if self._says_tracking:
            message.track_clicks = message.track_opens = mailing.tracking
        return message


def _bar_detours(connection: Any) -> None:
    """No redirect is followed, and the environment has no say in where the message and its key go."""
    if (session := getattr(connection, "session", None)) is not None and hasattr(session, "max_redirects"):
        session.max_redirects = 0
        session.trust_env = False


def _read_status(name: str, status: Any) -> Accepted | Failure:
    found = {one.status for one in (status.recipients or {}).values()}
    if found and found <= {"sent", "queued"}:
        return Accepted(words=f"{name}: {', '.join(sorted(found))}")
    if found and found <= {"invalid", "rejected", "failed"}:
        return Rejected(words=f"{name} refuses the address ({', '.join(sorted(found))}).")
    return Unknown(words=f"{name} took the request and did not say what becomes of it.")


def _read_error(name: str, error: Exception, now: dt.datetime) -> Failure:
    from anymail.exceptions import AnymailAPIError

    status = getattr(error, "status_code", None)
    if not isinstance(error, AnymailAPIError):
        # Such as a value it cannot put into the provider's form: nothing has left.
        return Refused(words=f"{name} cannot be given this message: {_words(error)}.")
    if status is None:
        if _never_connected(error):
            return NotSent(words=f"{name} could not be reached ({_words(error.__cause__ or error)}).")
        return Unknown(words=f"The connection to {name} broke before its answer was complete ({_cause(error)}).")
    words = f"{name} answered {status}{_said(error)}."
    if status in (400, 413, 422):
        return Rejected(words=words)
    if status in (401, 402, 403, 404):
        return Refused(words=f"{words} The key or the account may not send this.")
    if status == 429:
        return Wait(words=words, until=now + RATE_LIMITED)
    return Unknown(words=f"{words} That says neither yes nor no.")


def _never_connected(error: BaseException) -> bool:
    """Whether the chain of causes proves that no byte of the message left."""
    from requests.exceptions import ConnectTimeout
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    seen: list[BaseException] = []
    todo: list[Any] = [error]
    while todo:
        one = todo.pop()
        if not isinstance(one, BaseException) or one in seen:
            continue
        seen.append(one)
        todo += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    certain = (ConnectTimeout, NewConnectionError, ConnectTimeoutError, ssl.SSLCertVerificationError)
    return any(isinstance(one, certain) for one in seen)


def _cause(error: BaseException) -> str:
    return type(error.__cause__ or error).__name__


def _words(error: BaseException) -> str:
    return without_addresses(str(error.args[0]) if error.args else type(error).__name__).rstrip(".")


def _said(error: Any) -> str:
    """The provider's own words of an error, where its answer has any."""
    try:
        answer = error.response.json()
        found = answer.get("message") or answer.get("Message") or answer.get("error") or ""
    except (AttributeError, ValueError, RecursionError):
        return ""
    return f": {without_addresses(found).rstrip('.')}" if isinstance(found, str) and found else ""
