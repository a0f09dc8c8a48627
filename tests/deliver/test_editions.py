"""One issue in several editions: frozen, claimed and handed over without mixing them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.compose.models import Issue, IssueState
from digest.config import Config, Keys
from digest.deliver import canary, ledger
from digest.deliver.freeze import LANES, freeze
from digest.deliver.models import Batch, Delivery, DeliveryState, Edition
from digest.deliver.roll import MONTHLY, Roll, has_monthly
from digest.deliver.send import deliver
from digest.members.models import Member, MemberStatus
from digest.members.preferences import Cadence, Preferences
from tests.deliver.conftest import HTML, NOW, SUBJECT, TEXT, Ahead, Join, claim_one, copies, once_each
from tests.fakes.sendgrid import Answer, FakeSendGrid

pytestmark = pytest.mark.django_db


def another(issue: Issue, key: str, *, text_only: bool = False) -> Edition:
    return Edition.objects.create(
        issue=issue,
        document_sha="d" * 64,
        fingerprint="f" * 64,
        key=key,
        subject=f"{SUBJECT} ({key})",
        html="" if text_only else HTML.replace("caf&#233;", key),
        text=TEXT.replace("café", key),
        web=HTML.replace("caf&#233;", key) if text_only else "",
        sha256="e" * 64,
        bytes=len(HTML),
        created_at=NOW,
    )


def small(config: Config, size: int = 5) -> Config:
    return config.with_values(delivery=config.delivery.model_copy(update={"batch_size": size}))


class TestFreeze:
    def test_batches_of_one_edition_each_in_the_members_order(
        self, config: Config, issue: Issue, edition: Edition, join: Join
    ) -> None:
        headlines, text = another(issue, "headlines.1"), another(issue, "text.2", text_only=True)
        join(7)
        join(6, first=8, edition_key="headlines.1")
        join(1, first=14, edition_key="text.2")
        join(2, first=15, edition_key="text.3")  # came out the same as text.2
        join(1, first=17)
        join(2, first=18, edition_key="unheard.of")
        join(2, first=20, edition_key="blog.9")
        join(1, first=22, edition_key="headlines.1", status=MemberStatus.LEFT)
        others = {"headlines.1": headlines, "text.2": text, "text.3": text, "blog.9": None}
        made = freeze(small(config), issue, edition, now=NOW, others=others)
        assert (made.recipients, made.excluded, made.batches) == (19, 3, 5)
        rows = Delivery.objects.filter(state=DeliveryState.PENDING).order_by("batch__ordinal", "pk")
        got: dict[int, list[str]] = {}
        for batch, public_id in rows.values_list("batch", "member__public_id"):
            got.setdefault(batch, []).append(public_id)
        names = [[int(name.removeprefix("pid")) for name in names] for names in got.values()]
        assert names == [[1, 2, 3, 4, 5], [6, 7, 17, 18, 19], [8, 9, 10, 11, 12], [13], [14, 15, 16]]
        assert not rows.exclude(edition=edition).filter(member__edition_key="full").exists()
        assert all(row.edition_id == row.batch.edition_id for row in rows.select_related("batch") if row.batch)
        assert set(rows.filter(edition=text).values_list("member__edition_key", flat=True)) == {"text.2", "text.3"}
        assert dict(ledger.reasons(issue, DeliveryState.EXCLUDED)) == {
            "nothing in the sections chosen": 2,
            "left the list": 1,
        }
        assert all(batch.lane == batch.ordinal % LANES for batch in Batch.objects.all())
        again = freeze(small(config), issue, edition, now=NOW, others={})
        assert again == made

    def test_nobody_gets_the_full_edition(self, config: Config, issue: Issue, edition: Edition, join: Join) -> None:
        only = another(issue, "headlines.1")
        join(11, edition_key="headlines.1")
        made = freeze(small(config), issue, edition, now=NOW, others={"headlines.1": only})
        assert (made.recipients, made.batches) == (11, 3)
        assert set(Batch.objects.values_list("edition", flat=True)) == {only.pk}

    def test_the_statements_do_not_grow_with_the_members(
        self, config: Config, issue: Issue, edition: Edition, join: Join, django_assert_max_num_queries: Callable
    ) -> None:
        others: dict[str, Edition | None] = {}
        for n in range(6):
            others[f"key.{n}"] = another(issue, f"key.{n}")
            join(40, first=1 + 40 * n, edition_key=f"key.{n}")
        with django_assert_max_num_queries(28):
            made = freeze(config, issue, edition, now=NOW, others=others)
        assert made.recipients == 240

    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(st.lists(st.sampled_from(["full", "a.1", "b.2", "c.3", "none.4"]), max_size=40), st.integers(1, 7))
    def test_everybody_once_and_nothing_mixed(
        self, config: Config, issue: Issue, edition: Edition, join: Join, keys_of: list[str], size: int
    ) -> None:
        for model in (Delivery, Batch, Member):
            model.objects.all().delete()
        Edition.objects.exclude(pk=edition.pk).delete()
        others: dict[str, Edition | None] = {key: another(issue, key) for key in ("a.1", "b.2", "c.3")}
        others["none.4"] = None
        for n, key in enumerate(keys_of, 1):
            join(1, first=n, edition_key=key)
        made = freeze(small(config, size), issue, edition, now=NOW, others=others)
        assert Delivery.objects.count() == len(keys_of)
        assert made.excluded == keys_of.count("none.4")
        for delivery in Delivery.objects.select_related("member", "edition", "batch"):
            key = delivery.member.edition_key
            if delivery.edition is None or delivery.batch is None:
                assert key == "none.4"
                continue
            assert delivery.edition.key == key
            assert delivery.batch.edition_id == delivery.edition_id
        for batch in Batch.objects.all():
            assert 1 <= batch.deliveries.count() <= size
        wanted = sum(-(-keys_of.count(key) // size) for key in ("full", "a.1", "b.2", "c.3"))
        assert made.batches == wanted


class TestTheFirstOfTheMonth:
    @pytest.fixture
    def monthly(self, join: Join) -> list[Member]:
        join(2)
        chosen = Preferences(cadence=Cadence.MONTHLY_FIRST)
        return join(3, first=3, preferences=chosen.stored(), edition_key=chosen.edition_key)

    def earlier(self, day: dt.date, state: IssueState) -> Issue:
        return Issue.objects.create(
            slot=day,
            title_date=day,
            window_start=NOW - dt.timedelta(days=14),
            planned_cutoff=NOW - dt.timedelta(days=7),
            state=state,
            merge_tag="t",
            created_at=NOW,
        )

    def test_a_later_issue_of_the_month_is_not_for_them(
        self, config: Config, issue: Issue, edition: Edition, monthly: list[Member]
    ) -> None:
        self.earlier(dt.date(2024, 2, 5), IssueState.SENT)
        assert not has_monthly(issue)
        made = freeze(config, issue, edition, now=NOW)
        assert (made.recipients, made.excluded) == (2, 3)
        assert dict(ledger.reasons(issue, DeliveryState.EXCLUDED)) == {MONTHLY: 3}

    @pytest.mark.parametrize(
        ("day", "state"),
        [(dt.date(2024, 1, 29), IssueState.SENT), (dt.date(2024, 2, 5), IssueState.SKIPPED)],
    )
    def test_the_first_is(
        self,
        config: Config,
        issue: Issue,
        edition: Edition,
        monthly: list[Member],
        day: dt.date,
        state: IssueState,
    ) -> None:
        self.earlier(day, state)
        assert has_monthly(issue)
        assert freeze(config, issue, edition, now=NOW).recipients == 5

    def test_who_chooses_so_after_the_list_was_closed_is_withdrawn(
        self, config: Config, issue: Issue, edition: Edition, join: Join
    ) -> None:
        self.earlier(dt.date(2024, 2, 5), IssueState.SENT)
        join(2)
        freeze(config, issue, edition, now=NOW)
        Member.objects.filter(public_id="pid00001").update(
            preferences=Preferences(cadence=Cadence.MONTHLY_FIRST).stored()
        )
        roll = Roll(kind=issue.kind, day=NOW.date(), monthly=has_monthly(issue))
        claim = claim_one(issue, roll, owner="me", now=NOW)
        assert claim is not None
        assert [addressee.public_id for addressee in claim.addressees] == ["pid00002"]
        assert Delivery.objects.get(state=DeliveryState.WITHDRAWN).reason == MONTHLY


class TestHandOver:
    def test_everybody_gets_their_own_edition_from_sendgrid(
        self, ahead: Ahead, proven: Config, issue: Issue, edition: Edition, join: Join, sendgrid: FakeSendGrid
    ) -> None:
        others: dict[str, Edition | None] = {"text.2": another(issue, "text.2", text_only=True)}
        others |= {f"news.{n}": another(issue, f"news.{n}") for n in range(10)}  # more than stay open at once
        members = join(7)
        members += join(8, first=8, edition_key="text.2")
        for n in range(10):
            members += join(6, first=100 + 10 * n, edition_key=f"news.{n}")
        freeze(proven, issue, edition, now=NOW, others=others)
        report = ahead(proven)
        assert report.counts == {"accepted": len(members)}
        assert sendgrid.violations == []
        # Each edition was tried out before anything was claimed: its message, and its first batch.
        assert len(sendgrid.rehearsed) == 2 * 12
        assert copies(sendgrid) == once_each(members)
        key_of = {member.email: member.edition_key for member in members}
        for copy in sendgrid.arrived():
            key = key_of[copy.to]
            if key == "full":
                assert copy.subject == SUBJECT
                assert "café" in copy.text
            else:
                assert copy.subject == f"{SUBJECT} ({key})"
                assert key in copy.text
            assert (copy.html == "") == (key == "text.2")
            assert "unsubscribe/" in copy.text

    def test_a_refused_edition_stops_everything_before_anything_is_claimed(
        self, ahead: Ahead, armed: Config, issue: Issue, edition: Edition, join: Join, sendgrid: FakeSendGrid
    ) -> None:
        join(2)
        join(2, first=3, edition_key="a.1")
        freeze(armed, issue, edition, now=NOW, others={"a.1": another(issue, "a.1")})
        sendgrid.then(Answer(200), Answer(200), Answer(400), on="sandbox")
        report = ahead(armed)
        assert report.counts == {"pending": 4}
        assert "refuses the message" in report.problems[0]
        assert sendgrid.accepted == []

    def test_plain_text_alone_is_a_message_of_one_part(
        self, config: Config, keys: Keys, issue: Issue, edition: Edition, join: Join
    ) -> None:
        join(1)
        join(1, first=2, edition_key="text.2")
        freeze(config, issue, edition, now=NOW, others={"text.2": another(issue, "text.2", text_only=True)})
        assert deliver(config, keys, issue, edition, now=NOW, owner="me", clock=lambda: NOW).settled
        both, plain = (
            message_from_bytes((config.outbox_dir / "736" / f"{ref}.eml").read_bytes(), policy=default)
            for ref in ("pid00001", "pid00002")
        )
        assert both.get_content_type() == "multipart/alternative"
        assert plain.get_content_type() == "text/plain"
        content = plain.get_content()
        assert "naïve text.2" in content
        assert "/unsubscribe/" in content
        assert plain["List-Unsubscribe"]

    def test_channels_are_opened_once_for_each_edition_in_a_run(
        self, config: Config, keys: Keys, issue: Issue, edition: Edition, join: Join, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from digest.deliver.providers.outbox import Outbox

        opened: list[str] = []
        plain = Outbox.open

        def counting(self: Outbox, mailing: object) -> object:
            opened.append(mailing.subject)  # type: ignore[attr-defined]
            return plain(self, mailing)  # type: ignore[arg-type]

        monkeypatch.setattr(Outbox, "open", counting)
        join(20)
        join(20, first=21, edition_key="a.1")
        freeze(small(config, 3), issue, edition, now=NOW, others={"a.1": another(issue, "a.1")})
        deliver(small(config, 3), keys, issue, edition, now=NOW, owner="me", clock=lambda: NOW)
        assert sorted(opened) == [SUBJECT, f"{SUBJECT} (a.1)"]


def test_the_canary_group_goes_first_each_in_their_own_edition(
    config: Config, issue: Issue, edition: Edition, join: Join
) -> None:
    others: dict[str, Edition | None] = {"a.1": another(issue, "a.1"), "none.2": None}
    join(6)
    join(6, first=7, edition_key="a.1")
    join(1, first=13, edition_key="none.2")
    group = [f"m{n}@example.org" for n in (1, 2, 7, 13)]
    delivery = config.delivery.model_copy(update={"batch_size": 5, "canary": tuple(group), "max_per_hour": 10})
    made = freeze(config.with_values(delivery=delivery), issue, edition, now=NOW, others=others)
    assert (made.recipients, made.excluded, made.batches) == (12, 1, 4)
    rows = Delivery.objects.filter(state=DeliveryState.PENDING).order_by("batch__ordinal", "pk")
    got: dict[int, set[str]] = {}
    for ordinal, public_id in rows.values_list("batch__ordinal", "member__public_id"):
        got.setdefault(ordinal, set()).add(public_id)
    assert [sorted(names) for names in list(got.values())[:2]] == [["pid00001", "pid00002"], ["pid00007"]]
    assert [len(names) for names in got.values()] == [2, 1, 4, 5]
    assert list(Batch.objects.order_by("ordinal").values_list("lane", flat=True))[:2] == [canary.LANE] * 2
    assert all(row.edition_id == row.batch.edition_id for row in rows.select_related("batch") if row.batch)
