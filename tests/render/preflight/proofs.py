"""Proofs to check: a believable good week, and the same with one thing wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from digest.compose.document import IssueDocument, Item
from digest.config import Config, load_config
from digest.deliver.links import lifelike_links
from digest.render import Renderer
from digest.render.preflight import Finding, LinkFact, Previous, Proof, Severity, preflight
from digest.render.theme import theme_of
from tests.render import documents
from tests.render.conftest import BUILT_IN


class Press:
    """Makes proofs. `press(document)` renders it; `press(html=..., text=...)` changes what was rendered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.config = self._load("")
        self._renderer = Renderer(self.config, built_in=BUILT_IN)

    def _load(self, extra: str, base: str = documents.CONFIG) -> Config:
        path = self._folder / "config.toml"
        path.write_text(base + extra, encoding="utf-8")
        return load_config(path)

    def __call__(
        self,
        document: IssueDocument | None = None,
        *,
        extra: str = "",
        base: str = documents.CONFIG,
        previous: Previous | None = None,
        facts: dict[str, LinkFact] | None = None,
        html: tuple[str, str] = ("", ""),
        text: tuple[str, str] = ("", ""),
        **values: Any,
    ) -> Proof:
        """`values` replace fields of the good document; `html` and `text` are (what, by what) in the rendering."""
        document = (document or documents.full()).model_copy(update=values)
        changed = bool(extra) or base != documents.CONFIG
        config = self._load(extra, base) if changed else self.config
        renderer = Renderer(config, built_in=BUILT_IN) if changed else self._renderer
        mail = renderer.render(document, documents.MEMBERS, web=False)
        links = lifelike_links(config, document.number)
        own = {
            "view_in_browser": links.view_in_browser,
            "unsubscribe": links.unsubscribe,
            "preferences": links.preferences,
        }
        forms = {"html": documents.TAGS.replace(mail.html, **own), "text": documents.TAGS.replace(mail.text, **own)}
        for form, (what, by) in (("html", html), ("text", text)):
            assert what in forms[form], f"nothing to replace in the {form}"
            forms[form] = forms[form].replace(what, by) if what else forms[form]
        return Proof(
            config=config,
            document=document,
            mail=replace(mail, **forms),
            theme=theme_of(config),
            unsubscribe=links.unsubscribe,
            merge_tag="dg7q2m9x4k8w1t",
            facts=facts or {},
            previous=previous,
        )


def with_item(**values: Any) -> IssueDocument:
    """The good week, its first item changed."""
    document = documents.full()
    first = document.sections[0]
    items = (first.items[0].model_copy(update=values), *first.items[1:])
    return document.model_copy(
        update={"sections": (first.model_copy(update={"items": items}), *document.sections[1:])}
    )


def with_event(**values: Any) -> IssueDocument:
    """The good week, its first event changed."""
    document = documents.full()
    events = document.sections[1]
    items = (events.items[0].model_copy(update=values), *events.items[1:])
    sections = (document.sections[0], events.model_copy(update={"items": items}), *document.sections[2:])
    return document.model_copy(update={"sections": sections})


def first_item(proof: Proof) -> Item:
    return proof.document.items[0]


def found(proof: Proof, check: str) -> list[Finding]:
    return [one for one in preflight(proof) if one.check == check]


def weight(findings: list[Finding]) -> str:
    """The heaviest severity, "" for none."""
    return min((one.severity for one in findings), key=lambda s: s.rank, default="")


__all__ = ["Press", "Previous", "Severity", "first_item", "found", "weight", "with_event", "with_item"]
