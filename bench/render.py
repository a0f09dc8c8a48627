"""Rendering an issue in its three forms: milliseconds, after imports and the first rendering."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from digest.config import load_config
from digest.render import Renderer
from tests.render.documents import CONFIG, MEMBERS, many

LIMITS = {60: 150, 200: 450}  # items: milliseconds


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(CONFIG, encoding="utf-8")
        renderer = Renderer(load_config(path), built_in=Path(__file__).resolve().parents[1] / "templates")
    for count, limit in LIMITS.items():
        document = many(count)
        taken = []
        for _ in range(5):
            began = time.perf_counter()
            rendered = renderer.render(document, MEMBERS)
            taken.append(time.perf_counter() - began)
        print(f"render   {count:>6} items   {min(taken) * 1000:6.0f} ms (at most {limit}), {rendered.bytes:,} bytes")


if __name__ == "__main__":
    main()
