"""Checking the coming issue, and what a finding that blocks does to its approval."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digest import pipeline
from digest.compose.models import Approval, Issue, IssueState
from digest.config import Config, Keys
from digest.errors import StateError
from digest.gather import link_checks
from digest.gather.link_checks import look_up
from digest.gather.probe import Answer
from digest.gather.values import LinkState
from digest.installation.models import Audit

pytestmark = pytest.mark.django_db

MONDAY = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
FRIDAY = MONDAY - dt.timedelta(days=3)
HOUR = dt.timedelta(hours=1)
GONE = "https://www.alt.ac.uk/gone"


@pytest.fixture
def week(association: Config, publish_feed: Callable[..., None], db: None) -> Config:
    publish_feed(
        "news",
        ("A library opens its doors to everyone", FRIDAY - HOUR),
        ("On the marking of group work", FRIDAY - HOUR),
    )
    pipeline.gather(association, now=FRIDAY)
    return association


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A web where everything is there but GONE; the addresses that were asked."""
    asked: list[str] = []

    def ask(_config: Config, url: str, _seconds: float) -> Answer:
        asked.append(url)
        gone = Answer(state=LinkState.DEAD, words="answers that there is no such page (404)")
        return gone if url == GONE else Answer(state=LinkState.FINE)

    monkeypatch.setattr(link_checks, "_politely", lambda _config: ask)
    return asked


def edit(config: Config, kind: str, entry: int | None = None, *, now: dt.datetime = FRIDAY, **value: Any) -> None:
    coming = pipeline.coming(config, now=now)
    pipeline.add_edit(
        config, coming.issue.pk, kind=kind, entry=entry, value=value, actor="kim", now=now,
        base_revision=coming.issue.revision,
    )  # fmt: skip


def approve(config: Config, *, now: dt.datetime = FRIDAY, override: str = "") -> Issue:
    coming = pipeline.coming(config, now=now)
    return pipeline.approve(
        config, coming.issue.pk, actor="sam", now=now, revision=coming.issue.revision, override=override
    )


def test_a_good_week_is_clean(week: Config, web: list[str]) -> None:
    checked = pipeline.check(week, None, now=FRIDAY)
    assert checked.findings == ()
    assert web == []  # its links lead to an invented server


def test_a_dead_link_is_found_once_asked(week: Config, web: list[str]) -> None:
    entry = pipeline.coming(week, now=FRIDAY).document.items[0].entry
    edit(week, "rewrite", entry, url=GONE)
    assert pipeline.check(week, None, now=FRIDAY, links=False).findings == ()
    assert web == []
    checked = pipeline.check(week, None, now=FRIDAY)
    ((found),) = checked.findings
    assert (found.check, found.severity, found.entry, found.url) == ("dead-links", "warn", entry, GONE)
    assert (checked.links, checked.links_known, checked.links_at) == (1, 1, FRIDAY)
    pipeline.check(week, None, now=FRIDAY)
    assert web == [GONE]
    assert approve(week).state == IssueState.APPROVED, "a warning stops nobody"


def test_what_blocks_is_refused_in_words(week: Config) -> None:
    edit(week, "intro", markdown="Lorem ipsum dolor sit amet.")
    with pytest.raises(StateError) as refused:
        approve(week)
    assert "1 finding blocks the approval: The intro holds filler text" in refused.value.message
    assert "--override" in refused.value.hint
    assert Issue.objects.get().state == IssueState.DRAFT
    assert not Approval.objects.exists()


def test_a_reason_overrides_and_is_kept(week: Config) -> None:
    edit(week, "intro", markdown="Lorem ipsum dolor sit amet.")
    approve(week, override="  it is a quotation\nfrom Cicero ")
    assert Approval.objects.get().why == "it is a quotation from Cicero"
    (line,) = Audit.objects.filter(verb="issue.approve")
    assert line.detail["override"] == "it is a quotation from Cicero"
    assert "The intro holds filler text" in line.detail["blocks"][0]

    issue = Issue.objects.get()
    pipeline.void_approval(week, issue.pk, actor="sam", now=FRIDAY, why="second thoughts")
    assert Approval.objects.get().why == "it is a quotation from Cicero; withdrawn: second thoughts"


def test_a_reason_that_nobody_needed_is_not_kept(week: Config) -> None:
    approve(week, override="just in case")
    assert Approval.objects.get().why == ""
    assert "override" not in Audit.objects.get(verb="issue.approve").detail


