"""The same story from two feeds: found by its address, then by its headline, and explained.

Precision before recall: two items too many are a blemish, a story swallowed by another is a loss. Staff can take
apart what was merged, and merge what was not.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from digest.compose.document import Candidate
from digest.compose.groups import Groups
from digest.compose.headline import cut
from digest.compose.likeness import WHOLE_TEXT, contradict, letters, names_no_page, of_other_things, same_text
from digest.compose.sections.base import moment
from digest.compose.titles import Headline, Likeness, headline, likeness, other_of_series

SPAN = dt.timedelta(days=4)
CROWD = 12  # entries that look alike at first sight: each is compared with so many that follow it, not with all
OWN_WORDS = 30  # letters of a text that can vouch for a headline that says little: "Read more" cannot
LONGEST_TITLE = 100  # characters of a title in a reason


class MergeRule(StrEnum):
    """By what two entries were found to be one story; in the order in which they are tried."""

    BY_HAND = "by-hand"
    SAME_ADDRESS = "same-address"
    SAME_TITLE = "same-title"
    SIMILAR_TITLE = "similar-title"


_WORDS = {
    MergeRule.BY_HAND: "merged by an editor with",
    MergeRule.SAME_ADDRESS: "the same address as",
    MergeRule.SAME_TITLE: "the same headline as",
    MergeRule.SIMILAR_TITLE: "nearly the same headline as",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """`key` is the same story as `into`, which stays. `into` is never merged itself."""

    key: int
    into: int
    rule: MergeRule
    reason: str  # for staff: which rule, and with what


def find_duplicates(
    candidates: Sequence[Candidate],
    *,
    rank: Mapping[str, int],
    apart: Collection[frozenset[int]] = (),
    joined: Mapping[int, int] | None = None,
    span: dt.timedelta = SPAN,
) -> tuple[Duplicate, ...]:
    """The candidates that are the same story as another one. The order of `candidates` makes no difference.

    `rank` is each source's place in config: of several tellings the one of the first source stays, then the fullest,
    then the earliest.  `apart` are pairs that staff took apart: they never share a group, not even by way of a third.
    `joined` maps entries to those that staff merged them with; it is above every rule but `apart`.  `span` is how far
    apart headlines that are one may be published.
    """
    known = {c.key: c for c in candidates}
    joined = {key: into for key, into in (joined or {}).items() if key in known and into in known and key != into}
    heads = _Headlines(known)
    groups: Groups[MergeRule] = Groups(known, apart)
    for key, into in sorted(joined.items()):
        groups.join(key, into, MergeRule.BY_HAND, by_hand=True)
    for pairs in (_by_address(candidates, heads), _by_headline(candidates, heads, span)):
        for rule, one, other in sorted(pairs, key=lambda p: (list(MergeRule).index(p[0]), *p[1:])):
            groups.join(one, other, rule)
    found = []
    for group in groups:
        by_hand = {key: joined[key] for key in group & joined.keys() if joined[key] in group}
        chosen = set(by_hand.values()) - set(by_hand)
        stays = min((known[key] for key in group), key=lambda c: (c.key not in chosen, *_preference(c, rank)))
        for key, (beside, rule) in groups.ways_to(stays.key).items():
            found.append(Duplicate(key=key, into=stays.key, rule=rule, reason=_reason(rule, known[beside], stays)))
    return tuple(sorted(found, key=lambda d: (d.into, d.key)))


class _Headlines(dict[int, Headline]):
    """The headlines that are asked for. Most entries are like no other, and theirs need not be kept."""

    def __init__(self, known: Mapping[int, Candidate]) -> None:
        super().__init__()
        self._known = known

    def __missing__(self, key: int) -> Headline:
        self[key] = _headline(self._known[key])
        return self[key]


def _headline(candidate: Candidate) -> Headline:
    return headline(candidate.doc.title, candidate.source_title)


def _preference(candidate: Candidate, rank: Mapping[str, int]) -> tuple[object, ...]:
    fullness = len(candidate.doc.summary) + len(candidate.doc.text)
    return (rank.get(candidate.source, len(rank)), -fullness, moment(candidate), candidate.identity, candidate.key)


def _reason(rule: MergeRule, beside: Candidate, stays: Candidate) -> str:
    words = f"{_WORDS[rule]} {_named(beside)}"
    return words if beside is stays else f"{words}, which is the same story as {_named(stays)}"


def _named(candidate: Candidate) -> str:
    return f"“{cut(candidate.doc.title, LONGEST_TITLE)}” in {candidate.source_title}"


_Pairs = Iterator[tuple[MergeRule, int, int]]


def _by_address(candidates: Iterable[Candidate], heads: Mapping[int, Headline]) -> _Pairs:
    """Pairs with one canonical address - unless it is a page that different stories share."""
    for group in _buckets((c.url_key, c) for c in candidates if c.url_key):
        if names_no_page(group[0].doc.url):
            continue
        told: dict[str, set[str]] = defaultdict(set)
        for candidate in group:
            told[candidate.source].add(candidate.title_key)
        if any(len(titles) > 1 for titles in told.values()):
            continue  # a source that gives one address to several of its stories: a list, a calendar
        for one, other in _neighbours(group):
            if not contradict(one, other) and not other_of_series(heads[one.key], heads[other.key]):
                yield (MergeRule.SAME_ADDRESS, *_pair(one, other))


def _by_headline(candidates: Sequence[Candidate], heads: Mapping[int, Headline], span: dt.timedelta) -> _Pairs:
    """Pairs that are one by their headlines, or in all but a slip of the keys in them when the text is the same."""
    alike = ((key, c) for c in candidates for key in _headline(c).keys)
    texts = ((said, c) for c in candidates if len(said := _opening(c.doc.summary)) == WHOLE_TEXT)
    seen: set[tuple[int, int]] = set()
    for group in (*_buckets(alike), *_buckets(texts)):
        for one, other in _neighbours(group, span):
            pair = _pair(one, other)
            if pair in seen:
                continue
            seen.add(pair)
            how = likeness(heads[one.key], heads[other.key])
            if how and _compatible(one, other, how, heads):
                yield (MergeRule.SAME_TITLE if how is Likeness.SAME else MergeRule.SIMILAR_TITLE, *pair)


def _compatible(one: Candidate, other: Candidate, how: Likeness, heads: Mapping[int, Headline]) -> bool:
    """Whether everything besides the headlines lets them be one story."""
    if contradict(one, other):
        return False
    head = min(heads[one.key], heads[other.key], key=lambda h: h.weight)
    if how is Likeness.TYPING or not head.says_enough:
        least = WHOLE_TEXT if how is Likeness.TYPING else OWN_WORDS
        return same_text(one.doc.summary, other.doc.summary, least=least)
    if one.source == other.source and not same_text(one.doc.summary, other.doc.summary):
        return False
    return head.says_plenty or not of_other_things(one, other)


def _opening(text: str) -> str:
    return letters(text[: 3 * WHOLE_TEXT])[:WHOLE_TEXT]


def _neighbours(group: list[Candidate], span: dt.timedelta | None = None) -> Iterator[tuple[Candidate, Candidate]]:
    """Each entry with the CROWD that follow it in time, no further away than `span`."""
    group.sort(key=lambda c: (moment(c), c.identity, c.key))
    for number, one in enumerate(group):
        for other in group[number + 1 : number + 1 + CROWD]:
            if span is not None and moment(other) - moment(one) > span:
                break
            yield one, other


def _buckets(keyed: Iterable[tuple[object, Candidate]]) -> Iterator[list[Candidate]]:
    first: dict[object, Candidate] = {}
    found: dict[object, list[Candidate]] = {}
    for key, candidate in keyed:
        if key not in first:
            first[key] = candidate
        else:
            found.setdefault(key, [first[key]]).append(candidate)
    return iter(found.values())


def _pair(one: Candidate, other: Candidate) -> tuple[int, int]:
    return (min(one.key, other.key), max(one.key, other.key))
