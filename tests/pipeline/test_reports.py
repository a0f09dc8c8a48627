"""Reports: copies, who left, and who opened and clicked what, from the ledger and the provider's events."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from digest import pipeline
from digest.cli import main
from digest.compose.document import IssueDocument
from digest.compose.models import Issue
from digest.config import Config, Keys
from digest.deliver.models import Delivery, DeliveryState, ProviderEvent, Tally
from digest.deliver.providers.sendgrid_events import read_post
from digest.deliver.receive import receive
from digest.members.leave import leave
from digest.pipeline.reporting import FIGURES, figure_row, item_rows
from digest.pipeline.reports import figures_of, issues_out, report_of
from digest.pipeline.tally import AGAIN, count_due

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def tracked(config: Config) -> Config:
    return config.with_values(delivery=config.delivery.model_copy(update={"tracking": True}))


@pytest.fixture
def sent(
    association: Config, keys: Keys, members: None, publish_feed: Callable[..., None], monday: dt.datetime
) -> dt.datetime:
    """Issue 736 is out, to three members; the instant of its release."""
    publish_feed("news", ("One", monday - HOUR), ("=Two", monday - 2 * HOUR))
    publish_feed("blog", ("Three", monday - HOUR))
    pipeline.gather(association, now=monday)
    coming = pipeline.coming(association, now=monday)
    pipeline.approve(association, coming.issue.pk, actor="ed", now=monday, revision=coming.issue.revision)
    pipeline.run_due(association, keys, now=monday + 2 * HOUR)
    return monday + 2 * HOUR


def issue() -> Issue:
    return Issue.objects.get(number_row__number=736)


def copies() -> list[Delivery]:
    return list(Delivery.objects.order_by("pk"))


def tell(keys: Keys, at: dt.datetime, *events: tuple[int, str, dt.timedelta, dict[str, Any]]) -> None:
    """The provider reports: (copy, kind, after the release, more)."""
    rows = []
    for n, kind, after, more in events:
        copy = copies()[n]
        rows.append(
            {
                "event": kind,
                "email": copy.member.email,
                "timestamp": int((at + after).timestamp()),
                "sg_message_id": f"m{n}",
                "delivery": str(copy.pk),
                "batch": str(copy.batch_id),
                **more,
            }
        )
    post = read_post(json.dumps(rows).encode(), keys)
    assert post is not None
    receive(post.events, tracking=True, now=at + HOUR)


@pytest.fixture
def read(sent: dt.datetime, keys: Keys) -> dt.datetime:
    """All three got it; one opened and clicked, one's mail was opened and followed by machines, one left."""
    titles = {item.title: item.url for item in IssueDocument.model_validate(issue().document).items}
    second = dt.timedelta(seconds=1)
    tell(
        keys,
        sent,
        *((n, "delivered", second, {}) for n in range(3)),
        (0, "open", HOUR, {}),
        (0, "click", HOUR, {"url": titles["One"]}),
        (0, "click", HOUR, {"url": titles["Three"]}),
        (0, "click", HOUR, {"url": "https://digest.example.org/unsubscribe/abcdefgh.k1.0123456789abcdefghijkl"}),
        (1, "open", 2 * second, {"sg_machine_open": True}),
        (1, "click", 3 * second, {"url": titles["One"]}),
    )
    leave(copies()[2].member.public_id, how="page", now=sent + 2 * HOUR)
    return sent


def test_copies_are_counted_and_nothing_else_while_nothing_is_tracked(association: Config, read: dt.datetime) -> None:
    [figures] = figures_of(association, issues_out())
    assert (figures.key, figures.recipients, figures.delivered, figures.left) == ("736", 3, 3, 1)
    assert figures.opened is figures.clicked is None
    assert report_of(association, issue()).sections == ()
    assert figure_row(figures)[-4:] == ["", "", "", ""]
    assert count_due(tracked(association), now=read + HOUR) == []


