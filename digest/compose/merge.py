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
from itertools import combinations, pairwise

from rapidfuzz import fuzz

from digest.compose.document import Candidate
from digest.compose.sections.base import moment
from digest.compose.titles import Headline, headline, similar

SPAN = dt.timedelta(days=4)
CROWD = 40  # headlines that share their rarest word: beyond it the word is not rare, and pairs are not tried
SAME_TEXT = 95.0  # per cent


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
    `joined` maps entries to those that staff merged them with.
    """
    known = {c.key: c for c in candidates}
    joined = {key: into for key, into in (joined or {}).items() if key in known and into in known}
    groups = _Groups(known, apart)
    for key, into in sorted(joined.items()):
        groups.join(key, into, MergeRule.BY_HAND)
    for rule, pairs in (
        (MergeRule.SAME_ADDRESS, _by_address(candidates)),
        (MergeRule.SAME_TITLE, _by_title(candidates, span)),
        (MergeRule.SIMILAR_TITLE, _by_similarity(candidates, span)),
    ):
        for one, other in sorted(pairs):
            groups.join(one, other, rule)
    chosen = set(joined.values()) - set(joined)
    return groups.duplicates(lambda c: (c.key not in chosen, *_preference(c, rank)))


def _preference(candidate: Candidate, rank: Mapping[str, int]) -> tuple[object, ...]:
    fullness = len(candidate.doc.summary) + len(candidate.doc.text)
    return (rank.get(candidate.source, len(rank)), -fullness, moment(candidate), candidate.identity, candidate.key)


def _by_address(candidates: Iterable[Candidate]) -> Iterator[tuple[int, int]]:
    """Pairs with one canonical address - unless a source gives that address to different stories of its own."""
    for group in _buckets((c.url_key, c) for c in candidates if c.url_key):
        told: dict[str, set[str]] = defaultdict(set)
        for candidate in group:
            told[candidate.source].add(candidate.title_key)
        if any(len(titles) > 1 for titles in told.values()):
            continue
        yield from _chain(c for c in group)


def _by_title(candidates: Iterable[Candidate], span: dt.timedelta) -> Iterator[tuple[int, int]]:
    """Pairs whose headlines differ in case, order and small words only."""
    heads = ((headline(c.doc.title), c) for c in candidates)
    for group in _buckets((head.key, c) for head, c in heads if head.says_enough):
        group.sort(key=lambda c: (moment(c), c.identity, c.key))
        for number, one in enumerate(group):
            for other in group[number + 1 : number + 1 + CROWD]:
                if moment(other) - moment(one) > span:
                    break
                if _compatible(one, other):
                    yield _pair(one, other)


def _by_similarity(candidates: Iterable[Candidate], span: dt.timedelta) -> Iterator[tuple[int, int]]:
    """Pairs whose headlines differ in the endings of their words; tried only where they share their rarest word."""
    heads: list[tuple[Headline, Candidate]] = []
    for candidate in candidates:
        head = headline(candidate.doc.title)
        if head.says_enough:
            heads.append((head, candidate))
    frequency: dict[str, int] = defaultdict(int)
    for head, _ in heads:
        for word in set(head.content):
            frequency[word] += 1
    index: dict[tuple[str, tuple[str, ...]], list[tuple[Headline, Candidate]]] = defaultdict(list)
    for head, candidate in heads:
        # Two words, so that one of them may be the one that is spelled differently.
        shared = [word for word in set(head.content) if frequency[word] > 1]
        for word in sorted(shared, key=lambda w: (frequency[w], w))[:2]:
            index[word, head.series].append((head, candidate))
    for bucket in index.values():
        if len(bucket) > CROWD:
            continue
        for (head, one), (other_head, other) in combinations(bucket, 2):
            if (
                abs(moment(one) - moment(other)) <= span
                and head.key != other_head.key
                and similar(head, other_head)
                and _compatible(one, other)
            ):
                yield _pair(one, other)


def _compatible(one: Candidate, other: Candidate) -> bool:
    """Whether nothing but the headline speaks: no different event, and no source telling two stories of its own."""
    event, its = one.doc.event, other.doc.event
    if event and its and event.start != its.start:
        return False
    if one.source != other.source:
        return True
    texts = one.doc.summary, other.doc.summary
    return all(texts) and fuzz.ratio(*texts) >= SAME_TEXT


def _buckets(keyed: Iterable[tuple[object, Candidate]]) -> Iterator[list[Candidate]]:
    found: dict[object, list[Candidate]] = defaultdict(list)
    for key, candidate in keyed:
        found[key].append(candidate)
    return (group for group in found.values() if len(group) > 1)


def _chain(group: Iterable[Candidate]) -> Iterator[tuple[int, int]]:
    ordered = sorted(group, key=lambda c: (c.identity, c.key))
    return (_pair(one, other) for one, other in pairwise(ordered))


def _pair(one: Candidate, other: Candidate) -> tuple[int, int]:
    return (min(one.key, other.key), max(one.key, other.key))


class _Groups:
    """Entries that are one story, grown pair by pair; a group never holds two that staff took apart."""

    def __init__(self, known: Mapping[int, Candidate], apart: Collection[frozenset[int]]) -> None:
        self._known = known
        self._group = {key: [key] for key in known}
        self._rule: dict[int, MergeRule] = {}
        self._apart: dict[int, set[int]] = defaultdict(set)
        for pair in apart:
            if len(pair) == 2:
                one, other = pair
                self._apart[one].add(other)
                self._apart[other].add(one)

    def join(self, one: int, other: int, rule: MergeRule) -> None:
        mine, theirs = self._group[one], self._group[other]
        if mine is theirs or any(self._apart[key] & set(theirs) for key in mine if key in self._apart):
            return
        for key in (one, other):
            self._rule.setdefault(key, rule)
        mine += theirs
        for key in theirs:
            self._group[key] = mine

    def duplicates(self, preference: object) -> tuple[Duplicate, ...]:
        assert callable(preference)
        found: list[Duplicate] = []
        for group in {id(g): g for g in self._group.values() if len(g) > 1}.values():
            stays = min((self._known[key] for key in group), key=preference)
            for key in group:
                if key != stays.key:
                    rule = self._rule[key]
                    reason = f"{_WORDS[rule]} “{stays.doc.title}” in {stays.source_title}"
                    found.append(Duplicate(key=key, into=stays.key, rule=rule, reason=reason))
        return tuple(sorted(found, key=lambda d: (d.into, d.key)))
