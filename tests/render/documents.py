"""Issues to render: one full week of an invented association, and the odd ones."""

from __future__ import annotations

import datetime as dt
from typing import Any

from digest.compose.document import DocumentSection, IssueDocument, Item, Window
from digest.gather.document import EventTime, Image, Publication
from digest.render.models import Links, MergeTags

TAGS = MergeTags.of("dg7q2m9x4k8w1t")
BASE = "https://digest.harbourlight.example"
PUBLIC = Links(
    permalink=f"{BASE}/issues/736/",
    archive=f"{BASE}/issues/",
    feed=f"{BASE}/feed.atom",
    website="https://www.harbourlight.example",
)
MEMBERS = Links(
    permalink=PUBLIC.permalink,
    archive=PUBLIC.archive,
    feed=PUBLIC.feed,
    website=PUBLIC.website,
    view_in_browser=TAGS.view_in_browser,
    unsubscribe=TAGS.unsubscribe,
    preferences=TAGS.preferences,
)
CONFIG = """
[association]
name = "Harbourlight Learning Technology Society"
strapline = "Teaching with technology, and thinking about it first"
postal_address = "4 Chandlers' Row, Saltmarsh SM2 6QD, United Kingdom"
contact_email = "office@harbourlight.example"
website = "https://www.harbourlight.example"
zone = "Europe/London"

[digest]
anchor = { number = 736, date = 2024-02-12 }

[web]
base_url = "https://digest.harbourlight.example"
"""
SECTIONS = (
    ("news", "News", "list"),
    ("events", "Events", "events"),
    ("blog", "From the blog", "blog"),
    ("publications", "Publications", "publications"),
    ("announcements", "Announcements", "announcements"),
    ("jobs", "Jobs", "jobs"),
    ("calls", "Calls for proposals", "calls"),
)
CONFIG += "".join(f'[[sections]]\nid = "{i}"\ntitle = "{t}"\nkind = "{k}"\n' for i, t, k in SECTIONS)


def at(day: int, hour: int = 9, minute: int = 0, *, month: int = 2, year: int = 2024) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)


def item(title: str, **values: Any) -> Item:
    """An item with what every item has."""
    slug = "".join(c if c.isalnum() and c.isascii() else "-" for c in title.casefold())[:24].strip("-")
    return Item(
        **{
            "id": f"i-{slug}",
            "title": title,
            "url": f"https://www.harbourlight.example/{slug}",
            "source": "news",
            "source_title": "Society news",
            "published": at(9),
            **values,
        }
    )


def document(*sections: DocumentSection, **values: Any) -> IssueDocument:
    return IssueDocument(
        **{
            "number": 736,
            "title": "Weekly News Digest - Issue 736, 12 Feb 2024",
            "date": dt.date(2024, 2, 12),
            "subject": "Weekly News Digest - Issue 736, 12 Feb 2024",
            "preheader": "Captioning pilot reports · Lunchtime clinic on rubrics · Two posts from the blog",
            "language": "en-GB",
            "zone": "Europe/London",
            "window": Window(start=at(5, 7), end=at(12, 7)),
            "sections": sections,
            **values,
        }
    )


def section(id_: str, *items: Item, **values: Any) -> DocumentSection:
    title, kind = next((t, k) for i, t, k in SECTIONS if i == id_)
    return DocumentSection(**{"id": id_, "title": title, "kind": kind, "items": items, **values})


