"""A renderer in the dress of an invented association, built once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from digest.config import Config, load_config
from digest.render import Renderer
from tests.render.documents import CONFIG

BUILT_IN = Path(__file__).resolve().parents[2] / "templates"

MakeRenderer = Callable[..., Renderer]


@pytest.fixture(scope="session")
def dress(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path = tmp_path_factory.mktemp("render") / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return load_config(path)


@pytest.fixture(scope="session")
def renderer(dress: Config) -> Renderer:
    return Renderer(dress, built_in=BUILT_IN)


@pytest.fixture
def make_renderer(tmp_path: Path) -> MakeRenderer:
    """`make_renderer({"issue.txt.j2": "..."}, extra_toml)`: with the association's own templates laid over ours."""

    def make(own: dict[str, str] | None = None, extra: str = "", *, config: str = CONFIG) -> Renderer:
        (tmp_path / "config.toml").write_text(config + extra, encoding="utf-8")
        for name, text in (own or {}).items():
            path = tmp_path / "templates" / "email" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Renderer(load_config(tmp_path / "config.toml"), built_in=BUILT_IN)

    return make