def test_an_approved_issue_is_checked_as_it_was_frozen(week: Config) -> None:
    edit(week, "intro", markdown="Lorem ipsum dolor sit amet.")
    approve(week, override="Cicero")
    for number in (None, 736):
        checked = pipeline.check(week, number, now=FRIDAY, links=False)
        assert [found.check for found in checked.blocks] == ["placeholders"]
    with pytest.raises(StateError):
        pipeline.check(week, 9, now=FRIDAY)


def test_last_week_is_what_it_is_compared_with(
    week: Config, keys: Keys, publish_feed: Callable[..., None], members: None
) -> None:
    approve(week)
    later = MONDAY + dt.timedelta(days=4)
    pipeline.run_due(week, keys, now=MONDAY + dt.timedelta(hours=2))
    publish_feed("news", ("A new library opens, and the old one closes", later - HOUR))
    pipeline.gather(week, now=later)
    edit(week, "subject", now=later, text="Weekly News Digest - Issue 736, 12 Feb 2024")
    found = [one.words for one in pipeline.check(week, None, now=later, links=False).findings]
    assert any("same as last issue's" in words for words in found), found


def test_an_address_missing_in_the_settings_blocks(
    make_config: Callable[..., Config], publish_feed: Callable[..., None], settings: Any, db: None
) -> None:
    from tests.conftest import CONFIG

    bare = make_config(
        '[[sources]]\nid = "news"\ntitle = "The News"\nsection = "news"\npath = "news.xml"\n',
        base=CONFIG.replace('postal_address = "1 Test Street, Testford TE1 1ST"', ""),
    )
    settings.DIGEST = bare
    publish_feed("news", ("A library opens its doors to everyone", FRIDAY))
    pipeline.gather(bare, now=FRIDAY)
    assert [found.check for found in pipeline.check(bare, None, now=FRIDAY).blocks] == ["postal-address"]


def test_the_clock_asks_the_links_in_the_last_day(
    association: Config, keys: Keys, members: None, publish_feed: Callable[..., None], web: list[str]
) -> None:
    publish_feed("news", ("A library opens its doors to everyone", FRIDAY))
    pipeline.run_due(association, keys, now=FRIDAY)
    edit(association, "rewrite", pipeline.coming(association, now=FRIDAY).document.items[0].entry, url=GONE)
    pipeline.run_due(association, keys, now=FRIDAY + dt.timedelta(minutes=1))
    assert web == []
    said = pipeline.run_due(association, keys, now=MONDAY - dt.timedelta(hours=12))
    assert said[-1] == "Asked 1 link of the issue of 2024-02-12: 1 leads nowhere."
    assert look_up([GONE], now=MONDAY)[GONE].state == LinkState.DEAD
    pipeline.run_due(association, keys, now=MONDAY - dt.timedelta(hours=11, minutes=59))
    assert web == [GONE]


def test_the_automatic_approval_is_held_back_in_words(
    make_config: Callable[..., Config], publish_feed: Callable[..., None], settings: Any, keys: Keys, db: None,
    web: list[str],
) -> None:  # fmt: skip
    config = make_config(
        '[plan]\napproval = "automatic"\n'
        '[[sources]]\nid = "news"\ntitle = "The News"\nsection = "news"\npath = "news.xml"\n'
    )
    settings.DIGEST = config
    publish_feed("news", ("A library opens its doors to everyone", FRIDAY))
    pipeline.run_due(config, keys, now=FRIDAY)
    edit(config, "intro", markdown="Lorem ipsum dolor sit amet.")
    said = "\n".join(pipeline.run_due(config, keys, now=MONDAY))
    assert "could not be approved automatically: 1 finding blocks the approval: The intro holds filler text" in said
    assert Issue.objects.get().state == IssueState.DRAFT
    edit(config, "intro", now=MONDAY, markdown="Good morning.")
    assert "Issue 736 was approved automatically." in pipeline.run_due(config, keys, now=MONDAY)


def test_the_module_of_the_use_case_loads_no_renderer() -> None:
    """A gather should not wait for MJML and premailer."""
    import subprocess

    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE']='tests.lint_settings'; django.setup();"
        "import digest.pipeline; print('premailer' in sys.modules, 'lxml.cssselect' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.split() == ["False", "False"]
