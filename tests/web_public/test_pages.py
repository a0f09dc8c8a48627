"""The public pages: from the record alone, without cookies, under a strict policy."""

from __future__ import annotations

import json
import re
from typing import Any

import feedparser
import pytest
from django.test import Client

from digest.archive.record import write_record
from digest.config import Config
from tests.archive.values import document, rendered, with_events

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/issues/",
        "/issues/736/",
        "/issues/736.txt",
        "/brand.css",
        "/favicon.svg",
        "/robots.txt",
        "/none",
        "/issues/latest/",
    ],
)
def test_public_pages_set_no_cookie_and_touch_no_database(client: Client, published: Config, path: str) -> None:
    # The test is not marked for the database: a query would fail it.
    response = client.get(path)
    assert response.status_code == {"/none": 404, "/issues/latest/": 302}.get(path, 200)
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "style=" not in response.content.decode().lower()


def test_the_start_page_shows_the_latest_issue(client: Client, published: Config) -> None:
    page = client.get("/").content.decode()
    assert "Issue <span" in page
    assert "Monday 12 February 2024" in page
    assert 'href="/issues/736/#news-1"' in page
    assert 'href="/issues/735/"' in page


def test_before_the_first_issue(client: Client) -> None:
    for path in ("/", "/issues/"):
        assert "No issue has been published yet" in client.get(path).content.decode()
    response = client.get("/issues/latest/")
    assert (response.status_code, response["Location"]) == (302, "/issues/")


def test_all_issues_by_year(client: Client, published: Config) -> None:
    doc = document(728)
    write_record(published, doc, rendered(doc), number=728)
    page = client.get("/issues/").content.decode()
    assert re.findall(r'<h2 id="y(\d+)"', page) == ["2024", "2023"]
    assert re.findall(r'href="/issues/(\d+)/"', page) == ["736", "735", "728"]


def test_the_latest_issue_leads_to_its_permanent_address(client: Client, published: Config) -> None:
    response = client.get("/issues/latest/")
    assert (response.status_code, response["Location"]) == (302, "/issues/736/")
    assert response["Cache-Control"] == "no-cache"


def test_an_issue_in_its_frame(client: Client, published: Config) -> None:
    page = client.get("/issues/735/").content.decode()
    assert "<h1>Weekly News Digest - Issue 735, 05 Feb 2024</h1>" in page
    assert 'rel="next" href="/issues/736/"' in page
    assert "/issues/734/" not in page
    assert page.index("/static/frame.") < page.index("<style>") < page.index("<h1>") < page.index("</body>")
    assert 'rel="prev" href="/issues/735/"' in client.get("/issues/736/").content.decode()


