"""Two hundred generated issues, from candidates to copies: every one fits, is well made, and accounts for every story."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from digest.compose.assemble import compose
from digest.compose.document import Composition, Outcome
from digest.config import Config, load_config
from digest.deliver.editions import edition_links, new_merge_tag, weigh_edition
from digest.pipeline.fitting import fit
from digest.pipeline.render import renderer_of
from digest.render import Renderer
from digest.render.models import RenderedIssue
from tests.pipeline.generated import END, WINDOW, week
from tests.render.documents import CONFIG, SECTIONS
from tests.render.reading import BROADEST, hrefs, references, tree

ISSUES, AT_ONCE = 200, 10
CARRYING = "blog"  # the section whose overflow waits for the next issue


@pytest.fixture(scope="module")
def dress(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """No section has a limit of its own."""
    path = tmp_path_factory.mktemp("generated") / "config.toml"
    roomy = CONFIG
    for id_, _title, _kind in SECTIONS:
        overflow = 'overflow = "carry"\n' if id_ == CARRYING else ""
        roomy = roomy.replace(f'id = "{id_}"\n', f'id = "{id_}"\nmax_items = 300\n{overflow}')
    path.write_text(roomy, encoding="utf-8")
    return load_config(path)


@pytest.fixture(scope="module")
def renderer(dress: Config) -> Renderer:
    return renderer_of(dress)


@pytest.mark.parametrize("first", range(0, ISSUES, AT_ONCE))
def test_generated_issues(dress: Config, renderer: Renderer, first: int) -> None:
    cut = 0
    for seed in range(first, first + AT_ONCE):
        candidates, overlay = week(seed)
        whole = compose(
            dress,
            candidates,
            window=WINDOW,
            date=dt.date(2024, 2, 12),
            send_at=END + dt.timedelta(hours=2),
            number=736,
            overlay=overlay,
        )
        fitted = fit(dress, whole, overlay)
        tag = new_merge_tag()
        rendered = renderer.render(fitted.document, edition_links(dress, fitted.document, tag), web=False)
        sizes = weigh_edition(dress, fitted.document, tag, html=rendered.html, text=rendered.text)
        assert sizes.html < dress.digest.max_bytes, seed
        well_made(rendered, len(fitted.document.items))
        assert [p.candidate.key for p in fitted.placements if p.outcome is Outcome.INCLUDED] == [
            item.entry for item in fitted.document.items
        ]
        accounted_for(whole, fitted)
        standing = {item.entry for item in fitted.document.items}
        assert overlay.by_hand & {item.entry for item in whole.document.items} <= standing, seed
        cut += fitted is not whole
    assert cut, "one week of each ten is as full as can be"


def well_made(rendered: RenderedIssue, count: int) -> None:
    assert rendered.html.isascii()
    assert max(map(len, rendered.html.split("\n"))) <= BROADEST
    assert max(len(line.encode()) for line in rendered.text.split("\n")) <= BROADEST
    assert hrefs(rendered.html) == references(rendered.text)
    parsed = tree(rendered.html)
    assert len(list(parsed.iter("h3"))) == count
    assert len(list(parsed.iter("h1"))) == 1
    assert not list(parsed.iter("script"))
    assert rendered.html.count("<!--[if") == rendered.html.count("<![endif]-->")


def accounted_for(whole: Composition, fitted: Composition) -> None:
    """What stood in the whole issue stands in the cut one, or has a placement that says where it went."""
    before = {p.candidate.key: p for p in whole.placements}
    after = {p.candidate.key: p for p in fitted.placements}
    assert before.keys() == after.keys()
    assert len(fitted.placements) == len(whole.placements)
    left: Counter[str] = Counter()
    for key, placed in after.items():
        if placed.outcome is before[key].outcome:
            continue
        assert before[key].outcome is Outcome.INCLUDED
        carried = placed.section == CARRYING
        assert placed.outcome is (Outcome.CARRIED if carried else Outcome.OVER_LIMIT)
        assert (placed.code, placed.position) == ("over-bytes", None)
        assert "so that the e-mail stays under 100,000 bytes" in placed.reason
        left[placed.section] += not carried
    for section, old in zip(fitted.document.sections, whole.document.sections, strict=True):
        assert section.more == old.more + left[section.id]
        assert bool(section.more_url) is bool(section.more)
        assert len(section.items) >= min(3, len(old.items))


def test_the_same_seed_is_the_same_week() -> None:
    assert week(9) == week(9)
    assert len(week(9)[0]) == 200
    assert week(9) != week(19)
