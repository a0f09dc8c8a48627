"""The newsroom: pages for signed-in staff.

access.py    who may see a page, and what everyone else is told
desk.py      the view of the coming issue: what stands where, what was left out, what happens next
findings.py  what the checks say of the issue
health.py    how the sources are doing
when.py      instants in words
pages.py     the desk and the previews (GET)
deliveries.py  what became of an issue's copies, and settling those that are unknown
sources.py   the sources: how each is, reading one now, letting in what it holds back
moves.py     drop, restore, intro, test, gather, check links, approve, withdraw (POST)
answers.py   how a move answers, and how it reads its form
editor.py    the editor (GET); editor_view.py: the issue as the mail shows it; inbox.py: as an inbox does
editor_moves.py  what the editor's buttons do (POST)
editor_parts.py  what is edited in place; editor_forms.py: its fields
editor_add.py    adding an item by hand, from the address of a page
editor_week.py   everything the week brought, searchable
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone


def now() -> dt.datetime:
    """The clock of the newsroom; the only place in it that reads one."""
    return timezone.now()