def full() -> IssueDocument:
    """A believable week: sixteen items, every kind of section, most of what an item can have."""
    return document(
        section(
            "news",
            item(
                "Captioning pilot: what eleven colleges learned in one term",
                summary="Automatic captions were switched on for every recorded class at eleven colleges last autumn. "
                "The final report finds that students used them far more than anyone expected, that corrections took "
                "eight minutes an hour, and that the vocabulary list mattered more than the software.",
                published=at(9, 15, 40),
                image=Image(
                    url=f"{BASE}/static/captions.jpg", alt="A lecture on a laptop, captions below", width=640
                ),
                also_in=("Further Education Weekly",),
            ),
            item(
                "Membership fees for 2024–25 are held for a third year",
                summary="The trustees have agreed that individual and organisational fees stay as they are. The hardship "
                "rate is extended to anyone on a contract of less than six months.",
                published=at(8, 11),
            ),
            item(
                "New guidance on recording consent in small seminars",
                summary="Four pages, written with students, on how to ask, when to stop the recording, and what to do "
                "with the file afterwards. Free to copy and adapt.",
                published=at(6, 10),
                source_title="Policy desk",
                flags=("changed",),
            ),
        ),
        section(
            "events",
            item(
                "Lunchtime clinic: rubrics that students read",
                summary="Bring one rubric, leave with half of it. A working session with Ines Faulds; bring your own "
                "sandwich.",
                source="events",
                source_title="Events calendar",
                event=EventTime(start=at(13, 12), end=at(13, 13), place="Online", online=True),
                flags=("last-chance",),
            ),
            item(
                "Northern group meeting: after the virtual learning environment",
                summary="Three institutions that changed platform within the last year compare notes, honestly and "
                "without slides.",
                source="events",
                source_title="Events calendar",
                event=EventTime(start=at(22, 10), end=at(22, 15, 30), place="The Corn Store, Hexham"),
            ),
            item(
                "Annual conference: Small Pieces",
                summary="Two and a half days on building courses from parts that other people made. Early booking "
                "closes on 1 March.",
                source="events",
                source_title="Events calendar",
                event=EventTime(
                    start=dt.datetime(2024, 6, 24, 23, 0, tzinfo=dt.UTC),
                    end=dt.datetime(2024, 6, 27, 23, 0, tzinfo=dt.UTC),
                    all_day=True,
                    place="Saltmarsh Guildhall",
                    online=True,
                ),
            ),
            item(
                "Open pedagogy reading circle, with colleagues in Halifax",
                source="events",
                source_title="Events calendar",
                event=EventTime(
                    start=at(28, 17), end=at(28, 18, 15), zone="America/Halifax", online=True, guessed=True
                ),
            ),
            more=2,
        ),
        section(
            "blog",
            item(
                "The week I turned every deadline off",
                summary="For one module, for one term, nothing was due until the end. Attendance went up, the quality "
                "of drafts went up, and my inbox became a different place. Here is what I would keep, and the one "
                "thing I would never do again.",
                url="https://blog.harbourlight.example/2024/02/no-deadlines/?utm=a&b=c",
                source="blog",
                source_title="The Lamp Room",
                authors=("Oyelaran Whitcombe",),
                published=at(7, 8),
                image=Image(url=f"{BASE}/static/calendar.jpg", alt="A wall calendar with nothing on it", width=800),
            ),
            item(
                "Notes from a library that lends out microphones",
                summary="What began with two borrowed recorders is now a shelf of forty, a waiting list, and a podcast "
                "made by the night-shift porters.",
                url="https://blog.harbourlight.example/2024/02/microphones/",
                source="blog",
                source_title="The Lamp Room",
                authors=("Berit Ashgrove", "Tomos Rhydderch"),
                published=at(5, 16, 30),
            ),
        ),
        section(
            "publications",
            item(
                "Who speaks next? Turn-taking in hybrid seminars with and without a moderator",
                summary="We coded 61 hours of hybrid seminars. Remote participants spoke half as often as those in the "
                "room, unless somebody was named to watch the screen.",
                url="https://journal.harbourlight.example/article/view/3127",
                source="journal",
                source_title="Journal of Learning Practice",
                authors=("Marguerite Oduya", "Pavel Strnad", "Catrin Llewelyn"),
                publication=Publication(
                    journal="Journal of Learning Practice",
                    doi="10.55555/jlp.v32.3127",
                    volume="32",
                    issue="1",
                    pages="14–29",
                    open_access=True,
                ),
                published=at(8),
            ),
            item(
                "Reading on paper, reading on glass: a replication",
                url="https://journal.harbourlight.example/article/view/3130",
                source="journal",
                source_title="Journal of Learning Practice",
                authors=("Hallam Brightwater",),
                publication=Publication(journal="Journal of Learning Practice", volume="32"),
                published=at(10),
            ),
        ),
        section(
            "announcements",
            item(
                "Nominations for trustees close this Friday",
                summary="Three places fall vacant in April. Any member may stand; you need two people to propose you "
                "and two hundred words.",
                source="announce",
                source_title="Members' list",
                published=at(9, 9),
            ),
        ),
        section(
            "jobs",
            item(
                "Learning designer, University of the Fens",
                summary="Full time, permanent, £38,205–£44,263. Two days a week on site.",
                source="jobs",
                source_title="Jobs board",
                closing=dt.date(2024, 3, 1),
                published=at(6),
            ),
            item(
                "Digital skills trainer, Borders Adult Education",
                summary="Part time, for two years; evenings by arrangement.",
                source="jobs",
                source_title="Jobs board",
                closing=dt.date(2024, 2, 23),
                published=at(7),
            ),
        ),
        section(
            "calls",
            item(
                "Special issue: Assessment when everyone has an assistant",
                summary="The guest editors welcome reports of practice as much as studies, and reports of failure "
                "most of all.",
                source="journal",
                source_title="Journal of Learning Practice",
                closing=dt.date(2024, 4, 30),
                published=at(8),
            ),
        ),
        intro="Good morning. This week: what eleven colleges learned from a term of **captions**, and three places "
        "for [trustees](https://www.harbourlight.example/trustees), for which nominations close on Friday.\n\n"
        "If you read only one thing, read the post about deadlines.",
        outro="Something we have missed? [Tell the editors](mailto:digest@harbourlight.example).",
    )


