"""The embedded provider: each copy is written as an .eml file into a folder, and goes nowhere.

outbox/736/<public id>.eml      outbox/test/<time>-<random>.eml
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

from digest.config import Config, Keys
from digest.deliver.message import Mailing, Recipient, as_bytes
from digest.deliver.providers.base import Accepted, NotSent, Outcome


class Outbox:
    """Writes files. The same copy has the same name, so handing it over twice leaves one."""

    name: ClassVar[str] = "outbox"
    needs_arming: ClassVar[bool] = False
    repeatable: ClassVar[bool] = True
    schedules: ClassVar[bool] = False
    most_at_once: ClassVar[int] = 1000

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of(cls, config: Config, keys: Keys) -> Self:
        return cls(config.outbox_dir)

    @property
    def connections(self) -> int:
        return 1

    def open(self, mailing: Mailing) -> OutboxChannel:
        return OutboxChannel(self._folder / mailing.name, mailing)


class OutboxChannel:
    """One mailing's folder."""

    def __init__(self, folder: Path, mailing: Mailing) -> None:
        self._folder = folder
        self._mailing = mailing

    def hand_over(self, batch: int, recipients: Sequence[Recipient], *, now: dt.datetime) -> Outcome:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for recipient in recipients:
                path = self._folder / f"{recipient.ref}.eml"
                if not path.exists():
                    self._write(path, as_bytes(self._mailing, recipient, now=now))
        except OSError as error:
            # What was written stays and counts when the batch comes again.
            return NotSent(words=f"The outbox {self._folder} cannot be written: {error.strerror or error}.")
        return Accepted(words=f"written to {self._folder}")

    def close(self) -> None:
        """Nothing is held open."""

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
