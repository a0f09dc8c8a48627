"""What a sender's process does, each as the command or the clock would. Runs in a child, on a connection of its own."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import OperationalError, connections, transaction
from django.db.backends.signals import connection_created

from digest import pipeline
from digest.compose.models import Approval, Issue, IssueState, Number, NumberKind
from digest.config import Config, Keys
from digest.deliver import run
from digest.deliver.arming import arm
from digest.deliver.checklist import Answers, Previous
from digest.deliver.models import Batch, Delivery, Edition, Lane
from digest.deliver.proof import begin, finish
from digest.errors import DigestError
from digest.members.address import address_key
from digest.members.models import Member, MemberStatus
from digest.pipeline.send import advance
from tests.faults.clock import MINUTE, SEND_AT, SharedClock

TOKEN = "dg0123456789abcdef0123x"
TEXT = f"View in your browser [1]\n\nNews.\n\n-- \nUnsubscribe:\n{TOKEN}u\nPreferences: {TOKEN}p\n\n[1] {TOKEN}v\n"
HTML = (
    '<!doctype html><html lang="en"><head><title>News</title></head><body>'
    f'<a href="{TOKEN}v">View</a> <a href="{TOKEN}u">Unsubscribe</a> <a href="{TOKEN}p">Choose</a></body></html>\n'
)
SUBJECT = "Weekly News Digest - Issue 736, 12 Feb 2024"
HAND_OVER = SEND_AT - 30 * MINUTE
ANSWERS = Answers(previous_unsubscribes=Previous.NONE, sender_verified=True, without_events=True)
LONG_AGO = SEND_AT - dt.timedelta(days=30)


class Work:
    """`do` an order; what comes of it, as JSON has it."""

    def __init__(self, config: Config, keys: Keys, clock: SharedClock) -> None:
        self._config, self._keys, self._clock = config, keys, clock

    def do(self, order: dict[str, Any]) -> Any:
        self._clock.patch()
        patience(order)
        try:
            return getattr(self, f"_{order['do']}")(order)
        except DigestError as error:
            return {"refused": str(error)}
        except OperationalError as error:  # as digest/cli.py has it
            return {"refused": f"The database refused: {error}."}

    def _ring(self, order: dict[str, Any]) -> Any:
        return {"said": pipeline.run_due(self._config, self._keys, now=self._clock.now)}

    def _send(self, order: dict[str, Any]) -> Any:
        report = pipeline.send(
            self._config, self._keys, Issue.objects.get(number_row__number=736), now=self._clock.now
        )
        return {"said": [report.state, *report.problems]}

    def _advance(self, order: dict[str, Any]) -> Any:
        """What `ring` comes to once it is the issue's turn, without waiting for another clock's ring to be over."""
        report = advance(self._config, self._keys, Issue.objects.get(number_row__number=736), now=self._clock.now)
        return {"said": [report.state, *report.problems]}

    def _stop(self, order: dict[str, Any]) -> Any:
        issue = Issue.objects.get(number_row__number=736)
        stopped = pipeline.stop(self._config, self._keys, issue, why="a fault", actor="sam", now=self._clock.now)
        return {"said": [stopped.words, *stopped.problems]}

    def _leave(self, order: dict[str, Any]) -> Any:
        Member.objects.filter(email__in=order["members"]).update(status=MemberStatus.LEFT, left_at=self._clock.now)
        return {}

    def _arm(self, order: dict[str, Any]) -> Any:
        """Arm; `proven`: and see that cancelling works, as a person did the day before."""
        now = self._clock.now
        arm(self._config, self._keys, answers=ANSWERS, actor="sam", now=now)
        if order["proven"]:
            begin(self._config, self._keys, to="me@example.ac.uk", actor="sam", now=now)
            self._clock.turn_to(now + 30 * MINUTE)
            assert finish(
                self._config,
                self._keys,
                kept_arrived=True,
                cancelled_arrived=False,
                actor="sam",
                now=self._clock.now,
            )
        return {}

    def _prepare(self, order: dict[str, Any]) -> Any:
        """An approved issue, and `members` who receive it, the first `left` of whom have left."""
        with transaction.atomic():
            Member.objects.bulk_create(
                [
                    Member(
                        public_id=f"pid{n:07}",
                        email=f"m{n}@example.ac.uk",
                        address_key=address_key(self._keys, f"m{n}@example.ac.uk"),
                        status=MemberStatus.LEFT if n < order["left"] else MemberStatus.ACTIVE,
                        joined_at=LONG_AGO,
                    )
                    for n in range(order["members"] + order["left"])
                ]
            )
            issue = Issue.objects.create(
                slot=SEND_AT.date(),
                title_date=SEND_AT.date(),
                window_start=SEND_AT - dt.timedelta(days=7),
                planned_cutoff=SEND_AT - dt.timedelta(hours=2),
                state=IssueState.APPROVED,
                document_sha="d" * 64,
                send_at=SEND_AT,
                merge_tag=TOKEN,
                created_at=LONG_AGO,
            )
            shas = {"document_sha": "d" * 64, "fingerprint": "f" * 64}
            Number.objects.create(number=736, kind=NumberKind.ISSUED, issue=issue, actor="test", at=LONG_AGO)
            Approval.objects.create(issue=issue, revision=1, actor="sam", at=LONG_AGO, **shas)
            Edition.objects.create(
                issue=issue,
                key="full",
                subject=SUBJECT,
                html=HTML,
                text=TEXT,
                sha256="e" * 64,
                bytes=len(HTML),
                created_at=LONG_AGO,
                **shas,
            )
        return {}

    def _ledger(self, order: dict[str, Any]) -> Any:
        """What the database says of the issue: of each member, each batch, each lane."""
        issue = Issue.objects.get(number_row__number=736)
        return {
            "issue": issue.state,
            "members": {
                email: [state, reason]
                for email, state, reason in Delivery.objects.filter(issue=issue).values_list(
                    "member__email", "state", "reason"
                )
            },
            "batches": list(Batch.objects.filter(issue=issue).values_list("state", flat=True)),
            "lanes": list(Lane.objects.filter(issue=issue).values_list("state", flat=True)),
        }


def patience(order: dict[str, Any]) -> None:
    """Shorter waits for a database that is locked, and a smaller disk, where the order asks for them."""
    if "busy" in order:
        connections.settings["default"]["OPTIONS"]["timeout"] = order["busy"]
    if "write_again" in order:
        run.WRITE_AGAIN = tuple(order["write_again"])
        run.Sending._write_and_claim.__kwdefaults__["again"] = run.WRITE_AGAIN
    if pages := order.get("more_pages"):

        def narrow(connection: Any, **_: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA page_count")
                cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0] + pages}")

        connection_created.connect(narrow, weak=False)
