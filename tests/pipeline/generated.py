"""Weeks that nobody would invent: 0 to 200 stories in eight scripts, some of them hostile. The same seed, the same week."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from typing import Any

from digest.compose.document import Candidate, Window
from digest.compose.edit import Overlay
from digest.gather.document import EntryDoc, EventTime, Image, Publication
from tests.render.documents import HOSTILE, SECTIONS

SCRIPTS = (
    "learning technology captions students recording seminar library open studio report and of the",
    "обучение технологии студенты отчёт библиотека семинар запись открытый и для о",
    "μάθηση τεχνολογία φοιτητές έκθεση βιβλιοθήκη σεμινάριο και για το",
    "التعلم التقنية الطلاب تقرير المكتبة ندوة تسجيل مفتوح في من",
    "למידה טכנולוגיה סטודנטים דוח ספרייה סמינר הקלטה פתוח של",
    "学習技術 学生報告 図書館 公開講座 記録について 教育の実践と評価 研究会",
    "학습 기술 학생 보고서 도서관 세미나 녹음 열린 그리고 대한",
    "शिक्षा प्रौद्योगिकी छात्र प्रतिवेदन पुस्तकालय संगोष्ठी और का",
)
END = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
WINDOW = Window(start=END - dt.timedelta(days=7), end=END)
MOST = 200


def week(seed: int) -> tuple[list[Candidate], Overlay]:
    """The stories of a week, and what editors did to a few of them."""
    pick = random.Random(seed)
    # Every tenth week is as full as can be; the others are mostly of the usual size.
    count = MOST if seed % 10 == 9 else int(MOST * pick.random() ** 2.5)
    scripts = pick.sample(SCRIPTS, pick.randint(1, len(SCRIPTS)))
    found = [_story(pick, scripts, number) for number in range(count)]
    some = pick.sample(found, min(len(found), 3))
    overlay = Overlay(
        pinned=tuple(c.key for c in some[:1]),
        included={c.key: "kim" for c in some[1:2]},
        rewritten={c.key: {"summary": _words(pick, scripts, 250)} for c in some[2:]},
        intro=_words(pick, scripts, pick.choice((0, 0, 400, 2_000))),
    )
    return found, overlay


def _words(pick: random.Random, scripts: list[str], length: int) -> str:
    """About `length` characters of one script; one time in twelve with something hostile among them."""
    words = pick.choice(scripts).split()
    line = ""
    while len(line) < length:
        line += f"{pick.choice(words)} "
    if length and pick.random() < 1 / 12:
        line = f"{pick.choice(HOSTILE)} {line}"
    return line.strip()


def _story(pick: random.Random, scripts: list[str], number: int) -> Candidate:
    id_, title, kind = pick.choice(SECTIONS)
    url = pick.choice(
        (
            f"https://source.example/{number}",
            f"https://source.example/{number}/?a=1&b={pick.choice(HOSTILE)}",
            f"https://пример.example/{number}/" + "a" * pick.choice((20, 300, 900)),
            "",
        )
    )
    values: dict[str, Any] = {}
    if kind == "events":
        start = END + dt.timedelta(hours=pick.randint(24, 900))
        values["event"] = EventTime(start=start, end=start + dt.timedelta(hours=2), place=_words(pick, scripts, 30))
    if kind == "publications":
        values["publication"] = Publication(journal=_words(pick, scripts, 30), doi="10.5555/x<y>", volume="3")
    if kind in ("jobs", "calls"):
        values["closing"] = END.date() + dt.timedelta(days=pick.randint(3, 60))
    if pick.random() < 0.3:
        values["image"] = Image(url=f"https://source.example/{number}.png", alt=_words(pick, scripts, 40), width=640)
    doc = EntryDoc(
        title=f"{_words(pick, scripts, pick.choice((20, 60, 120, 280)))} {number}",
        url=url,
        summary=_words(pick, scripts, pick.choice((0, 150, 280, 280, 280))),
        authors=tuple(_words(pick, scripts, 15) for _ in range(pick.choice((0, 1, 2, 9)))),
        **values,
    )
    digest = hashlib.sha256(f"{number}".encode()).hexdigest()
    return Candidate(
        key=number + 1,
        source=id_,
        source_title=title,
        section=id_,
        identity=digest,
        url_key=digest,
        title_key=digest,
        published_at=END - dt.timedelta(minutes=pick.randint(1, 10_000)),
        first_seen_at=END - dt.timedelta(minutes=1),
        date_quality="exact",
        doc=doc,
    )
