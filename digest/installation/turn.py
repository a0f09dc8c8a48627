"""Whose turn it is: one worker at a time on one named thing, by a lease in the database.

A turn keeps workers from getting in each other's way; that nothing happens twice rests on conditional UPDATEs alone.
A holder's name has its host and process in it, so that after a crash the next one on the same machine need not wait
for the lease to run out. Nor need it after a turn whose end could not be written down: each process knows its own.
"""

from __future__ import annotations

import datetime as dt
import os
import socket

from digest.installation import lease
from digest.installation.models import Lease

_held: set[tuple[str, str]] = set()  # (name, holder) of this process's turns that are not over


class Turn:
    """A held lease. `fence` tells it from every earlier one."""

    def __init__(self, name: str, *, owner: str, fence: int, seconds: float, now: dt.datetime) -> None:
        self.name, self.owner, self.fence, self._seconds = name, owner, fence, seconds
        self._renew_at = now + dt.timedelta(seconds=seconds / 2)

    @classmethod
    def take(cls, name: str, *, owner: str, now: dt.datetime, seconds: float) -> Turn | None:
        """The turn at `name`, or None while another has it. `owner` must be this call's own name."""
        holder = f"{owner[:40]}@{_host()}:{os.getpid()}"
        for row in Lease.objects.filter(name=name).exclude(owner__in=("", holder)):
            if _is_gone(name, row.owner):
                lease.release(name, owner=row.owner, fence=row.fence)
        # Held from before the lease is: another thread must not take it for one that was left behind.
        _held.add((name, holder))
        fence = None
        try:
            fence = lease.acquire(name, owner=holder, now=now, seconds=seconds)
        finally:
            if fence is None:
                _held.discard((name, holder))
        return None if fence is None else cls(name, owner=holder, fence=fence, seconds=seconds, now=now)

    def keep(self, now: dt.datetime) -> bool:
        """Renew when half of it is over; False when it was lost to another."""
        if now < self._renew_at:
            return True
        # Never taken anew: a lapsed lease may have had another holder in between.
        if not lease.holds(self.name, owner=self.owner, fence=self.fence, now=now):
            return False
        self._renew_at = now + dt.timedelta(seconds=self._seconds / 2)
        return lease.acquire(self.name, owner=self.owner, now=now, seconds=self._seconds) == self.fence

    def end(self) -> None:
        """Give it back. Should that fail, this process still knows that it is over."""
        _held.discard((self.name, self.owner))
        lease.release(self.name, owner=self.owner, fence=self.fence)


def _host() -> str:
    return socket.gethostname()[:40]


def _is_gone(name: str, holder: str) -> bool:
    """Whether a holder was a process of this machine that runs no more, or a turn of this process that is over.

    A process id that another process has now counts as running; one that we have ourselves does not (in a container
    it is the same at every start).
    """
    _, _, place = holder.rpartition("@")
    host, _, pid = place.rpartition(":")
    if host != _host() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return (name, holder) not in _held
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
