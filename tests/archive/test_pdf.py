"""PDFs: made once, in a process of their own, without the network; and calm where they cannot be made."""

from __future__ import annotations

import http.server
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from digest.archive import pdf
from digest.archive.errata import write_erratum
from digest.archive.index import Published, archive_of
from digest.archive.pdf_child import in_css, with_errata
from digest.archive.record import write_record
from digest.config import Config
from digest.errors import StorageError
from digest.schedule import make_pdf
from tests.archive.test_verify import TUESDAY
from tests.archive.values import document, rendered

PAGE = """<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><title>An issue</title><link rel="stylesheet" href="{base}/x.css">
<style>body {{ background: url({base}/y.png) }} @import "{base}/z.css";</style></head>
<body><main class="issue"><h1>Weekly digest</h1><img src="{base}/p.png" alt="A picture">
<img src="file:///etc/passwd" alt="A file"><iframe src="{base}/frame"></iframe>
<object data="{base}/o.svg"></object></main></body></html>
"""


def published(config: Config, number: int = 736, page: str | None = None) -> Published:
    doc = document(number)
    write_record(config, doc, rendered(doc, web=page), number=number)
    found = archive_of(config.issues_dir).get(number)
    assert found is not None
    return found


@pytest.fixture
def weasyprint() -> None:
    done = subprocess.run([sys.executable, "-c", "import weasyprint"], capture_output=True, text=True)
    if done.returncode:
        why = f"WeasyPrint cannot be used: {done.stderr.strip().splitlines()[-1]}"
        if os.environ.get("DIGEST_REQUIRE_PDF") == "1":
            pytest.fail(why)
        pytest.skip(why)


@pytest.fixture
def eavesdropper() -> Iterator[tuple[str, list[str]]]:
    """A server that notes what it is asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_made_once_and_without_the_network(
    config: Config, weasyprint: None, eavesdropper: tuple[str, list[str]]
) -> None:
    base, asked = eavesdropper
    issue = published(config, page=PAGE.format(base=base))
    path = pdf.make_pdf(config, issue)
    content = path.read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in content or b"/ObjStm" in content
    assert b"root:" not in content
    assert asked == []
    before = path.stat()
    assert pdf.make_pdf(config, issue) == path
    assert path.stat() == before
    assert pdf.missing(config, (issue,)) == []
    assert [p.name for p in path.parent.iterdir()] == ["736.pdf"]


def test_an_erratum_makes_another(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, b"%PDF-1.7", b"")
    )
    issue = published(config)
    assert pdf.make_pdf(config, issue).name == "736.pdf"
    write_erratum(config, 736, text="No.", now=TUESDAY)
    corrected = archive_of(config.issues_dir).get(736)
    assert corrected is not None
    assert pdf.missing(config, (corrected,)) == [corrected]
    path = pdf.make_pdf(config, corrected)
    assert [p.name for p in path.parent.iterdir()] == ["736-1.pdf"]


@pytest.mark.parametrize(
    ("status", "out", "words", "hint"),
    [
        (3, b"", "a library is missing", "libpango"),
        (1, b"", "could not be made: it went wrong", ""),
        (0, b"no pdf", "could not be made", ""),
    ],
)
def test_a_failure_is_said_in_words(
    config: Config, monkeypatch: pytest.MonkeyPatch, status: int, out: bytes, words: str, hint: str
) -> None:
    answer = subprocess.CompletedProcess([], status, out, b"Traceback\nit went wrong\n")
    monkeypatch.setattr(subprocess, "run", lambda command, **_: answer)
    issue = published(config)
    with pytest.raises(StorageError, match=words) as caught:
        pdf.make_pdf(config, issue)
    assert hint in caught.value.hint
    assert pdf.missing(config, (issue,)) == [issue]


def test_the_clock_makes_one_at_a_time_and_gives_a_broken_one_up(
    config: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[int] = []

    def made(config: Config, issue: Published) -> None:
        asked.append(issue.number)
        if issue.number == 736:
            raise StorageError("It is broken.")
        path = pdf.path_of(config, issue)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"%PDF-")

    for number in (734, 735, 736):
        published(config, number)
    monkeypatch.setattr(pdf, "installed", lambda: True)
    monkeypatch.setattr(pdf, "make_pdf", made)
    given_up: set[int] = set()
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            make_pdf(config, given_up)
    assert asked == [736, 735, 734]
    assert caplog.text.count("It is broken.") == 1


def test_without_the_library_the_clock_is_silent(
    config: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    published(config)
    monkeypatch.setattr(pdf, "installed", lambda: False)
    make_pdf(config, set())
    assert caplog.text == ""


def test_a_title_can_end_no_style() -> None:
    assert in_css('a"}') == "a\\22 \\7d "


def test_errata_stand_above_the_page_as_text() -> None:
    page = with_errata("<html><body class='x'><main>", ["<b>"])
    assert page == (
        "<html><body class='x'><div class=\"pdf-errata\"><p><strong>Erratum, &lt;b&gt;</strong></p></div><main>"
    )
