"""Entries that are one story, grown pair by pair into groups that nothing contradicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from digest.compose.document import Candidate
from digest.compose.likeness import contradict, same_text

Why = TypeVar("Why")


@dataclass(slots=True)
class _Group:
    keys: set[int] = field(default_factory=set)
    strangers: set[int] = field(default_factory=set)  # keys that may not come in
    stated: dict[object, Candidate] = field(default_factory=dict)  # one for each start, DOI, ... that it knows of
    tellings: dict[str, dict[object, Candidate]] = field(default_factory=dict)  # by source, one for each text


class Groups(Generic[Why]):
    """A partition of `known`.

    A group never holds two that staff took apart (`apart`), nor - unless staff put them there - two events at
    different times or two stories that one source tells in different words: also not by way of a third.
    """

    def __init__(self, known: Mapping[int, Candidate], apart: Collection[frozenset[int]] = ()) -> None:
        self._known = known
        self._of: dict[int, _Group] = {}  # only of those that something was said about: most stand alone
        self._links: dict[int, dict[int, Why]] = defaultdict(dict)
        for pair in apart:
            if len(pair) == 2 and pair <= known.keys():
                one, other = pair
                self._group(one).strangers.add(other)
                self._group(other).strangers.add(one)

    def join(self, one: int, other: int, why: Why, *, by_hand: bool = False) -> bool:
        """Put the groups of two entries together if nothing speaks against it; say whether they are one now."""
        mine, its = sorted((self._group(one), self._group(other)), key=lambda g: -len(g.keys))
        if mine is not its:
            if not mine.strangers.isdisjoint(its.keys) or not (by_hand or self._agree(mine, its)):
                return False
            mine.keys |= its.keys
            mine.strangers |= its.strangers
            mine.stated |= its.stated
            for source, texts in its.tellings.items():
                mine.tellings.setdefault(source, {}).update(texts)
            for key in its.keys:
                self._of[key] = mine
        self._links[one].setdefault(other, why)
        self._links[other].setdefault(one, why)
        return True

    def __iter__(self) -> Iterator[set[int]]:
        """The groups of more than one."""
        return iter([g.keys for g in {id(g): g for g in self._of.values()}.values() if len(g.keys) > 1])

    def ways_to(self, goal: int) -> dict[int, tuple[int, Why]]:
        """For each other entry of `goal`'s group the next one on its shortest way there, and why they are one."""
        ways: dict[int, tuple[int, Why]] = {}
        reached = [goal]
        for here in reached:
            for there, why in sorted(self._links[here].items(), key=lambda link: link[0]):
                if there != goal and there not in ways:
                    ways[there] = (here, why)
                    reached.append(there)
        return ways

    def _group(self, key: int) -> _Group:
        if key not in self._of:
            self._of[key] = _of_one(self._known[key])
        return self._of[key]

    def _agree(self, one: _Group, other: _Group) -> bool:
        if any(contradict(a, b) for a in one.stated.values() for b in other.stated.values()):
            return False
        few, many = sorted((one.tellings, other.tellings), key=len)
        return all(
            _one_telling(a, b)
            for source in few.keys() & many.keys()
            for a in few[source].values()
            for b in many[source].values()
        )


def _of_one(candidate: Candidate) -> _Group:
    doc = candidate.doc
    group = _Group({candidate.key})
    facts = (doc.event, doc.closing, doc.publication.doi if doc.publication else "")
    if any(facts):
        group.stated[facts] = candidate
    group.tellings[candidate.source] = {(candidate.url_key, candidate.title_key, doc.summary): candidate}
    return group


def _one_telling(one: Candidate, other: Candidate) -> bool:
    """Whether two entries of one source may be the same: at one address, or in the same words."""
    if one.url_key and (one.url_key, one.title_key) == (other.url_key, other.title_key):
        return True
    return same_text(one.doc.summary, other.doc.summary)
