"""A week too full for one mail: the draft that is looked at is the one that goes out, and nothing is lost unsaid."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.test import Client

from digest import pipeline
from digest.compose.document import Outcome
from digest.compose.models import Issue, IssueState, Number, Placement
from digest.config import Config, Keys
from digest.deliver.models import Edition
from digest.errors import StateError, TemplateError
from digest.pipeline import fitting
from digest.pipeline.coming import compose_draft
from digest.pipeline.sizes import sizes_of_issue
from digest.pipeline.why import why

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("members")]

Publish = Callable[..., None]
MONDAY = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
HOUR, DAY, WEEK = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=7)
SEND = MONDAY + 2 * HOUR
LIMIT = 40_000
LONG = "on what was tried, by whom, for how long and at what price, and what the students had to say"


def with_limit(config: Config, limit: int = LIMIT, **section: Any) -> Config:
    """`config` with a limit that sixty stories are over; `section` changes every section."""
    return config.with_values(
        digest=config.digest.model_copy(update={"max_bytes": limit}),
        sections=tuple(s.model_copy(update=section) for s in config.sections),
    )


@pytest.fixture
def full_week(association: Config, publish_feed: Publish, settings: Any) -> Config:
    for name in ("news", "blog"):
        publish_feed(
            name, *((f"{name} {n:02} {LONG}", MONDAY - HOUR - n * dt.timedelta(minutes=9)) for n in range(30))
        )
    pipeline.gather(association, now=MONDAY)
    settings.DIGEST = with_limit(association)
    return settings.DIGEST  # type: ignore[no-any-return]


def approve(config: Config, now: dt.datetime = MONDAY, sha: str = "") -> Issue:
    coming = pipeline.coming(config, now=now)
    return pipeline.approve(
        config, coming.issue.pk, actor="sam", now=now, revision=coming.issue.revision, content_sha=sha
    )


def test_what_was_looked_at_is_what_is_sent(full_week: Config, keys: Keys) -> None:
    coming = pipeline.coming(full_week, now=MONDAY)
    everything = pipeline.coming(with_limit(full_week, 100_000), now=MONDAY).document
    assert len(everything.items) == 60
    assert len(coming.document.items) < 60
    shown = pipeline.render_coming(full_week, coming)
    assert shown.bytes < LIMIT

    issue = approve(full_week, sha=coming.document.content_sha256)
    assert issue.document["sections"] == coming.document.as_json()["sections"]
    left = Placement.objects.filter(issue=issue, outcome="over-limit", reason_code="over-bytes", binding=False)
    assert left.count() == sum(s.more for s in coming.document.sections) == 60 - len(coming.document.items)
    assert all(row.reason.startswith("left out so that the e-mail stays under 40,000 bytes") for row in left)

    pipeline.run_due(full_week, keys, now=SEND)
    mails = [message_from_bytes(p.read_bytes(), policy=policy.default) for p in full_week.outbox_dir.rglob("*.eml")]
    assert len(mails) == 3
    assert max(len(m.get_body(("html",)).get_content()) for m in mails) < LIMIT
    record = json.loads((full_week.issues_dir / "736" / "issue.json").read_text(encoding="utf-8"))
    assert sum(len(s["items"]) for s in record["sections"]) == len(coming.document.items)
    page = (full_week.issues_dir / "736" / "index.html").read_text(encoding="utf-8")
    assert "more on the web" in page, "the page is the same document"


def test_the_copies_are_as_heavy_as_was_said(full_week: Config, keys: Keys) -> None:
    """Counted with the longest links that a member may have; these members' are a little shorter."""
    issue = approve(full_week)
    said = sizes_of_issue(full_week, 736, now=SEND).sizes
    edition = Edition.objects.get(issue=issue, key="full")
    pipeline.run_due(full_week, keys, now=SEND)
    for path in full_week.outbox_dir.rglob("*.eml"):
        html = message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("html",)).get_content()
        assert "\r\n" in html, "as it travels"
        assert edition.bytes < len(html) <= said.html < LIMIT
        assert said.html - len(html) < 200


def test_everything_says_why(full_week: Config) -> None:
    coming = pipeline.coming(full_week, now=MONDAY)
    placed = next(p for p in coming.composition.placements if p.outcome is Outcome.OVER_LIMIT)
    [answer] = why(full_week, placed.candidate.doc.title, number=None, now=MONDAY)
    assert (answer.outcome, answer.reason) == ("over-limit", placed.reason)
    assert "counted under “more on the web”" in answer.reason
    before = coming.composition.as_json()["placements"]
    assert {p["code"] for p in before if p["outcome"] == "over-limit"} == {"over-bytes"}
    issue = approve(full_week)
    [after] = why(full_week, placed.candidate.doc.title, number=736, now=MONDAY)
    assert after.reason == answer.reason
    assert pipeline.coming(full_week, now=MONDAY).composition.as_json()["placements"] == before
    assert issue.state == IssueState.APPROVED


