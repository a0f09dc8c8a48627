"""The record of an issue that was really sent: nobody is in it, it can be found, and the database vouches for it."""

from __future__ import annotations

import base64
import datetime as dt
import re
import shutil
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from digest import pipeline
from digest.archive.folder import sums_of
from digest.archive.search import Filters, find
from digest.commands.sample_config import config_text
from digest.compose.models import Issue
from digest.config import Config, Keys
from digest.deliver import links
from digest.errors import DigestError
from digest.installation.models import Audit
from digest.members.models import Member
from digest.members.roll import import_bytes
from digest.pipeline.public_record import add_erratum, verify_record
from digest.pipeline.show import shown
from digest.web.staff.roles import add_staff

pytestmark = pytest.mark.django_db(transaction=True)
MONDAY = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
MEMBERS = b"email,name\nxanthippe.quill@reader.example,Xanthippe Quillfeather\nbo@zephyrmail.example,Bo Zephyrine\n"
STAFF = ("ottoline@office.example", "Ottoline Editrix")


@pytest.fixture
def sent(make_config: Callable[..., Config], settings: Any, keys: Keys) -> Config:
    """The sample association's issue 736, approved by a member of staff and sent to two members."""
    config = make_config(base=config_text())
    settings.DIGEST = config
    import_bytes(MEMBERS, name="m.csv", keys=keys, now=MONDAY)
    add_staff(STAFF[0], name=STAFF[1], role="approver", password="monday-nine-o-clock", now=MONDAY)
    pipeline.gather(config, now=MONDAY)
    coming = pipeline.coming(config, now=MONDAY)
    pipeline.approve(config, coming.issue.pk, actor=STAFF[0], now=MONDAY, revision=coming.issue.revision)
    assert not (config.issues_dir / "736").exists(), "not before the release"
    pipeline.run_due(config, keys, now=coming.slot.send_at)
    assert Issue.objects.get().state == "sent"
    return config


def test_nobody_is_in_it(sent: Config, keys: Keys) -> None:
    add_erratum(sent, 736, text="The clinic is on Thursday.", item="", actor=STAFF[0], now=MONDAY)
    issue = Issue.objects.get()
    told = [*STAFF, STAFF[0].partition("@")[0], STAFF[1].split()[0], issue.merge_tag]
    for member in Member.objects.all():
        email = str(member.email)
        own = links.member_links(sent, keys, member.public_id, "736")
        told += [email, email.partition("@")[0], *str(member.name).split(), member.public_id, member.address_key]
        told += [own.unsubscribe, own.preferences, own.view_in_browser]
    told += [link.rpartition("/")[2] for link in told if "/unsubscribe/" in link]
    told = [words for words in told if len(words) > 3]  # "Bo" and "bo" stand in words of any text
    assert len(told) > 15
    files = [path for path in sent.issues_dir.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {
        "issue.json", "index.html", "email.html", "email.txt", "record.json", "SHA256SUMS", "events.ics", "erratum.json",
    }  # fmt: skip
    for path in files:
        content = path.read_text(encoding="utf-8")
        unfolded = re.sub(r"\r?\n[ \t]", "", content).casefold()
        for words in told:
            for form in {words, quote(words), quote(words, safe=""), words.replace("@", "&#64;"), _base64(words)}:
                assert form.casefold() not in unfolded, f"{words} in {path}"


def _base64(words: str) -> str:
    return base64.b64encode(words.encode()).decode().rstrip("=")


def test_it_is_found_and_the_database_vouches_for_it(sent: Config) -> None:
    title = shown(sent, 736, now=MONDAY, form="json")["sections"][0]["items"][0]["title"]  # type: ignore[index]
    assert [hit.number for hit in find(f'"{title}"', Filters(), language="en-GB").hits] == [736]

    with pytest.raises(DigestError):
        add_erratum(sent, 737, text="No.", item="", actor="test", now=MONDAY)
    assert not Audit.objects.filter(verb="issue.erratum").exists()
    add_erratum(sent, 736, text="The clinic is on Thursday.", item="", actor=STAFF[0], now=MONDAY)
    audit = Audit.objects.get(verb="issue.erratum")
    assert (audit.actor, audit.detail["number"], audit.detail["erratum"]) == (STAFF[0], 736, 1)
    assert verify_record(sent).problems == ()

    folder = sent.issues_dir / "736"
    erratum = folder / "errata" / "1"
    words = (erratum / "erratum.json").read_text().replace("Thursday", "Friday").encode()
    sums = (folder / "SHA256SUMS").read_bytes()
    (erratum / "erratum.json").write_bytes(words)
    (erratum / "SHA256SUMS").write_bytes(sums_of({"erratum.json": words, "../../SHA256SUMS": sums}))
    assert verify_record(sent).problems == ("issue 736: erratum 1 is not the one that was published",)

    shutil.rmtree(folder / "errata")
    (folder / "email.txt").write_text("Forged.\n")
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "SHA256SUMS"}
    (folder / "SHA256SUMS").write_bytes(sums_of(files))
    assert verify_record(sent).problems == (
        "issue 736: its record is not the one that was published, although its hashes agree",
        "issue 736: erratum 1 is not the one that was published",
    )

    folder.rename(sent.root / "elsewhere")
    assert verify_record(sent).problems == ("issue 736: it was published, and its record is missing",)
