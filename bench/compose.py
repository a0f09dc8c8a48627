"""Composing an issue from many candidates: seconds, and how they grow."""

from __future__ import annotations

import datetime as dt
import gc
import hashlib
import random
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from digest.compose.assemble import compose
from digest.compose.document import Candidate, Window
from digest.config import Config, load_config
from digest.gather.document import EntryDoc

CONFIG = """
[association]
name = "Bench"
[[sections]]
id = "news"
title = "News"
max_items = 500
[[sections]]
id = "calls"
title = "Calls"
kind = "calls"
match = [{ category = "Call" }, { title = "(?i)^call for" }, { keyword = "proposals" }]
"""
_TEXT = (
    "library open textbook seminar pilot captions students recording guidance workshop campus archive "
    "learning assessment feedback portfolio studio network policy access survey autumn report teaching "
    "toolkit community accreditation practice museum laboratory festival strategy data ethics funding "
    "college "
)
WORDS = _TEXT.split()
START = dt.datetime(2024, 2, 5, 7, 0, tzinfo=dt.UTC)


def candidates(count: int) -> list[Candidate]:
    """Varied headlines, a tenth of them told twice, summaries of about 400 characters."""
    pick = random.Random(count)
    made: list[Candidate] = []
    for n in range(count):
        title = (
            made[-1].doc.title.upper()
            if n % 10 == 9
            else f"{' '.join(pick.sample(WORDS, 6)).capitalize()} at {pick.choice(WORDS)}ton"
        )
        url = f"https://source{n % 40}.example/story/{n}"
        made.append(
            Candidate(
                key=n + 1,
                source=f"s{n % 40}",
                source_title=f"Source {n % 40}",
                section="news",
                identity=hashlib.sha256(url.encode()).hexdigest(),
                url_key=hashlib.sha256(url.encode()).hexdigest(),
                title_key=hashlib.sha256(title.encode()).hexdigest(),
                published_at=START + dt.timedelta(seconds=pick.randrange(7 * 86400)),
                first_seen_at=START,
                date_quality="exact",
                doc=EntryDoc(title=title, url=url, summary=" ".join(pick.choices(WORDS, k=50))),
            )
        )
    return made


def serial(count: int) -> list[Candidate]:
    """The worst for merging: every headline one of a few dozen, told again and again with other words below."""
    return [
        replace(made, doc=made.doc.model_copy(update={"title": f"{WORDS[n % 30]} open studio practice seminar"}))
        for n, made in enumerate(candidates(count))
    ]


def seconds(config: Config, found: list[Candidate]) -> float:
    """Of processor time: composing is one thread that waits for nothing."""
    gc.collect()
    began = time.process_time()
    compose(
        config,
        found,
        window=Window(start=START, end=START + dt.timedelta(days=7)),
        date=dt.date(2024, 2, 12),
        send_at=START + dt.timedelta(days=7, hours=2),
        number=736,
    )
    return time.process_time() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(CONFIG, encoding="utf-8")
        config = load_config(path)
    for name, make, limits in (("varied", candidates, True), ("alike", serial, False)):
        few, many = make(5_000), make(10_000)
        # In turns, so that a busy moment of the machine falls on both; the best of each is the program's own time.
        rounds = [(seconds(config, few), seconds(config, many)) for _ in range(5)]
        small, large = (min(column) for column in zip(*rounds, strict=True))
        absolute, growth = ("(at most 1.0)", "(at most 2.2)") if limits else ("(worst case)", "")
        print(f"compose   5,000 {name} candidates   {small:6.3f} s   {absolute}")
        print(f"compose  10,000 {name} candidates   {large:6.3f} s   {large / small:4.2f} times as long {growth}")


if __name__ == "__main__":
    main()