def many(count: int, *, summary: int = 280) -> IssueDocument:
    """A document of `count` items with summaries of about `summary` characters, over all kinds of section."""
    sentence = "An account of what was tried, by whom and for how long, and of what the students said about it. "
    text = (sentence * (summary // len(sentence) + 1))[:summary].rstrip()
    sources = full().sections
    sections = []
    for index, (id_, _title, _kind) in enumerate(SECTIONS):
        size = count // len(SECTIONS) + (1 if index < count % len(SECTIONS) else 0)
        models = sources[index].items
        items = [
            models[n % len(models)].model_copy(
                update={"id": f"i-{id_}-{n}", "summary": text, "title": f"{models[n % len(models)].title} ({n + 1})"}
            )
            for n in range(size)
        ]
        sections.append(section(id_, *items))
    return document(*sections, intro=full().intro)


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ association.name }}{% include 'issue.txt.j2' %}",
    "</td></tr></table></mj-raw></mj-column><mj-text>",
    "<!--[if mso]><b>x</b><![endif]--> -->",
    "&lt;b&gt; &amp; &#133; &nbsp; & <",
    "line one\r\n.\r\nSubject: two\n-- \nfooter",
    "turned \u202e round \u2066 and \u2069 about \u200f mark",
    "C1 \x85\x9b\x80 C0 \x00\x07\x1b DEL \x7f",
    "%recipient% [unsubscribe] <%asm_group_unsubscribe_raw_url%> -name- *|UNSUB|*",
    ' id="s-news" class="p"',
    "]]></style><style>*{display:none}",
    """<!-- " ' onerror="alert(1) onload='alert(2) -->""",
)


def hostile() -> IssueDocument:
    """Every field of every kind of item holds what a hostile feed would put there."""
    sections = []
    for number, (id_, _title, _kind) in enumerate(SECTIONS):
        items = [
            item(
                text,
                id=f"i-{number}-{n}",
                url=f"https://feeds.example/{n}?q={text}",
                summary=text * 2,
                source_title=text,
                authors=(text, "Ordinary Name"),
                categories=(text,),
                also_in=(text,),
                image=Image(url=f"https://feeds.example/{text}.png", alt=text),
                event=EventTime(start=at(13, 12), place=text, zone=text) if id_ == "events" else None,
                publication=Publication(journal=text, doi=f"10.5555/{text}", volume=text, issue=text, pages=text)
                if id_ == "publications"
                else None,
            )
            for n, text in enumerate(HOSTILE)
        ]
        sections.append(section(id_, *items))
    words = "\n\n".join(HOSTILE)
    return document(*sections, intro=words, outro=words, preheader=HOSTILE[1], title=HOSTILE[0], subject=HOSTILE[6])
