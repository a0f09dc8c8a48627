"""Single mails: each leaves once; what did not leave is tried again, what nobody can tell is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from digest.config import Config, Keys
from digest.deliver import links
from digest.deliver.arming import arm
from digest.deliver.message import copy_headers
from digest.deliver.models import DeliveryState, Notice
from digest.deliver.notices import ATTEMPTS, is_due, post, send_notices, settled
from digest.deliver.providers import REGISTRY, Accepted, NotSent, Outcome, Refused, Rejected, Unknown, Wait
from digest.render.letters import RenderedNotice
from tests.deliver.conftest import NOW
from tests.fakes.postman import Postman
from tests.fakes.sendgrid import FakeSendGrid

pytestmark = pytest.mark.django_db
HELLO = RenderedNotice(subject="Hello", text="Good day.\n", html="<p>Good day.</p>")
TO = "ada@example.org"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def postman(monkeypatch: pytest.MonkeyPatch) -> type[Postman]:
    monkeypatch.setitem(REGISTRY, "postman", "tests.fakes.postman:Postman")
    monkeypatch.setattr(Postman, "answers", [])
    monkeypatch.setattr(Postman, "taken", [])
    return Postman


@pytest.fixture
def config(config: Config, postman: type[Postman]) -> Config:
    return config.with_values(delivery=config.delivery.model_copy(update={"provider": "postman"}))


def queue(about: str = "m1", *, kind: str = "welcome") -> Notice:
    assert post(kind, about, to=TO, rendered=HELLO, now=NOW)
    return Notice.objects.latest("pk")


def test_a_notice_is_queued_once() -> None:
    queue()
    assert not post("welcome", "m1", to=TO, rendered=HELLO, now=NOW)
    assert post("welcome", "m1", to=TO, rendered=HELLO, now=NOW, occasion="again")
    assert Notice.objects.count() == 2


def test_it_leaves_once_and_is_forgotten(config: Config, keys: Keys, postman: type[Postman]) -> None:
    queue()
    assert send_notices(config, keys, now=NOW) == ["1 mail sent."]
    assert send_notices(config, keys, now=NOW + MINUTE) == []
    ((mailing, recipient),) = postman.taken
    assert (mailing.subject, mailing.text, recipient.email) == ("Hello", "Good day.\n", TO)
    notice = Notice.objects.get()
    assert (notice.state, notice.to, notice.text, notice.html) == ("accepted", "", "", "")
    assert TO not in notice.dedupe_key


def test_its_headers_are_those_of_a_single_mail(config: Config, keys: Keys, postman: type[Postman]) -> None:
    queue("m1")
    send_notices(config, keys, now=NOW)
    ((mailing, recipient),) = postman.taken
    headers = copy_headers(mailing, recipient)
    own = links.member_links(config, keys, "m1", "latest").unsubscribe
    assert headers["List-Unsubscribe"] == f"<{own}>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert "Precedence" not in headers
    assert "Archived-At" not in headers


@pytest.mark.parametrize(
    ("outcome", "state", "go_on"),
    [
        (Accepted(words="ok"), DeliveryState.ACCEPTED, True),
        (Rejected(words="no"), DeliveryState.REJECTED, True),
        (Unknown(words="?"), DeliveryState.UNKNOWN, True),
        (NotSent(words="no line"), DeliveryState.PENDING, False),
        (Wait(words="later", until=NOW), DeliveryState.PENDING, False),
        (Refused(words="key"), DeliveryState.PENDING, False),
    ],
)
def test_what_an_outcome_makes_of_it(outcome: Outcome, state: DeliveryState, go_on: bool) -> None:
    after = settled(outcome, attempts=1)
    assert (after.state, after.go_on) == (state, go_on)
    last = settled(outcome, attempts=ATTEMPTS).state
    assert last == (DeliveryState.CANCELLED if state is DeliveryState.PENDING else state)


def test_what_did_not_leave_is_tried_again_later_and_later(
    config: Config, keys: Keys, postman: type[Postman]
) -> None:
    queue()
    postman.answers += [NotSent(words="No line."), NotSent(words="No line.")]
    assert send_notices(config, keys, now=NOW) == ["A mail (welcome) did not go out: No line."]
    assert send_notices(config, keys, now=NOW + dt.timedelta(seconds=29)) == []
    second = NOW + dt.timedelta(seconds=30)
    assert len(send_notices(config, keys, now=second)) == 1
    assert send_notices(config, keys, now=second + dt.timedelta(seconds=59)) == []
    assert send_notices(config, keys, now=second + MINUTE) == ["1 mail sent."]
    assert len(postman.taken) == 3


def test_when_nothing_can_leave_the_others_wait(config: Config, keys: Keys, postman: type[Postman]) -> None:
    for about in ("m1", "m2"):
        queue(about)
    postman.answers += [NotSent(words="No line.")]
    send_notices(config, keys, now=NOW)
    assert len(postman.taken) == 1
    assert list(Notice.objects.order_by("pk").values_list("attempts", flat=True)) == [1, 0]
    assert send_notices(config, keys, now=NOW + MINUTE) == ["2 mails sent."]


@pytest.mark.parametrize("answer", [Unknown(words="Lost."), RuntimeError("a defect")])
def test_what_nobody_can_tell_is_never_repeated(
    config: Config, keys: Keys, postman: type[Postman], answer: Outcome | Exception
) -> None:
    queue("m1")
    queue("m2")
    postman.answers += [answer]
    said = send_notices(config, keys, now=NOW)
    assert said[-1] == "1 mail sent."
    assert send_notices(config, keys, now=NOW + dt.timedelta(days=9)) == []
    assert len(postman.taken) == 2
    assert Notice.objects.get(dedupe_key__contains="m1").state == "unknown"


def test_a_claim_that_a_crash_left_is_given_up(config: Config, keys: Keys, postman: type[Postman]) -> None:
    notice = queue()
    Notice.objects.filter(pk=notice.pk).update(state=DeliveryState.CLAIMED, attempts=1)
    assert send_notices(config, keys, now=NOW + 14 * MINUTE) == []
    assert send_notices(config, keys, now=NOW + 15 * MINUTE) == [
        "1 mail broken off: nobody can say whether it went out."
    ]
    assert postman.taken == []
    assert Notice.objects.get().state == "unknown"


def test_due_is_read_from_the_row() -> None:
    notice = queue()
    assert is_due(notice, now=NOW)
    notice.attempts = 3
    assert not is_due(notice, now=NOW + dt.timedelta(seconds=119))
    assert is_due(notice, now=NOW + dt.timedelta(seconds=120))


def test_nothing_leaves_for_a_real_provider_before_it_is_armed(
    make_config: object, keys: Keys, config: Config
) -> None:
    queue()
    real = config.with_values(delivery=config.delivery.model_copy(update={"provider": "sendgrid"}))
    (said,) = send_notices(real, keys, now=NOW)
    assert said.startswith("1 mail waiting: ")
    notice = Notice.objects.get()
    assert (notice.state, notice.attempts) == ("pending", 0)


def test_through_sendgrid(
    sendgrid_config: Callable[..., Config], sendgrid_keys: Keys, sendgrid: FakeSendGrid
) -> None:
    config = sendgrid_config()
    arm(config, sendgrid_keys, actor="test", now=NOW)
    queue("m1")
    assert send_notices(config, sendgrid_keys, now=NOW) == ["1 mail sent."]
    (copy,) = sendgrid.accepted
    assert (copy.to, copy.subject, copy.text) == (TO, "Hello", "Good day.\n")
    assert copy.headers["List-Unsubscribe"].startswith("<https://digest.example.ac.uk/unsubscribe/m1.")
    assert sendgrid.violations == []
