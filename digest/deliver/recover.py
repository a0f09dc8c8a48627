"""Cancel and hand over again: what becomes of a request whose answer was lost, while there is time.

The lane of the request is cancelled at the provider, which says so when it is asked; then all of the lane's batches
are handed over again under a new id. Where that cannot be had, the batch stays `unknown` until a person, or the
provider's events, say more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from digest.compose.models import Issue
from digest.deliver import lanes
from digest.deliver.course import Course
from digest.deliver.gate import Gate, gate
from digest.deliver.lanes import Verdict
from digest.deliver.models import Lane, LaneState
from digest.deliver.providers.base import MOST_CANCELLED, Accepted, Outcome, Refused, ScheduledSends, Wait
from digest.installation.turn import Turn

Clock = Callable[[], dt.datetime]
LIFT_AFTER = dt.timedelta(hours=24)  # a release that long ago leaves nothing that could still be sent
RETRY_DRAW = dt.timedelta(seconds=30)


def draw_lanes(issue: Issue, sends: ScheduledSends, course: Course, *, send_at: dt.datetime, clock: Clock) -> None:
    """An id for each lane that needs one. Where none can be had the course stops, at the latest until `send_at`."""
    _lift_old(sends, clock)
    for number in lanes.without_id(issue, clock()):
        drawn = sends.draw(now=clock())
        if isinstance(drawn, str):
            lanes.open_lane(issue, number, drawn, send_at=send_at, now=clock())
            continue
        course.say(drawn.words)
        if isinstance(drawn, Refused):
            course.say(
                "So it is handed over at the time of sending instead of ahead of it, and cannot be taken back."
            )
            course.stop(send_at)
        else:
            until = drawn.until if isinstance(drawn, Wait) else clock() + RETRY_DRAW
            course.stop(min(until, send_at))
        return


def room_for(cancelled: int, open_lanes: int) -> bool:
    """Whether one more lane may be cancelled and handed over again, so that all could still be stopped. Pure."""
    return cancelled + 1 + open_lanes <= MOST_CANCELLED


def cancel_lane(lane: Lane, sends: ScheduledSends, *, clock: Clock) -> tuple[Verdict, str]:
    """Ask for the cancellation of `lane`, confirm it, and write down what came of it; with words for staff.

    Committed before it is asked for: whoever dies in between leaves a lane that is asked about again.
    """
    first = lane.state == LaneState.OPEN
    if clock() > lanes.last_moment(lane):
        if first:
            return Verdict.STANDS, "It is too late to take it back."
        asked: Outcome | None = None
    else:
        if not lanes.ask(lane, clock()):
            return Verdict.CANCELLED if lane.state == LaneState.CANCELLED else Verdict.LOST, lane.answer
        asked = sends.cancel(lane.provider_batch_id, now=clock())
    standing = sends.is_cancelled(lane.provider_batch_id, now=clock())
    now = clock()
    found = lanes.verdict(
        asked,
        standing,
        first=first,
        in_time=now <= lanes.last_moment(lane),
        quiet=lane.asked_at is not None and lane.asked_at + lanes.QUIET <= now,
        over=now >= lane.send_at,
    )
    words = asked.words if asked is not None and not isinstance(asked, Accepted) else ""
    if not words and not isinstance(standing, bool):
        words = standing.words
    lanes.settle(lane, found, words, now=now)
    return found, words


class Recovery:
    """Taking back what is unknown of one issue. Only the holder of its turn may use it, with no request under way.

    `why_not`: why it is not done on this account; "" when it is.
    """

    def __init__(
        self, issue: Issue, sends: ScheduledSends, turn: Turn, course: Course, clock: Clock, *, why_not: str
    ) -> None:
        self._issue, self._sends, self._turn = issue, sends, turn
        self._course, self._clock, self._why_not = course, clock, why_not

    def run(self) -> bool:
        """Do what can be done now; True when a lane was taken back, so that its batches are to be handed over."""
        taken_back = False
        for lane in lanes.of_issue(self._issue, LaneState.CANCELLING):
            taken_back |= self._cancel(lane)
        for lane in lanes.suspects(self._issue):
            if not self._may_cancel(lane):
                break
            taken_back |= self._cancel(lane)
        lanes.close_batches(self._issue, now=self._clock())
        return taken_back

    def _may_cancel(self, lane: Lane) -> bool:
        if self._clock() > lanes.last_moment(lane) - lanes.CANCEL_TAKES:
            self._course.say("It is too late to take back what nobody can say the fate of.")
            return False
        if self._why_not:
            self._course.say(self._why_not)
            return False
        with transaction.atomic():
            if gate(self._turn, self._clock()) is not Gate.OPEN:
                return False
        cancelled = self._sends.cancelled(now=self._clock())
        if not isinstance(cancelled, frozenset):
            self._course.say(f"What is unknown could not be taken back: {cancelled.words}")
            return False
        if not room_for(len(cancelled), lanes.in_use(self._issue)):
            self._course.say(
                f"What is unknown is not taken back: only {MOST_CANCELLED} lanes may be cancelled at one time, and "
                "those that are left are kept for stopping the issue."
            )
            return False
        return True

    def _cancel(self, lane: Lane) -> bool:
        found, words = cancel_lane(lane, self._sends, clock=self._clock)
        match found:
            case Verdict.CANCELLED:
                self._course.say("A lane with an unknown answer was taken back, and is handed over again.")
            case Verdict.STANDS:
                self._course.say(f"A lane with an unknown answer could not be taken back. {words}")
            case Verdict.OPEN_QUESTION:
                self._course.say(
                    f"The provider does not confirm that a lane is taken back. It is asked again. {words}"
                )
            case Verdict.LOST:
                self._course.say(f"A lane was to be taken back, and that was not confirmed in time. {words}")
        return found is Verdict.CANCELLED


def _lift_old(sends: ScheduledSends, clock: Clock) -> None:
    """Tell the provider to forget cancellations of issues long since over: it allows only so many at one time."""
    over = Lane.objects.filter(
        state__in=(LaneState.CANCELLED, LaneState.LOST), lifted_at__isnull=True, send_at__lt=clock() - LIFT_AFTER
    )
    for lane in over[:MOST_CANCELLED]:
        sends.lift(lane.provider_batch_id, now=clock())
        # Whatever it answered: a cancellation that stays needlessly is found by counting, and by a person.
        Lane.objects.filter(pk=lane.pk).update(lifted_at=clock())
