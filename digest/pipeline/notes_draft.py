"""What staff are told before an issue leaves: the draft waits, the deadline nears, something is in its way."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Set

from digest.compose.models import Issue, IssueKind, IssueState
from digest.config import Config, Keys
from digest.config.weeks import Slot, slot_after
from digest.deliver.pause import why_paused
from digest.deliver.send import require_ready
from digest.errors import DigestError
from digest.members.models import Member, MemberStatus
from digest.pipeline.approvals import standing_of
from digest.pipeline.check import check_coming, told
from digest.pipeline.coming import OPEN, coming, slot_of
from digest.pipeline.note import Note, day, wall
from digest.pipeline.week import backup_at, is_past_grace, reminders, too_few

AHEAD = dt.timedelta(hours=24)  # how long before the hand-over it is said that nothing could leave
MOST_FINDINGS = 6
NOBODY = "Nobody has"


def draft_notes(config: Config, now: dt.datetime, known: Set[str]) -> Iterator[Note]:
    states = (IssueState.DRAFT, IssueState.APPROVED)
    issue = Issue.objects.filter(kind=IssueKind.WEEKLY, state__in=states).order_by("slot").first()
    if issue is None or (issue.state == IssueState.APPROVED and not standing_of(config, issue).missing):
        return
    plan, tz = config.plan, config.association.tz
    slot = slot_of(config, issue)
    asked = [at for at in (*reminders(plan, tz, slot), slot.cut_off) if issue.created_at <= at <= now]
    if asked and now < slot.approve_by and issue.state == IssueState.DRAFT:
        key = f"draft:{slot.date}:{max(asked).isoformat()}"
        if key not in known:  # to compose and check it takes a while
            yield _ready(config, key, slot, now)
    if plan.approval == "automatic":
        return
    if backup_at(plan, slot) <= now < slot.approve_by:
        yield _deadline(config, f"deadline:{slot.date}", slot, _so_far(config, issue))
    if slot.approve_by <= now < slot_after(plan, tz, slot).cut_off:
        yield _overdue(config, f"overdue:{slot.date}", slot, now, _so_far(config, issue))


def _so_far(config: Config, issue: Issue) -> str:
    """`Nobody has`, or how many of the people that the plan asks for have."""
    if issue.state != IssueState.APPROVED:
        return NOBODY
    standing = standing_of(config, issue)
    return f"Only {standing.words} people {'has' if len(standing.people) == 1 else 'have'}"


def _ready(config: Config, key: str, slot: Slot, now: dt.datetime) -> Note:
    current = coming(config, now=now)
    items = len(list(current.document.items))
    held = ", ".join(f"{s.title} {len(s.items)}" for s in current.document.sections if s.items)
    lines = [f"{current.document.title} holds {_items(items)}{f': {held}' if held else ''}."]
    if items < config.plan.min_items:
        lines.append(f"That is too little: {too_few(config.plan, items)}. Unless more comes, the week is skipped.")
    elif now < slot.cut_off:
        lines.append(f"It fills by itself until {wall(config, slot.cut_off)}.")
    if items:
        try:
            found = [f for f in check_coming(config, current, now=now).findings if f.severity != "info"]
        except DigestError as error:
            lines.append(f"It cannot be shown: {error.message}")
        else:
            if found:
                lines.append(f"The checks found {_things(len(found))}:")
            lines += [f"– {told(one)}" for one in found[:MOST_FINDINGS]]
            if len(found) > MOST_FINDINGS:
                lines.append(f"– and {len(found) - MOST_FINDINGS} more.")
    automatic = config.plan.approval == "automatic"
    by = f"It is approved by itself at {wall(config, slot.cut_off)}; look at it before."
    asked = f"Look at it and approve it by {wall(config, slot.approve_by)}."
    return Note(
        key=key,
        kind="draft",
        heading=f"The draft of {day(slot.date)} {'is ready' if now >= slot.cut_off else 'waits for a look'}",
        words="\n".join(lines),
        todo=by if automatic and now < slot.cut_off else asked,
    )


def _deadline(config: Config, key: str, slot: Slot, so_far: str) -> Note:
    then = {
        "hold": "Without an approval nothing goes out.",
        "send-if-clean": "Without an approval it goes out only if the checks find nothing.",
        "send-unflagged": "Without an approval it goes out without the items that the checks flag.",
    }[config.plan.without_approval]
    return Note(
        key=key,
        kind="deadline",
        heading=f"{so_far} approved the issue of {day(slot.date)}{'' if so_far != NOBODY else ' yet'}",
        words=f"It is to be approved by {wall(config, slot.approve_by)} and sent at {wall(config, slot.send_at)}. "
        f"{then}",
        todo="Look at it and approve it, or ask somebody who may.",
        for_deputies=True,
    )


def _overdue(config: Config, key: str, slot: Slot, now: dt.datetime, so_far: str) -> Note:
    if is_past_grace(config.plan, slot.send_at, now):
        words = f"It was to go out at {wall(config, slot.send_at)}. It still waits for an approval."
    elif now < slot.send_at:
        words = f"Approved before {wall(config, slot.send_at)} it still goes out on time; later it goes out at once."
    else:
        words = "Approved now it goes out at once."
    return Note(
        key=key,
        kind="overdue",
        heading=f"The issue of {day(slot.date)} waits for a person",
        words=f"{so_far} approved it by {wall(config, slot.approve_by)}. {words}",
        todo="Approve it, or leave it: at the next issue's cut-off it is skipped, and its items pass on.",
        for_deputies=True,
    )


def obstacles(config: Config, keys: Keys, now: dt.datetime) -> Iterator[Note]:
    """What would keep the coming issue from leaving, told while there is time."""
    states = (*OPEN, IssueState.APPROVED)
    issue = Issue.objects.filter(kind=IssueKind.WEEKLY, state__in=states).order_by("slot").first()
    if issue is None:
        return
    slot = slot_of(config, issue)
    if not slot.hand_over - AHEAD <= now < slot_after(config.plan, config.association.tz, slot).cut_off:
        return
    words = _why_nothing_leaves(config, keys)
    if words:
        digest = hashlib.sha256(words.encode()).hexdigest()[:12]
        yield Note(
            key=f"obstacle:{slot.date}:{digest}",
            kind="obstacle",
            heading=f"As things stand, the issue of {day(slot.date)} cannot leave",
            words=words,
            todo="`digest doctor` says what else is amiss.",
        )


def _why_nothing_leaves(config: Config, keys: Keys) -> str:
    try:
        require_ready(config, keys)
    except DigestError as error:
        return str(error)
    if paused := why_paused(config):
        return f"{paused} `digest resume`, or the button in the newsroom, lets it go on."
    if not Member.objects.filter(status=MemberStatus.ACTIVE).exists():
        return "There are no members. `digest members import FILE --apply` brings them in."
    return ""


def _items(count: int) -> str:
    return {0: "nothing yet", 1: "1 item"}.get(count, f"{count} items")


def _things(count: int) -> str:
    return "1 thing to look at" if count == 1 else f"{count} things to look at"
