"""Rendering an issue in its three forms: milliseconds by stage, after imports and the first rendering; and bytes.

Of processor time: rendering is one thread that waits for nothing.

Beside it stand the bare tools on the same input: MJML with the styles left in a <style>, then premailer over the
result, which parses it a second time. That is what one would write first.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mjml
from premailer import Premailer

from bench.compose import START
from bench.compose import candidates as stories
from digest.compose.assemble import compose
from digest.compose.document import Composition, IssueDocument, Window
from digest.compose.edit import Overlay
from digest.compose.trim import find_cut, trim
from digest.config import Config, load_config
from digest.deliver.editions import weigh
from digest.render import Renderer, renderer
from tests.render.documents import CONFIG, MEMBERS, many

LIMITS = {60: (150, 80_000), 200: (450, None)}  # items: milliseconds, bytes
STAGE_LIMIT = 20  # milliseconds, for each of MJML and text
ROUNDS = 7
# What the renderer calls, by the name under which it knows it.
STAGES = {
    "view_of": "view",
    "compile_mjml": "MJML",
    "inline_css": "premailer",
    "to_lines": "lines",
    "render_text": "text",
    "render_page": "page",
}


@contextmanager
def timed(spent: dict[str, float]) -> Iterator[None]:
    """While it lasts, the renderer's stages add the seconds they take to `spent`."""
    plain = {name: getattr(renderer, name) for name in STAGES}

    def stopwatch(name: str, stage: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **more: Any) -> Any:
            began = time.process_time()
            try:
                return stage(*args, **more)
            finally:
                spent[STAGES[name]] += time.process_time() - began

        return run

    for name, stage in plain.items():
        setattr(renderer, name, stopwatch(name, stage))
    try:
        yield
    finally:
        for name, stage in plain.items():
            setattr(renderer, name, stage)


def source_of(made: Renderer, document: IssueDocument) -> str:
    """The MJML of `document`, as the compiler is handed it."""
    seen: list[str] = []
    compiler = renderer.compile_mjml

    def listen(source: str, **more: Any) -> Any:
        seen.append(source)
        return compiler(source, **more)

    renderer.compile_mjml = listen
    try:
        made.render(document, MEMBERS, web=False)
    finally:
        renderer.compile_mjml = compiler
    return seen[0]


def bare(source: str) -> str:
    """The HTML that MJML and premailer make by themselves."""
    html = mjml.mjml2html(source.replace(' inline="inline"', ""), fonts={})
    return str(Premailer(html, allow_network=False, keep_style_tags=True, strip_important=False).transform())


def best(run: Callable[[], Any]) -> float:
    """Milliseconds of the quickest of some rounds: the program's own time, whatever else the machine does."""
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        run()
        taken.append(time.process_time() - began)
    return min(taken) * 1000


def full_week(config: Config) -> Composition:
    """Two hundred stories in one section: far too many for a mail."""
    return compose(
        config,
        stories(200),
        window=Window(start=START, end=START + dt.timedelta(days=7)),
        date=dt.date(2024, 2, 12),
        send_at=START + dt.timedelta(days=7, hours=2),
        number=736,
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(CONFIG.replace('id = "news"\n', 'id = "news"\nmax_items = 300\n'), encoding="utf-8")
        config = load_config(path)
    made = Renderer(config, built_in=Path(__file__).resolve().parents[1] / "templates")
    for count, (limit, heaviest) in LIMITS.items():
        document = many(count)
        rendered = made.render(document, MEMBERS)
        whole = best(lambda document=document: made.render(document, MEMBERS))
        stages: dict[str, float] = {}
        for _ in range(ROUNDS):
            spent: dict[str, float] = defaultdict(float)
            with timed(spent):
                made.render(document, MEMBERS)
            stages = {name: min(stages.get(name, 1e9), seconds * 1000) for name, seconds in spent.items()}
        source = source_of(made, document)
        reference = best(lambda source=source: bare(source))
        print(f"render   {count:>6} items   {whole:6.0f} ms (at most {limit})")
        stages["MJML's Jinja"] = whole - sum(stages.values())
        for name, milliseconds in stages.items():
            words = f"   (at most {STAGE_LIMIT})" if name in ("MJML", "text") else ""
            print(f"{'':>13}{name:<13}{milliseconds:6.1f} ms{words}")
        ours = stages["MJML"] + stages["premailer"] + stages["lines"]
        print(
            f"{'':>13}the HTML in {ours / reference:.2f} of the time of bare MJML and premailer ({reference:.0f} ms)"
        )
        under = f" (under {heaviest:,})" if heaviest else ""
        text, page = len(rendered.text.encode()), len(rendered.web.encode())
        print(f"{'':>13}{rendered.bytes:,} bytes of HTML{under}, {text:,} of text, {page:,} of page")
    print_cutting(config, made)


def print_cutting(config: Config, made: Renderer) -> None:
    week, nothing = full_week(config), Overlay()

    def fitted() -> IssueDocument:
        cut = find_cut(config, week, nothing, lambda document: weigh(config, made, document))
        return trim(config, week, nothing, cut).document

    took, document = best(fitted), fitted()
    before, after = len(week.document.items), len(document.items)
    size = weigh(config, made, document).html
    print(f"render   {before:>6} items   {took:6.0f} ms to cut them to {after}: {size:,} bytes", end="")
    print(f" (under {config.digest.max_bytes:,})")


if __name__ == "__main__":
    main()