def test_opens_and_clicks_are_peoples_with_the_machines_apart(association: Config, read: dt.datetime) -> None:
    config = tracked(association)
    report = report_of(config, issue(), afresh=True)
    figures = report.figures
    assert (figures.opened, figures.machine_opened, figures.clicked, figures.machine_clicked) == (1, 1, 1, 1)
    by_title = {row.title: row.clicked for section in report.sections for row in section.items}
    assert (by_title["One"].people, by_title["One"].clicks, by_title["One"].machines) == (1, 1, 1)
    assert by_title["=Two"].people == 0
    assert by_title["Three"].people == 1
    assert {section.title: section.clicked.people for section in report.sections} == {
        "News": 1,
        "Blog": 1,
        "Elsewhere in the mail": 1,
    }
    rows = list(item_rows(report))
    assert any(row[2] == "'=Two" for row in rows)  # no formula in anybody's spreadsheet


def test_an_address_that_names_a_member_is_not_kept(read: dt.datetime) -> None:
    kept = {event.detail.get("url") for event in ProviderEvent.objects.filter(type="click")}
    assert "https://digest.example.org/unsubscribe/" in kept
    assert not any("abcdefgh" in str(url) for url in kept)


def test_the_clock_counts_once_and_again_when_there_is_more(
    association: Config, keys: Keys, read: dt.datetime
) -> None:
    config, at = tracked(association), read + 2 * HOUR
    assert report_of(config, issue()).figures.opened is None  # nobody has counted yet
    count_due(config, now=at)
    assert report_of(config, issue()).figures.opened == 1
    assert report_of(config, issue()).counted_at == at
    tell(keys, read, (1, "open", HOUR, {}))
    count_due(config, now=at + AGAIN / 2)
    assert Tally.objects.get().counted_at == at
    count_due(config, now=at + AGAIN)
    assert report_of(config, issue()).figures.opened == 2
    count_due(config, now=at + 2 * AGAIN)  # nothing is new
    assert Tally.objects.get().counted_at == at + AGAIN


def test_who_left_later_left_for_another_reason(association: Config, sent: dt.datetime) -> None:
    leave(copies()[0].member.public_id, how="page", now=sent + dt.timedelta(days=8))
    assert figures_of(association, issues_out())[0].left == 0


def test_the_pages_say_it_and_the_csv_too(
    association: Config, settings: Any, read: dt.datetime, admin_client: Client
) -> None:
    settings.DIGEST = tracked(association)
    count_due(settings.DIGEST, now=read + HOUR)
    assert b"Weekly News Digest - Issue 736" in admin_client.get("/newsroom/reports/736/").content
    page = admin_client.get("/newsroom/reports/").content.decode()
    assert "Issue by issue" in page
    assert "style=" not in page
    text = admin_client.get("/newsroom/reports/issues.csv").content.decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(text))
    assert tuple(row) == FIGURES
    assert (row["issue"], row["recipients"], row["opened"], row["opened_by_machines"]) == ("736", "3", "1", "1")
    items = list(
        csv.DictReader(io.StringIO(admin_client.get("/newsroom/reports/736.csv").content.decode("utf-8-sig")))
    )
    assert {item["item"]: item["people"] for item in items}["One"] == "1"
    assert admin_client.get("/newsroom/reports/735/").status_code == 404


def test_the_command_says_the_same(
    association: Config, read: dt.datetime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tracked(association)
    monkeypatch.setattr("digest.commands.reporting.start", lambda: (config, None))
    with pytest.raises(SystemExit, match="0"):
        main(["report", "736", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["figures"]["opened"] == 1
    assert told["sections"][0]["items"][0]["clicked"] == {"people": 1, "clicks": 1, "machines": 1}
    with pytest.raises(SystemExit, match="0"):
        main(["report"])
    assert "736" in capsys.readouterr().out


def test_bounces_and_what_is_unknown_are_counted_apart(association: Config, sent: dt.datetime) -> None:
    first, second, _ = copies()
    Delivery.objects.filter(pk=first.pk).update(state=DeliveryState.BOUNCED)
    Delivery.objects.filter(pk=second.pk).update(state=DeliveryState.UNKNOWN)
    [figures] = figures_of(association, issues_out())
    assert (figures.recipients, figures.taken, figures.bounced, figures.unknown) == (3, 2, 1, 1)
