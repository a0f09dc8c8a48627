"""A provider that does as it is told: it takes what it is given, and answers with what was put before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar, Self

from digest.config import Config, Keys
from digest.deliver.message import Mailing, Recipient
from digest.deliver.providers import Accepted, Outcome


class Postman:
    """`Postman.answers` are given one for each mail, then Accepted for ever; `Postman.taken` is what it was handed."""

    name: ClassVar[str] = "postman"
    needs_arming: ClassVar[bool] = False
    repeatable: ClassVar[bool] = False
    answers: ClassVar[list[Outcome | Exception]] = []
    taken: ClassVar[list[tuple[Mailing, Recipient]]] = []

    def __init__(self, mailing: Mailing | None = None) -> None:
        self._mailing = mailing

    @classmethod
    def of(cls, config: Config, keys: Keys) -> Self:
        return cls()

    @property
    def connections(self) -> int:
        return 1

    def open(self, mailing: Mailing) -> Postman:
        return Postman(mailing)

    def hand_over(self, batch: int, recipients: Sequence[Recipient], *, now: dt.datetime) -> Outcome:
        assert self._mailing is not None
        Postman.taken.extend((self._mailing, recipient) for recipient in recipients)
        answer = Postman.answers.pop(0) if Postman.answers else Accepted(words="taken")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """Nothing is held open."""
