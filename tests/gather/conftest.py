"""A feed server, and a config with one source on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from digest.config import Config
from tests.fakes.feed_server import FeedServer


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def serve(make_config: Callable[..., Config], server: FeedServer) -> Callable[[str], Config]:
    """`serve("/feed")`: a config whose one source, `news`, stands at that path of the server."""

    def make(path: str) -> Config:
        return make_config(
            "[gather]\nallow_private_networks = true\ntotal_timeout = 2\n"
            f'[[sources]]\nid = "news"\ntitle = "News"\nsection = "news"\nurl = "{server.url(path)}"\n'
        )

    return make


@pytest.fixture
def served(serve: Callable[[str], Config]) -> Config:
    return serve("/feed")
