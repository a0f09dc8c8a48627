"""As readers.py, on a system that does not say what a process takes: for the process that imports this."""

from __future__ import annotations

import sys

from tests.fakes.readers import obey

__all__ = ["obey"]

sys.modules["__main__"].__dict__["_size"] = lambda: None
