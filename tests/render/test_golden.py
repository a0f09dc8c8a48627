"""The three forms of a full week, to the byte.

After a change that is meant, look at the new forms and then keep them:

    DIGEST_UPDATE_GOLDEN=1 make test    (or pytest tests/render/test_golden.py)
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from digest.render import Renderer
from tests.render import documents

FOLDER = Path(__file__).resolve().parents[1] / "data" / "golden"


@pytest.mark.parametrize("form", ["html", "text", "web"])
def test_a_full_week_renders_as_it_did(renderer: Renderer, form: str) -> None:
    issue = renderer.render(documents.full(), documents.MEMBERS)
    now: str = getattr(issue, form)
    path = FOLDER / {"html": "full.mail.html", "text": "full.mail.txt", "web": "full.page.html"}[form]
    if os.environ.get("DIGEST_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(now.encode())
    assert path.exists(), f"There is no {path}; make it with DIGEST_UPDATE_GOLDEN=1."
    assert now == path.read_bytes().decode(), "Changed. If it is meant, run again with DIGEST_UPDATE_GOLDEN=1."


def test_rendering_twice_gives_the_same(renderer: Renderer) -> None:
    one, other = (renderer.render(documents.full(), documents.MEMBERS) for _ in range(2))
    assert one == other
    assert one.sha256 == other.sha256