def test_an_issues_text(client: Client, published: Config) -> None:
    response = client.get("/issues/736.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content == b"text\n"


@pytest.fixture
def eventful(config: Config) -> Config:
    doc = with_events()
    write_record(config, doc, rendered(doc), number=736)
    return config


@pytest.mark.parametrize("name", ["events", "ia1b2"])
def test_an_event_for_a_readers_calendar(client: Client, eventful: Config, name: str) -> None:
    folder = eventful.issues_dir / "736"
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    response = client.get(f"/issues/736/{name}.ics")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="issue-736-{name}.ics"'
    assert response.content == (folder / f"{name}.ics").read_bytes()
    again = client.get(f"/issues/736/{name}.ics", headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(f"/issues/736/{name}.ics").status_code == 200
    assert client.post(f"/issues/736/{name}.ics").status_code == 405
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    "path",
    [
        "736/nothing.ics",
        "737/events.ics",
        "0736/events.ics",
        "736/events.ICS",
        "736/issue.json",
        "736/../../config.ics",
        "736/%2e%2e/secret.ics",
        "736/..%2fsecret.ics",
        "736/..%5csecret.ics",
        "736/.ics",
        "736/a.b.ics",
        "736/ev%00ents.ics",
        "736/events.ics%0a",
        "736/-x.ics",
        "736/" + "x" * 81 + ".ics",
    ],
)
def test_no_other_file_is_a_calendar(client: Client, eventful: Config, path: str) -> None:
    (eventful.issues_dir / "secret.ics").write_text("no")
    (eventful.issues_dir.parent / "config.ics").write_text("no")
    response = client.get(f"/issues/{path}")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


@pytest.mark.parametrize("path", ["/", "/issues/", "/issues/736/", "/issues/736.txt", "/brand.css", "/favicon.svg"])
def test_a_copy_is_confirmed_without_sending_it_again(client: Client, published: Config, path: str) -> None:
    first = client.get(path)
    assert "max-age" in first["Cache-Control"]
    again = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(path, headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_last_modified(client: Client, published: Config) -> None:
    first = client.get("/issues/736/")
    assert client.get("/issues/736/", headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304


def test_a_new_issue_changes_the_frame_of_the_one_before(client: Client, published: Config) -> None:
    before = client.get("/issues/736/")
    doc = document(737)
    write_record(published, doc, rendered(doc), number=737)
    after = client.get("/issues/736/", headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert 'href="/issues/737/"' in after.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/issues/737/",
        "/issues/0736/",
        "/issues/x/",
        "/issues/99999999999/",
        "/issues/-1/",
        "/issues/737.txt",
        "/none",
    ],
)
def test_a_page_that_is_not_there_says_so_in_the_sites_look(client: Client, published: Config, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_nothing_but_reading(client: Client, published: Config, method: str) -> None:
    for path in ("/", "/issues/", "/issues/736/", "/brand.css", "/healthz"):
        assert getattr(client, method)(path).status_code == 405


def test_hostile_text_in_the_record_cannot_become_markup(client: Client, config: Config) -> None:
    doc = document(736, titles=(HOSTILE,)).model_copy(
        update={"title": HOSTILE, "subject": HOSTILE, "preheader": HOSTILE}
    )
    sections = tuple(s.model_copy(update={"title": HOSTILE}) for s in doc.sections)
    items = tuple(i.model_copy(update={"id": HOSTILE}) for i in sections[0].items)
    doc = doc.model_copy(update={"sections": (sections[0].model_copy(update={"items": items}),)})
    write_record(
        config, doc, rendered(doc, web="<!doctype html><html><head></head><body><p>x</p></body></html>"), number=736
    )
    for path in ("/", "/issues/", "/issues/736/"):
        page = client.get(path).content.decode()
        assert "<script" not in page
        assert "<img" not in page
        assert "49" not in page
    assert "&lt;script&gt;" in client.get("/").content.decode()


def test_a_script_that_got_into_a_frozen_page_does_not_run(client: Client, config: Config) -> None:
    doc = document()
    page = "<!doctype html><html><head></head><body><script>alert(1)</script></body></html>"
    write_record(config, doc, rendered(doc, web=page), number=736)
    policy = client.get("/issues/736/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_a_broken_record_leaves_the_others_standing(client: Client, published: Config) -> None:
    (published.issues_dir / "736" / "issue.json").write_text("{")
    assert client.get("/issues/736/").status_code == 404
    page = client.get("/issues/735/")
    assert page.status_code == 200
    (published.issues_dir / "735" / "index.html").unlink()
    assert client.get("/issues/735/").status_code == 404


def test_a_fault_of_ours_is_said_in_the_sites_look(published: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: object) -> Any:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("digest.web.public.pages.archive_of", broken)
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    assert "Something went wrong here" in response.content.decode()
    assert "secret" not in response.content.decode()


def test_sample_pictures_only_for_the_sample(client: Client, make_config: Any, settings: Any) -> None:
    from digest.web.public.site import SAMPLE_IMAGES

    name = sorted(path.name for path in SAMPLE_IMAGES.glob("*.jpg"))[0]
    assert client.get(f"/sample/{name}").status_code == 404
    settings.DIGEST = make_config('[[sources]]\nid = "news"\ntitle = "N"\nsection = "news"\nurl = "sample:news"\n')
    response = client.get(f"/sample/{name}")
    assert response["Content-Type"] == "image/jpeg"
    assert b"".join(response.streaming_content)[:2] == b"\xff\xd8"  # type: ignore[attr-defined]
    for path in ("/sample/../feeds.py", "/sample/%2e%2e/feeds.py", "/sample/none.jpg", "/sample/feeds.py"):
        assert client.get(path).status_code == 404


def test_robots_keep_out_of_what_names_a_person(client: Client) -> None:
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /unsubscribe/" in text
    assert "Disallow: /issues/" not in text


def test_the_record_can_be_served_by_any_static_host(published: Config) -> None:
    assert json.loads((published.issues_dir / "736" / "issue.json").read_text())["number"] == 736
    assert (published.issues_dir / "736" / "index.html").read_text().startswith("<!doctype html>")


def test_the_feed_of_issues_reads_back_as_the_archive(client: Client, published: Config) -> None:
    response = client.get("/issues/feed.atom")
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(response.content)
    assert not feed.bozo
    assert [entry.link for entry in feed.entries] == [
        f"{published.web.base_url}/issues/{number}/" for number in (736, 735)
    ]
    assert [entry.id for entry in feed.entries] == [entry.link for entry in feed.entries]
    assert feed.entries[0].title == document(736).title
    assert feed.feed.links[1]["href"] == f"{published.web.base_url}/issues/feed.atom"
    again = client.get("/issues/feed.atom", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_the_feed_of_an_archive_without_issues_is_a_feed(client: Client) -> None:
    feed = feedparser.parse(client.get("/issues/feed.atom").content)
    assert not feed.bozo
    assert feed.entries == []
