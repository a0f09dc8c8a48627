"""The renderer of the invented association, and a way to lay templates over its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from digest.config import Config, load_config
from digest.render import Renderer
from tests.render import documents

BUILT_IN = Path(__file__).resolve().parents[2] / "templates"


@pytest.fixture(scope="session")
def society(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path = tmp_path_factory.mktemp("society") / "config.toml"
    path.write_text(documents.CONFIG, encoding="utf-8")
    return load_config(path)


@pytest.fixture(scope="session")
def renderer(society: Config) -> Renderer:
    return Renderer(society, built_in=BUILT_IN)


@pytest.fixture
def make_renderer(make_config: Callable[..., Config]) -> Callable[..., Renderer]:
    """`make_renderer(extra_toml, **overlays)`: overlays are templates of the association's own, by name."""

    def make(extra: str = "", overlays: dict[str, str] | None = None) -> Renderer:
        config = make_config(extra, base=documents.CONFIG)
        for name, source in (overlays or {}).items():
            path = config.templates_dir / "email" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
        return Renderer(config, built_in=BUILT_IN)

    return make
