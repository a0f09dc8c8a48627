"""What was read of the river, kept until something happens that it could depend on.

A page of the river is asked for far more often than anything happens. So each reader asks for the river's mark, which
costs one short statement, and reads the rest when the mark is another one. After half a minute everything is read
again in any case: somebody may have changed the database by hand.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from django.db import connection

from digest.compose.models import Edit, RiverItem
from digest.config import Config
from digest.gather.models import Fetch
from digest.installation.models import Audit

MOST = 1000  # things kept: a stretch is a few kilobytes
SECONDS = 30.0
T = TypeVar("T")

_kept: OrderedDict[Hashable, tuple[Config, object, Any]] = OrderedDict()
_lock = threading.Lock()


def remembered(config: Config, what: Hashable, read: Callable[[], T]) -> T:
    """What `read` gives, or gave under this very config since the last time that anything happened."""
    mark = _mark()
    with _lock:
        known = _kept.get(what)
    if known is not None and known[0] is config and known[1] == mark:
        kept: T = known[2]
        return kept
    found = read()  # after the mark: what comes in between the two is read again the next time
    with _lock:
        _kept[what] = (config, mark, found)
        _kept.move_to_end(what)
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return found


def _mark() -> tuple[object, ...]:
    """Five look-ups, each at the end of an index.

    Gathering adds a Fetch, an editor an Edit, whatever else staff or the clock do an Audit; and what came in or
    changed is listed anew.
    """
    columns = ((Fetch, "id"), (Edit, "id"), (Audit, "id"), (RiverItem, "entry_id"), (RiverItem, "listed_at"))
    parts = [f"(SELECT MAX({column}) FROM {model._meta.db_table})" for model, column in columns]  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}")
        return (*cursor.fetchone(), connection.settings_dict["NAME"], int(time.monotonic() / SECONDS))