def test_more_on_the_web_leads_there(full_week: Config, client: Client) -> None:
    coming = pipeline.coming(full_week, now=MONDAY)
    html = pipeline.render_coming(full_week, coming).html
    section = next(s for s in coming.document.sections if s.more)
    assert f'href="{section.more_url}"' in html.replace("\n", " ")
    path = section.more_url.removeprefix(full_week.web.base_url)
    assert path == f"/river/{section.id}/"
    assert client.get(path).status_code == 200


def test_a_second_look_costs_no_rendering(full_week: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    weigh = fitting.weigh

    def counted(*args: Any) -> Any:
        asked.append(1)
        return weigh(*args)

    monkeypatch.setattr(fitting, "weigh", counted)
    config = full_week.with_values(association=full_week.association.model_copy(update={"name": "Another"}))
    first = pipeline.coming(config, now=MONDAY)
    assert 2 <= len(asked) <= 4
    asked.clear()
    assert pipeline.coming(config, now=MONDAY + HOUR / 2).document == first.document
    assert asked == []
    add_intro(config, "A new word.")
    pipeline.coming(config, now=MONDAY)
    assert asked != []


def add_intro(config: Config, markdown: str) -> None:
    coming = pipeline.coming(config, now=MONDAY)
    pipeline.add_edit(
        config,
        coming.issue.pk,
        kind="intro",
        value={"markdown": markdown},
        actor="kim",
        now=MONDAY,
        base_revision=coming.issue.revision,
    )


def test_what_no_cutting_helps_is_refused_in_words(full_week: Config) -> None:
    add_intro(full_week, "слово " * 3_000)
    coming = pipeline.coming(full_week, now=MONDAY)
    assert {len(s.items) for s in coming.document.sections if s.items} == {3}
    with pytest.raises(StateError, match=r"The e-mail would have \d+,\d+ bytes, and it may not reach 40,000"):
        approve(full_week)
    assert not Number.objects.exists()
    report = sizes_of_issue(full_week, None, now=MONDAY)
    assert report.warnings == ("At 40,000 bytes or more it is not approved. Drop items, or shorten texts.",)


def test_pinned_to_the_end_of_a_full_week(full_week: Config) -> None:
    out = next(p for p in pipeline.coming(full_week, now=MONDAY).composition.placements if p.code == "over-bytes")
    coming = pipeline.coming(full_week, now=MONDAY)
    pipeline.add_edit(
        full_week,
        coming.issue.pk,
        kind="include",
        entry=out.candidate.key,
        actor="kim",
        now=MONDAY,
        base_revision=coming.issue.revision,
    )
    again = pipeline.coming(full_week, now=MONDAY)
    assert out.candidate.key in {item.entry for item in again.document.items}
    assert pipeline.render_coming(full_week, again).bytes < LIMIT


def test_carried_over_when_the_section_says_so(full_week: Config, keys: Keys) -> None:
    config = with_limit(full_week, overflow="carry")
    coming = pipeline.coming(config, now=MONDAY)
    carried = {p.candidate.key for p in coming.composition.placements if p.outcome is Outcome.CARRIED}
    assert len(carried) == 60 - len(coming.document.items)
    assert not any(s.more for s in coming.document.sections)
    approve(config)
    pipeline.run_due(config, keys, now=SEND)
    following = pipeline.coming(config, now=SEND + HOUR)
    assert {item.entry for item in following.document.items} == carried


def test_templates_that_do_not_render_hide_no_draft(full_week: Config) -> None:
    own = full_week.templates_dir / "email" / "issue.mjml.j2"
    own.parent.mkdir(parents=True)
    own.write_text("{{ nonsense }}", encoding="utf-8")
    assert len(pipeline.coming(full_week, now=MONDAY).document.items) == 60
    with pytest.raises(TemplateError, match="nonsense"):
        approve(full_week)
    own.unlink()
    assert len(pipeline.coming(full_week, now=MONDAY).document.items) < 60


def test_a_past_week_is_cut_as_it_would_have_been(full_week: Config) -> None:
    composition, _ = pipeline.as_of(full_week, when=SEND, stored=True)
    draft = compose_draft(full_week, pipeline.coming(full_week, now=MONDAY).issue)
    assert composition.document.sections == draft.document.sections


def test_sizes_of_the_draft_and_of_the_approved_issue_agree(full_week: Config) -> None:
    draft = sizes_of_issue(full_week, None, now=MONDAY)
    approve(full_week)
    approved = sizes_of_issue(full_week, 736, now=MONDAY)
    assert approved == draft == sizes_of_issue(full_week, None, now=MONDAY)
    assert draft.sizes.html < draft.limit == LIMIT
    assert [line.title for line in draft.sections] == ["News", "Blog"]
    assert all("more on the web" in line.of for line in draft.sections)
    weights = [line.bytes for line in draft.heaviest]
    assert weights == sorted(weights, reverse=True)
    assert len(weights) == 10
    assert draft.warnings == ()
    values = json.loads(json.dumps(draft.as_json()))
    assert values["html"] == values["style"] + values["frame"] + sum(s["bytes"] for s in values["sections"])
    with pytest.raises(StateError, match="There is no approved issue 999"):
        sizes_of_issue(full_week, 999, now=MONDAY)
