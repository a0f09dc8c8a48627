"""What members choose, and the one key that the same choices have."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import Keys
from digest.installation.models import Audit
from digest.members.models import Consent, Member, MemberStatus
from digest.members.preferences import (
    FULL,
    Cadence,
    Depth,
    Format,
    Preferences,
    Saving,
    chosen_sections,
    pause_problem,
    preferences_of,
    save,
)
from digest.members.roll import import_bytes

NOW = dt.datetime(2024, 2, 14, 12, 0, tzinfo=dt.UTC)
slugs = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8})?", fullmatch=True)
choices = st.builds(
    Preferences,
    sections=st.none() | st.frozensets(slugs, min_size=1, max_size=6),
    depth=st.sampled_from(Depth),
    format=st.sampled_from(Format),
    cadence=st.sampled_from(Cadence),
    language=st.sampled_from(["", "de", "ar", "pt-BR"]),
    paused_until=st.none() | st.dates(dt.date(2024, 1, 1), dt.date(2030, 1, 1)),
)


def content(chosen: Preferences) -> tuple[object, ...]:
    return chosen.sections, chosen.depth, chosen.format, chosen.language


@given(choices, choices)
def test_the_same_content_has_the_same_key_and_no_other_has_it(one: Preferences, other: Preferences) -> None:
    assert (one.edition_key == other.edition_key) == (content(one) == content(other))


@given(choices)
def test_a_key_fits_its_column_and_reads(chosen: Preferences) -> None:
    key = chosen.edition_key
    assert len(key) <= 64
    assert key.isascii()
    assert (key == FULL) == (content(chosen) == content(Preferences()))
    assert ("headlines" in key) == (chosen.depth is Depth.HEADLINES)


@given(choices)
def test_what_is_stored_is_read_back(chosen: Preferences) -> None:
    again = Preferences.read(chosen.stored(), language=chosen.language, paused_until=chosen.paused_until)
    assert again == chosen


def test_the_keys_are_final() -> None:
    """Members' rows hold them: these very ones must not change."""
    assert Preferences().edition_key == "full"
    assert Preferences(depth=Depth.HEADLINES).edition_key == "headlines.1115aee8746d"
    few = Preferences(sections=frozenset({"news", "events"}), format=Format.TEXT, language="de")
    assert few.edition_key == "text.de.sections.f297db0ffeab"


@pytest.mark.parametrize(
    "stored", [{}, {"sections": []}, {"sections": "news"}, {"depth": "deep", "format": 3, "cadence": None}]
)
def test_what_is_not_understood_is_as_if_it_had_not_been_chosen(stored: dict[str, object]) -> None:
    assert Preferences.read(stored) == Preferences()


def test_all_sections_are_those_to_come_as_well() -> None:
    assert chosen_sections(["news", "blog"], ["news", "blog"]) is None
    assert chosen_sections(["news", "gone"], ["news", "blog"]) == {"news"}


@pytest.mark.parametrize(("days", "problem"), [(-1, "past"), (0, "past"), (1, ""), (366, ""), (367, "too-long")])
def test_how_long_a_pause_may_be(days: int, problem: str) -> None:
    today = dt.date(2024, 2, 14)
    assert pause_problem(today + dt.timedelta(days=days), today=today) == problem


@pytest.fixture
def ada(db: None, keys: Keys) -> Member:
    import_bytes(b"email\nada@example.org\n", name="m.csv", keys=keys, now=NOW)
    return Member.objects.get()


def test_saving_keeps_choice_key_and_consent_once(ada: Member) -> None:
    wanted = Preferences(
        sections=frozenset({"news"}), cadence=Cadence.MONTHLY_FIRST, language="de", paused_until=dt.date(2024, 3, 1)
    )
    assert save(ada.public_id, wanted, how="page", now=NOW) is Saving.SAVED
    assert save(ada.public_id, wanted, how="page", now=NOW) is Saving.UNCHANGED
    ada.refresh_from_db()
    assert preferences_of(ada) == wanted
    assert ada.edition_key == wanted.edition_key
    consent = Consent.objects.get(action="choose")
    assert consent.wording == (
        "sections news; in full; HTML; the first issue of each month; language de; paused until 2024-03-01"
    )
    assert Audit.objects.filter(verb="member.choose").count() == 1
    assert save(ada.public_id, dataclasses.replace(wanted, paused_until=None), how="page", now=NOW) is Saving.SAVED


def test_a_key_that_does_not_belong_to_the_choice_is_mended(ada: Member) -> None:
    Member.objects.update(edition_key="stale")
    assert save(ada.public_id, Preferences(), how="page", now=NOW) is Saving.SAVED
    assert Member.objects.get().edition_key == "full"


def test_nobody_is_nobody(ada: Member) -> None:
    assert save("0" * 32, Preferences(), how="page", now=NOW) is Saving.UNKNOWN
    Member.objects.update(status=MemberStatus.ERASED, email=None)
    assert save(ada.public_id, Preferences(), how="page", now=NOW) is Saving.UNKNOWN
