"""An issue as members chose it: less of the same, never more, and worded for what is left."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.choice import Choice, edition_document
from digest.compose.document import DocumentSection, IssueDocument, Item, Window
from digest.compose.headline import issue_title, preheader, subject
from digest.config import Config, load_config
from digest.gather.document import Image
from tests.conftest import CONFIG

IDS = ("news", "blog", "events")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path = tmp_path_factory.mktemp("choice") / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return load_config(path)


def document(config: Config, counts: dict[str, int]) -> IssueDocument:
    day = dt.date(2024, 2, 12)
    title = issue_title(config, 736, day)
    sections = tuple(
        DocumentSection(
            id=id_,
            title=id_.title(),
            kind="list",
            items=tuple(
                Item(
                    id=f"{id_}-{n}",
                    title=f"{id_.title()} story {n}",
                    url=f"https://{id_}.example/{n}",
                    source=id_,
                    source_title=id_,
                    summary="What it is about.",
                    image=Image(url="https://news.example/a.png"),
                )
                for n in range(count)
            ),
        )
        for id_, count in counts.items()
    )
    at = dt.datetime(2024, 2, 12, 7, tzinfo=dt.UTC)
    return IssueDocument(
        number=736,
        title=title,
        date=day,
        subject=subject(config, title, sections),
        preheader=preheader(sections),
        window=Window(start=at - dt.timedelta(days=7), end=at),
        sections=sections,
    )


documents = st.fixed_dictionaries({id_: st.integers(0, 3) for id_ in IDS})
choices = st.builds(
    Choice,
    sections=st.none() | st.frozensets(st.sampled_from([*IDS, "gone"]), min_size=1),
    headlines=st.booleans(),
    language=st.sampled_from(["", "de", "ar", "en-GB", "tlh", "en_$", "x" * 40]),
)


@given(documents, choices)
def test_an_edition_is_a_part_of_the_issue(config: Config, counts: dict[str, int], choice: Choice) -> None:
    whole = document(config, counts)
    made = edition_document(config, whole, choice)
    wanted = [item for s in whole.sections if choice.sections is None or s.id in choice.sections for item in s.items]
    if made is None:
        assert wanted == []
        return
    assert [item.id for item in made.items] == [item.id for item in wanted]
    assert (made.number, made.date, made.window) == (whole.number, whole.date, whole.window)
    if choice.headlines:
        assert not any(item.summary or item.image for item in made.items)
    else:
        assert list(made.items) == wanted
    # What the inbox shows speaks of nothing that is not in it.
    for absent in {item.title for item in whole.items} - {item.title for item in wanted}:
        assert absent not in made.preheader
        assert absent not in made.subject
    assert edition_document(config, made, choice) == made


@given(documents, choices, choices)
def test_the_same_choice_is_the_same_edition(
    config: Config, counts: dict[str, int], one: Choice, other: Choice
) -> None:
    whole = document(config, counts)
    first, second = edition_document(config, whole, one), edition_document(config, whole, other)
    if one == other:
        assert first == second
    if first is not None and second is not None and first.sha256 == second.sha256:
        assert first == second


def test_no_choice_leaves_the_issue_as_it_was_approved(config: Config) -> None:
    whole = document(config, {"news": 2, "blog": 1, "events": 0})
    made = edition_document(config, whole, Choice())
    assert made is not None
    assert made.sha256 == whole.sha256


def test_a_language_is_taken_where_there_are_words_of_it(config: Config) -> None:
    whole = document(config, {"news": 1, "blog": 1, "events": 1})
    german = edition_document(config, whole, Choice(language="de"))
    assert german is not None
    assert german.language == "de"
    assert german.title == german.subject == "Weekly News Digest - Issue 736, 12 Feb 2024"  # the issue's name
    klingon = edition_document(config, whole, Choice(language="tlh"))
    assert klingon is not None
    assert klingon.sha256 == whole.sha256


def test_an_editors_words_stay(config: Config) -> None:
    whole = document(config, {"news": 1, "blog": 1, "events": 1}).model_copy(
        update={"subject": "Read this", "preheader": "And this, which an editor wrote"}
    )
    made = edition_document(config, whole, Choice(sections=frozenset({"blog"}), language="de"))
    assert made is not None
    assert (made.subject, made.preheader) == ("Read this", "And this, which an editor wrote")
