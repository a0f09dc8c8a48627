"""A member's copy, read back as a mail program reads it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.compose.models import Issue
from digest.config import Config, Keys
from digest.deliver.channels import mailing_for
from digest.deliver.message import Mailing, as_bytes, copy_headers, mailing_of, shared_headers
from digest.deliver.models import Edition
from digest.errors import ConfigError
from digest.render.models import MergeTags
from tests.deliver.conftest import HTML, NOW, SUBJECT, TEXT, TOKEN, make_mailing, recipients_of


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


@pytest.fixture
def raw(config: Config, keys: Keys) -> bytes:
    return as_bytes(make_mailing(config), recipients_of(config, keys, 1)[0], now=NOW)


def test_every_header_of_a_bulk_message_is_there_once(raw: bytes, config: Config, keys: Keys) -> None:
    message = read(raw)
    links = recipients_of(config, keys, 1)[0].links
    base = config.web.base_url
    expected = {
        "From": "Test Association <digest@example.org>",
        "To": "m1@example.org",
        "Subject": SUBJECT,
        "Date": "Mon, 12 Feb 2024 09:00:00 +0000",
        "Message-ID": "<736.pid00001@example.org>",
        "MIME-Version": "1.0",
        "List-Unsubscribe": f"<{links.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "<digest.localhost>",
        "List-Archive": f"<{base}/issues/>",
        "List-Help": f"<{base}/issues/>",
        "Archived-At": f"<{base}/issues/736/>",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    for name, value in expected.items():
        assert [str(found) for found in message.get_all(name, [])] == [value], name
    assert set(message.keys()) == {*expected, "Content-Type"}
    assert "Feedback-ID" not in message


def test_plain_text_comes_first_and_both_parts_hold_the_members_own_links(
    raw: bytes, config: Config, keys: Keys
) -> None:
    message = read(raw)
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    links = recipients_of(config, keys, 1)[0].links
    for body in (plain.get_content(), html.get_content()):
        assert TOKEN not in body
        for url in (links.view_in_browser, links.unsubscribe, links.preferences):
            assert url in body
    assert "naïve café" in plain.get_content()
    assert html["Content-Transfer-Encoding"] == "7bit"


def test_lines_end_in_crlf_and_none_is_too_long(raw: bytes) -> None:
    lines = raw.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 998
    assert raw.isascii()


def test_long_links_are_neither_folded_nor_encoded(make_config: Callable[..., Config], keys: Keys) -> None:
    config = make_config()
    base = "https://digest.example.org/" + "x" * 300
    config = config.with_values(web=config.web.model_copy(update={"base_url": base}))
    recipient = recipients_of(config, keys, 1)[0]
    raw = as_bytes(make_mailing(config), recipient, now=NOW)
    assert f"\r\nList-Unsubscribe: <{recipient.links.unsubscribe}>\r\n".encode() in raw


def test_a_long_line_of_html_is_encoded_so_that_it_arrives_whole(config: Config, keys: Keys) -> None:
    html = "<p>" + "word " * 400 + "</p>\n"
    mailing = dataclasses.replace(make_mailing(config), html=html)
    raw = as_bytes(mailing, recipients_of(config, keys, 1)[0], now=NOW)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    *_, part = read(raw).iter_parts()
    assert isinstance(part, EmailMessage)
    assert part.get_content().replace("\r\n", "\n") == html


def test_a_subject_in_any_script_reads_back(config: Config, keys: Keys) -> None:
    subject = "Ψηφιακή μάθηση, " * 12 + "№ 736"
    mailing = dataclasses.replace(make_mailing(config), subject=subject)
    raw = as_bytes(mailing, recipients_of(config, keys, 1)[0], now=NOW)
    assert read(raw)["Subject"] == subject
    assert raw.isascii()


@given(st.text(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_subject_can_add_a_header(config: Config, keys: Keys, subject: str) -> None:
    mailing = mailing_of(
        config, name="736", subject=subject, html=HTML, text=TEXT, tags=MergeTags.of(TOKEN), number=736
    )
    message = read(as_bytes(mailing, recipients_of(config, keys, 1)[0], now=NOW))
    assert len(message.keys()) == 16
    assert message["To"] == "m1@example.org"


def test_a_subject_from_a_feed_is_made_one_line(config: Config) -> None:
    mailing = mailing_of(
        config,
        name="736",
        subject="News\r\nBcc: eve@example.org\x00 \u2028now",
        html=HTML,
        text=TEXT,
        tags=MergeTags.of(TOKEN),
        number=None,
    )
    assert mailing.subject == "News Bcc: eve@example.org now"
    assert "Archived-At" not in mailing.headers


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ('[delivery]\nfrom_email = "jörg@example.org"', "delivery.from_email"),
        ('[delivery]\nfrom_email = "digest@localhost"', "delivery.from_email"),
        ('[delivery]\nreply_to = "a@b"', "delivery.reply_to"),
    ],
)
def test_a_sender_that_no_mail_can_have_is_named(make_config: Callable[..., Config], table: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        make_mailing(make_config(table))


@pytest.mark.parametrize(
    ("where", "values", "word"),
    [
        ("association", {"contact_email": "ask us"}, "association.contact_email"),
        ("association", {"website": "https://example.org/ä"}, "association.website"),
        ("web", {"base_url": "https://bücher.example"}, "web.base_url"),
        ("web", {"base_url": "https://example.org/" + "x" * 800}, "web.base_url"),
        ("digest", {"list_id": "x" * 300}, "digest.list_id"),
        ("digest", {"list_id": "a>b"}, "digest.list_id"),
    ],
)
def test_config_that_fits_in_no_header_is_named(
    config: Config, where: str, values: dict[str, str], word: str
) -> None:
    changed = config.with_values(**{where: getattr(config, where).model_copy(update=values)})
    with pytest.raises(ConfigError, match=word):
        shared_headers(changed, 736)


def test_help_is_the_contact_address_where_there_is_one(config: Config) -> None:
    contact = config.association.model_copy(update={"contact_email": "Help@Example.org"})
    headers = shared_headers(config.with_values(association=contact), 736)
    assert headers["List-Help"] == "<mailto:Help@example.org?subject=help>"


def test_headers_of_a_copy_are_printable_ascii_of_bounded_length(
    mailing: Mailing, config: Config, keys: Keys
) -> None:
    for value in copy_headers(mailing, recipients_of(config, keys, 1)[0]).values():
        assert value.isascii()
        assert value.isprintable()
        assert len(value) <= 900


@pytest.mark.django_db
@pytest.mark.parametrize("on", [False, True])
def test_only_an_issue_is_tracked_and_only_where_that_is_on(
    config: Config, issue: Issue, edition: Edition, on: bool
) -> None:
    config = config.with_values(delivery=config.delivery.model_copy(update={"tracking": on}))
    assert mailing_for(config, issue, edition).tracking is on
    assert make_mailing(config).tracking is False
