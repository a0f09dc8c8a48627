"""Fit: a composition brought under the bytes that a mail may have, before anybody looks at it or approves it.

A draft is composed afresh for every look, and rendering it is the dear part; so what had to be cut is remembered for
as long as document, templates and rules stay the same.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from digest.compose.budget import Cut, Sizes, rules_of
from digest.compose.document import Composition, IssueDocument
from digest.compose.edit import Overlay
from digest.compose.trim import find_cut, trim
from digest.config import Config
from digest.deliver.editions import weigh
from digest.errors import DigestError, StateError
from digest.pipeline.render import renderer_of

if TYPE_CHECKING:
    from digest.render import Renderer


def fit(config: Config, composition: Composition, overlay: Overlay | None = None) -> Composition:
    """`composition`, cut where it is too much for a mail. Its document is the one that an approval freezes.

    While the templates cannot be rendered it is given as it stands: the preview and the approval say what is wrong.
    """
    overlay = overlay or Overlay()
    try:
        renderer = renderer_of(config)
        key = _key(config, composition, overlay, renderer)
        cut = _cut(_Question(key=key, config=config, renderer=renderer, composition=composition, overlay=overlay))
    except DigestError:
        return composition
    return trim(config, composition, overlay, cut)


def check_fits(config: Config, sizes: Sizes) -> None:
    """StateError in words when an issue is too heavy to be sent, which `fit` could not help."""
    limit = config.digest.max_bytes
    if sizes.html >= limit:
        raise StateError(
            f"The e-mail would have {sizes.html:,} bytes, and it may not reach {limit:,}: Gmail cuts what is longer. "
            "What could be left out by itself has been: not what an editor pinned, included or added, and not the "
            "first few items of each section.",
            hint="Drop items, or shorten texts: `digest show --sizes` names the heaviest.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """Equal to another one with the same answer."""

    key: str
    config: Config = field(compare=False)
    renderer: Renderer = field(compare=False)
    composition: Composition = field(compare=False)
    overlay: Overlay = field(compare=False)


@lru_cache(maxsize=8)
def _cut(question: _Question) -> Cut:
    def measure(document: IssueDocument) -> Sizes:
        return weigh(question.config, question.renderer, document)

    return find_cut(question.config, question.composition, question.overlay, measure)


def _key(config: Config, composition: Composition, overlay: Overlay, renderer: Renderer) -> str:
    rules = rules_of(config, overlay)
    whole = json.dumps(
        [
            composition.document.content_sha256,
            renderer.fingerprint,
            config.web.base_url,
            config.association.website,
            [(section.id, section.overflow) for section in config.sections],
            rules.limit,
            sorted(rules.floors.items()),
            sorted(rules.by_hand),
            sorted(rules.worded),
            [overlay.subject, overlay.preheader, config.digest.subject, config.digest.title],
        ]
    )
    return hashlib.sha256(whole.encode()).hexdigest()
