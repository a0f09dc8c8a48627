"""Told to stop: this process takes up nothing new, finishes what is under way, writes it down and ends.

A request to a provider that is under way is waited for; what was not begun goes on at the next start.
"""

from __future__ import annotations

import threading

_asked = threading.Event()


def ask() -> None:
    """From a signal handler, say: let nothing new be begun."""
    _asked.set()


def asked() -> bool:
    return _asked.is_set()


def forget() -> None:
    """Go on after all."""
    _asked.clear()
