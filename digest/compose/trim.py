"""A composition cut so that it fits into one e-mail, with a reason for every entry that is left out. Pure.

`find_cut` is the loop "too many bytes, so cut, so measure again". How many bytes a document comes to is asked of the
caller, who has a renderer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from digest.compose.assemble import aside
from digest.compose.budget import Cut, Sizes, next_cut, rules_of
from digest.compose.document import Composition, DocumentSection, IssueDocument, Item, Outcome, Placed
from digest.compose.edit import Overlay
from digest.compose.headline import preheader, subject
from digest.compose.limits import more_url
from digest.config import MAX_BYTES, Config, Section
from digest.gather.clean.teaser import shorten

CODE = "over-bytes"
ROUNDS = 8  # measurements at most; three are usual, because each estimate is made from measured bytes


def find_cut(
    config: Config, composition: Composition, overlay: Overlay, measure: Callable[[IssueDocument], Sizes]
) -> Cut:
    """What has to be taken from `composition` to bring it under `[digest] max_bytes`; an empty cut when it fits.

    When even what must stay is too much, this is all that may be taken: approving then refuses the issue in words.
    """
    rules = rules_of(config, overlay)
    cut, document = Cut(), composition.document
    for turn in range(ROUNDS):
        more = next_cut(document, measure(document), rules, cut, haste=2 ** max(0, turn - 2))
        if more is None:
            break
        cut = more
        document = trim(config, composition, overlay, cut).document
    return cut


def trim(config: Config, composition: Composition, overlay: Overlay, cut: Cut) -> Composition:
    """`composition` without what `cut` takes. A subject and a preheader that nobody wrote are made anew."""
    if cut == Cut():
        return composition
    settings = {section.id: section for section in config.sections}
    document = composition.document
    sections = tuple(_section(config, settings[s.id], s, overlay, cut) for s in document.sections)
    update = {
        "sections": sections,
        "subject": overlay.subject or subject(config, document.title, sections),
        "preheader": overlay.preheader or preheader(sections),
    }
    shortened = {item.entry for item in document.items if _is_longer(item, overlay, cut)}
    included: list[Placed] = []
    rest: list[Placed] = []
    places: dict[str, int] = {}
    for placed in composition.placements:
        if placed.outcome is not Outcome.INCLUDED:
            rest.append(placed)
        elif placed.candidate.key in cut.left_out:
            rest.append(_left_out(config, settings[placed.section], placed))
        else:
            place = places.get(placed.section, 0)
            places[placed.section] = place + 1
            words = f"; its teaser was shortened {_why(config)}" if placed.candidate.key in shortened else ""
            included.append(replace(placed, position=place, reason=placed.reason + words))
    return Composition(document=document.model_copy(update=update), placements=(*included, *sorted(rest, key=aside)))


def _section(
    config: Config, settings: Section, section: DocumentSection, overlay: Overlay, cut: Cut
) -> DocumentSection:
    items = tuple(_item(item, overlay, cut) for item in section.items if item.entry not in cut.left_out)
    gone = len(section.items) - len(items)
    more = section.more + (gone if settings.overflow == "more" else 0)
    url = more_url(config, section.id) if more else ""
    return section.model_copy(update={"items": items, "more": more, "more_url": url})


def _is_longer(item: Item, overlay: Overlay, cut: Cut) -> bool:
    return cut.teaser is not None and item.entry not in overlay.worded and len(item.summary) > cut.teaser


def _item(item: Item, overlay: Overlay, cut: Cut) -> Item:
    if cut.teaser is None or not _is_longer(item, overlay, cut):
        return item
    return item.model_copy(update={"summary": shorten(item.summary, cut.teaser)})


def _left_out(config: Config, section: Section, placed: Placed) -> Placed:
    if section.overflow == "carry":
        outcome, where = Outcome.CARRIED, "carried over into the next issue"
    else:
        outcome, where = Outcome.OVER_LIMIT, "counted under “more on the web”"
    reason = f"left out {_why(config)}; {where}"
    return replace(placed, outcome=outcome, code=CODE, reason=reason, position=None)


def _why(config: Config) -> str:
    limit = config.digest.max_bytes
    because = "above which Gmail would cut it" if limit == MAX_BYTES else "the max_bytes of config.toml"
    return f"so that the e-mail stays under {limit:,} bytes, {because}"
