"""Rules and limits of sections: where an entry goes, and whether it fits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from digest.compose.assemble import Past, compose
from digest.compose.document import Candidate, Composition, Window
from digest.compose.headline import preheader, subject
from digest.compose.sections import KINDS
from digest.config import Config
from digest.errors import ConfigError
from tests.compose.values import at, story

WEEK = Window(start=at("2024-02-05 07:00"), end=at("2024-02-12 07:00"))
BASE = """
[association]
name = "T"
[[sources]]
id = "one"
title = "One"
section = "news"
url = "https://one.example/feed"
[[sources]]
id = "two"
title = "Two"
url = "https://two.example/feed"
"""
Make = Callable[..., Config]


def issue(config: Config, *candidates: Candidate, past: Past | None = None) -> Composition:
    return compose(
        config,
        candidates,
        window=WEEK,
        date=dt.date(2024, 2, 12),
        send_at=at("2024-02-12 09:00"),
        number=736,
        past=past,
    )


def places(composition: Composition) -> dict[str, list[str]]:
    return {s.id: [item.title for item in s.items] for s in composition.document.sections if s.items}


def reason(composition: Composition, title: str) -> str:
    [placed] = [p for p in composition.placements if p.candidate.doc.title == title]
    return f"{placed.outcome.value}: {placed.reason}"


def tagged(title: str, *categories: str, source: str = "one", url: str = "", day: int = 7) -> Candidate:
    made = story(title, f"2024-02-0{day} 10:00", source=source, section="news", **({"url": url} if url else {}))
    return Candidate(
        **{field: getattr(made, field) for field in Candidate.__slots__ if field != "doc"},
        doc=made.doc.model_copy(update={"categories": categories}),
    )


RULES = """
[[sections]]
id = "news"
title = "News"
default = true
[[sections]]
id = "calls"
title = "Calls"
kind = "calls"
match = [{ category = "Call for Proposals" }, { title = "(?i)^call for" }]
[[sections]]
id = "jobs"
title = "Jobs"
kind = "jobs"
match = [{ url = "/jobs/" }, { source = "two", keyword = "vacancy" }]
"""


def test_the_first_rule_that_matches(make_config: Make) -> None:
    config = make_config(RULES, base=BASE)
    composition = issue(
        config,
        tagged("Plain"),
        tagged("By category", "call for proposals"),
        tagged("Call for papers on titles"),
        tagged("By address", url="https://one.example/jobs/12"),
        tagged("A Vacancy in Leeds", source="two"),
        tagged("A vacancy elsewhere"),
        tagged("Vacancytown", source="two"),
        tagged("Both a job and a call", "Call for proposals", url="https://one.example/jobs/13"),
    )
    assert {k: sorted(v) for k, v in places(composition).items()} == {
        "news": ["A vacancy elsewhere", "Plain", "Vacancytown"],
        "calls": ["Both a job and a call", "By category", "Call for papers on titles"],
        "jobs": ["A Vacancy in Leeds", "By address"],
    }


def test_a_source_without_a_section_goes_to_the_default(make_config: Make) -> None:
    config = make_config(
        RULES.replace("default = true\n", "").replace('"jobs"\ntitle', '"jobs"\ndefault = true\ntitle'), base=BASE
    )
    assert [s.section for s in config.sources] == ["news", "jobs"]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{ title = '(' }", "expected a regular expression"),
        ("{}", "at least one of"),
        ("{ source = 'three' }", "expected the id of a source, not 'three'"),
        ("{ titel = 'x' }", "unknown key"),
    ],
)
def test_a_rule_that_is_none(make_config: Make, rule: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("(", r"\(")):
        make_config(f'[[sections]]\nid = "news"\ntitle = "News"\nmatch = [{rule}]\n', base=BASE)


def one_section(make_config: Make, settings: str) -> Config:
    return make_config(f'[[sections]]\nid = "news"\ntitle = "News"\n{settings}\n', base=BASE)


def test_at_most_so_many_from_one_source(make_config: Make) -> None:
    config = one_section(make_config, "max_per_source = 1")
    composition = issue(
        config, tagged("Late one", day=9), tagged("Early one", day=6), tagged("Two", source="two", day=7)
    )
    assert places(composition) == {"news": ["Late one", "Two"]}
    assert reason(composition, "Early one") == "over-limit: over the limit of 1 from News"
    assert composition.document.sections[0].more == 1


def test_overflow_may_be_carried_over(make_config: Make) -> None:
    config = one_section(make_config, 'max_items = 1\noverflow = "carry"')
    composition = issue(config, tagged("Newer", day=9), tagged("Older", day=6))
    assert reason(composition, "Older").startswith("carried: over the section's limit of 1; carried over")
    assert composition.document.sections[0].more == 0
    older = story("Older", "2024-01-30 10:00", key=9)
    following = issue(config, older, past=Past(carried={9: "issue 735"}))
    assert places(following) == {"news": ["Older"]}
    assert reason(following, "Older") == "included: carried over from issue 735"


def test_a_section_with_too_little_waits(make_config: Make) -> None:
    config = one_section(make_config, "min_items = 2")
    alone = issue(config, tagged("Alone"))
    assert places(alone) == {}
    assert reason(alone, "Alone").startswith("carried: fewer than the 2")
    assert len(places(issue(config, tagged("A", day=6), tagged("B", day=7)))["news"]) == 2


def test_limits_that_contradict_each_other(make_config: Make) -> None:
    with pytest.raises(ConfigError, match=r"min_items \(5\) to be at most max_items \(3\)"):
        one_section(make_config, "min_items = 5\nmax_items = 3")


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("newest", ["B two", "C one", "A one"]),
        ("oldest", ["A one", "C one", "B two"]),
        ("title", ["A one", "B two", "C one"]),
        ("source", ["C one", "A one", "B two"]),
    ],
)
def test_sorts(make_config: Make, sort: str, order: list[str]) -> None:
    config = one_section(make_config, f'sort = "{sort}"')
    composition = issue(config, tagged("A one", day=5), tagged("B two", source="two", day=9), tagged("C one", day=7))
    assert places(composition) == {"news": order}


def test_a_subject_from_the_content(make_config: Make) -> None:
    config = make_config(
        '[digest]\nsubject = "{headline} - {title} ({counts})"\n[[sections]]\nid = "news"\ntitle = "News"\n',
        base=BASE,
    )
    document = issue(config, tagged("Something happened")).document
    assert document.subject == "Something happened - Weekly News Digest - Issue 736, 12 Feb 2024 (News 1)"
    long = issue(config, tagged("Something " * 30)).document
    assert len(long.subject) <= 150
    assert subject(config, "T", []) == "- T ()"


def test_a_short_preheader_is_filled_up_with_the_counts(make_config: Make) -> None:
    config = one_section(make_config, "")
    assert preheader(issue(config, tagged("Short")).document.sections) == "Short · News 1"


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_has_its_templates_and_its_row(name: str) -> None:
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    for form in ("mjml", "txt"):
        assert (root / "templates" / "email" / "sections" / f"{name}.{form}.j2").is_file()
    assert f"`{name}`" in (root / "docs" / "adding.md").read_text(encoding="utf-8")
    kind = KINDS[name]
    candidate = story("Anything", "2024-02-07 10:00")
    assert kind.leave_out(candidate, at("2024-02-12 09:00"), dt.UTC) is None
    assert kind.flags(candidate, at("2024-02-12 09:00")) == ()
