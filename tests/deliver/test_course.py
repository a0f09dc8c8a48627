"""When a sending stops, and until when."""

from __future__ import annotations

import datetime as dt

import pytest

from digest.deliver.course import Course
from digest.deliver.providers import Accepted, Mixed, NotSent, Outcome, Refused, Rejected, Unknown, Wait

NOW = dt.datetime(2024, 2, 12, 9, 0, tzinfo=dt.UTC)
RETRY = NOW + dt.timedelta(seconds=30)
LATER = NOW + dt.timedelta(minutes=5)


def course(*outcomes: tuple[Outcome, int]) -> Course:
    made = Course()
    for outcome, members in outcomes:
        made.note(outcome, members=members, retry_at=RETRY, now=NOW)
    return made


def test_one_request_at_a_time_until_the_provider_has_said_yes() -> None:
    assert course().width == 1
    assert course((Unknown(words="x"), 5)).width == 1
    assert course((Accepted(), 5)).width is None


@pytest.mark.parametrize(
    ("outcome", "resume_at"),
    [
        (Wait(words="429.", until=LATER), LATER),
        (NotSent(words="no route."), RETRY),
        (Refused(words="401."), None),
        (Rejected(words="bad subject.", whole=True), None),
    ],
)
def test_what_concerns_every_batch_stops_the_sending(outcome: Outcome, resume_at: dt.datetime | None) -> None:
    made = course((Accepted(), 5), (outcome, 5))
    assert made.stopped
    assert made.resume_at == resume_at
    assert made.problems


def test_an_unknown_batch_does_not_stop_it_but_three_in_a_row_do() -> None:
    unknown = (Unknown(words="it broke."), 5)
    assert not course((Accepted(), 5), unknown, unknown, (Accepted(), 5), unknown, unknown).stopped
    made = course((Accepted(), 5), unknown, unknown, unknown)
    assert made.stopped
    assert made.resume_at is not None
    assert made.resume_at > NOW


def test_refusing_one_member_after_another_is_about_the_message() -> None:
    lone = (Rejected(words="no."), 1)
    assert not course(lone, lone).stopped
    assert course(lone, lone, lone).stopped
    assert not course((Accepted(), 5), lone, lone, lone, lone).stopped
    named = (Rejected(words="no.", recipients=frozenset({3})), 1)
    assert not course(named, named, named, named).stopped


def test_halving_is_not_a_problem_of_its_own() -> None:
    assert course((Rejected(words="no."), 200)).problems == []


def test_what_a_person_must_mend_outweighs_a_wait_and_the_longer_wait_the_shorter() -> None:
    refused, wait, not_sent = Refused(words="401."), Wait(words="429.", until=LATER), NotSent(words="x.")
    assert course((refused, 1), (wait, 1)).resume_at is None
    assert course((wait, 1), (refused, 1)).resume_at is None
    assert course((wait, 1), (not_sent, 1)).resume_at == LATER
    assert course((not_sent, 1), (wait, 1)).resume_at == LATER


class TestMixed:
    """A request whose copies leave one by one."""

    def mixed(self, *answers: Accepted | NotSent | Rejected | Unknown | Wait, after: Wait | None = None) -> Mixed:
        return Mixed(words="mixed", answers=dict(enumerate(answers)), after=after)

    def test_one_put_off_and_one_refused_stop_nobody(self) -> None:
        made = course((self.mixed(Accepted(), Rejected(words="550."), Wait(words="450.", until=LATER)), 3))
        assert (made.stopped, made.accepted) == (False, 1)
        assert made.problems == ["1 copy refused. 550."]

    def test_what_holds_for_all_stops(self) -> None:
        wait = Wait(words="slowly.", until=LATER)
        made = course((self.mixed(Accepted(), wait, after=wait), 2))
        assert (made.stopped, made.resume_at) == (True, LATER)

    def test_unknown_copies_in_a_row_stop_and_a_clear_answer_ends_the_row(self) -> None:
        lost = (self.mixed(Unknown(words="lost."), NotSent(words="not its turn.")), 2)
        clear = (self.mixed(Accepted(), Rejected(words="550.")), 2)
        assert course(lost, lost, clear, lost, lost).stopped is False
        assert course(lost, lost, lost).stopped is True
        assert "1 copy: nobody can say" in course(lost).problems[0]
