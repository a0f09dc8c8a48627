"""The found words in their text: pieces of plain text, each marked or not. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from digest.archive.search.analysis import Word, words_of
from digest.archive.search.query import Query, Term

Pieces = tuple[tuple[str, bool], ...]

SNIPPET = 260  # characters


def marked(text: str, query: Query, language: str) -> Pieces:
    """The whole of `text`."""
    return _pieces(text, _found(words_of(text, language), query))


def snippet(text: str, query: Query, language: str, *, length: int = SNIPPET) -> Pieces:
    """The part of `text`, of about `length` characters and of whole words, that holds most of what was looked for."""
    if len(text) <= length:
        return marked(text, query, language)
    words = words_of(text, language)
    spans = _found(words, query)
    start, end = _window(words, spans, length, len(text))
    inside = [(s - start, e - start) for s, e in spans if s >= start and e <= end]
    before = (("… ", False),) if start else ()
    after = ((" …", False),) if end < len(text) else ()
    return (*before, *_pieces(text[start:end].rstrip(), inside), *after)


def _window(words: Sequence[Word], spans: Sequence[tuple[int, int]], length: int, whole: int) -> tuple[int, int]:
    best, most = 0, -1
    for start, _ in spans:
        held = sum(1 for s, e in spans if s >= start and e <= start + length)
        if held > most:
            best, most = start, held
    # A few words before the first one found, so that it is read in its sentence.
    begin = 0 if best <= length // 4 else best - length // 4
    starts = [word.start for word in words if begin <= word.start <= max(best, begin)]
    begin = starts[0] if begin and starts else begin
    ends = [word.end for word in words if begin < word.end <= begin + length]
    end = ends[-1] if ends else min(begin + length, whole)
    # The full stop or bracket that follows the last word belongs to it.
    return begin, whole if whole - end <= 2 else end


def _found(words: Sequence[Word], query: Query) -> list[tuple[int, int]]:
    """Where the wanted terms stand, as half-open spans in order, none of which overlap."""
    found = sorted(span for term in query.wanted for span in _spans(words, term))
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _spans(words: Sequence[Word], term: Term) -> list[tuple[int, int]]:
    long = len(term.stems)
    spans = []
    for at in range(len(words) - long + 1):
        here = words[at : at + long]
        whole = all(word.stem == stem for word, stem in zip(here[:-1], term.stems, strict=False))
        if whole and _is_last(here[-1].stem, term):
            spans.append((here[0].start, here[-1].end))
    return spans


def _is_last(stem: str, term: Term) -> bool:
    if term.prefix:
        return stem.startswith(term.stems[-1]) or stem in term.stems_too
    return stem == term.stems[-1]


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> Pieces:
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in spans:
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    pieces.append((text[at:], False))
    return tuple((piece, mark) for piece, mark in pieces if piece)
