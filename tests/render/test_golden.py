"""The three forms of a full week, against their goldens.

`DIGEST_UPDATE_GOLDENS=1 make test ARGS=tests/render` writes them anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from digest.render import Renderer
from digest.render.models import RenderedIssue
from tests.render.documents import MEMBERS, full

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden"
UPDATE = os.environ.get("DIGEST_UPDATE_GOLDENS") == "1"


@pytest.fixture(scope="module")
def week(renderer: Renderer) -> RenderedIssue:
    return renderer.render(full(), MEMBERS)


@pytest.mark.parametrize(("form", "file"), [("html", "issue.html"), ("text", "issue.txt"), ("web", "page.html")])
def test_golden(week: RenderedIssue, form: str, file: str) -> None:
    check_golden(file, getattr(week, form))


def check_golden(file: str, rendered: str) -> None:
    path = GOLDEN / file
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rendered, encoding="utf-8")
    assert rendered == path.read_text(encoding="utf-8")
