"""What can go wrong, in words for the person who can mend it.

    DigestError
    ├── ConfigError       config.toml, the environment or the key file
    ├── UsageError        a file or a text that was given is not what is needed
    │   └── ArgumentError an argument of a command cannot be read (exit status 2)
    ├── StorageError      the database, issues/ or the outbox cannot be read or written
    ├── TemplateError     a template of the association's does not render
    ├── StateError        the issue is not in a state that allows this (approve twice, send a draft, ...)
    │   └── ConflictError somebody else changed the same meanwhile
    └── ProviderError     the e-mail provider cannot be used at all (no key, not armed)

Failures that belong to one feed, one recipient or one link are values, not exceptions: one of them never
stops the others.
"""

from __future__ import annotations


class DigestError(Exception):
    """Something a person can act on.

    `message` says what happened and where; `hint` says what to do about it.  Both are whole sentences.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ConfigError(DigestError):
    """config.toml, the environment or the key file is missing, unreadable or contradicts itself."""


class UsageError(DigestError):
    """Something that was given is not what is needed: a CSV file without addresses, an address that is none."""


class ArgumentError(UsageError):
    """An argument of a command cannot be read: a date that is none, a name that nothing bears."""


class StorageError(DigestError):
    """The database, issues/ or the outbox cannot be read or written."""


class TemplateError(DigestError):
    """A template does not render; the message names the file and the line."""


class StateError(DigestError):
    """The issue's state does not allow this move; nothing was changed."""


class ConflictError(StateError):
    """Somebody else changed what this change speaks of, after its maker had looked at it; nothing was stored."""


class ProviderError(DigestError):
    """The e-mail provider cannot be used: no key, not armed, refused."""
