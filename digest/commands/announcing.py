"""announce: a mailing of its own from a Markdown file: looked at first, then approved, then sent."""

from __future__ import annotations

import datetime as dt
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.commands.common import clock, parse_when, say, start, wall
from digest.errors import ArgumentError, DigestError, StateError, UsageError

if TYPE_CHECKING:
    from digest.compose.announcement import Words
    from digest.compose.models import Issue
    from digest.config import Config
    from digest.pipeline import Coming

LARGEST = 200_000  # bytes of a file


def register(app: typer.Typer) -> None:
    app.command()(announce)


def announce(
    file: Annotated[Path, typer.Argument(metavar="FILE.md", help="Its head has subject, preheader, when.")],
    test: Annotated[str, typer.Option("--test", metavar="ADDRESS", help="A test to this address, and no more.")] = "",
    approve: Annotated[bool, typer.Option("--approve", help="Approve it: the clock sends it at its time.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Approve it where it is not, and send it now.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Although the same words went out lately.")] = False,
    override: Annotated[
        str, typer.Option("--override", metavar="REASON", help="Approve although a check blocks it.")
    ] = "",
    html: Annotated[bool, typer.Option("--html", help="Print the mail's HTML instead of its text.")] = False,
) -> None:
    """Show an announcement as it would go out; with --approve or --send, let it go."""
    config, keys = start()
    from digest import pipeline
    from digest.pipeline import announce as announcing

    now = clock()
    words = _read(file, config)
    before = announcing.sent_before(config, words, now=now)
    if approve or send:
        issue = _under_way(before, send=send, again=again) or _approved(config, words, override=override, now=now)
        if not send:
            at = wall(issue.send_at, config) if issue.send_at and issue.send_at > now else "at the clock's next ring"
            print(f"Approved: {words.subject}\nGoes out {at}. `digest stop {issue.slug} --why ...` stops it.")
            return
        report = pipeline.send(config, keys, issue, now=now, actor=_actor())
        counts = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count) or "no members"
        print(f"{report.title}: {report.state}, {counts}.")
        say(report.notes)
        if report.problems:
            raise DigestError("\n".join(report.problems))
        return
    coming = announcing.as_coming(config, announcing.unsaved(config, now=now), now=now, words=words)
    if test:
        for tried in pipeline.send_tests(config, keys, coming, to=[test], actor=_actor(), now=now):
            print(tried.words)
        return
    _show(config, coming, words, before, html=html, now=now)


def _under_way(before: Issue | None, *, send: bool, again: bool) -> Issue | None:
    """The announcement with these words that is to be sent, or sent on; StateError where it went out."""
    from digest.compose.models import IssueState

    if before is None or again:
        return None
    going = (IssueState.APPROVED, IssueState.HANDING_OVER, IssueState.RELEASED)
    if send and before.state in going:
        return before
    raise StateError(
        f"An announcement with these very words is {before.state.replace('_', ' ')} already: {before.slug}.",
        hint="`digest announce FILE.md --send` sends an approved one; --again makes another.",
    )


def _approved(config: Config, words: Words, *, override: str, now: dt.datetime) -> Issue:
    """A new announcement with these words, approved; nothing stays when it cannot be."""
    from django.db import transaction

    from digest import pipeline
    from digest.pipeline import announce as announcing

    with transaction.atomic():
        issue = announcing.begin(config, actor=_actor(), now=now)
        revision = announcing.write(config, issue.pk, words, actor=_actor(), now=now, base_revision=issue.revision)
        return pipeline.approve(config, issue.pk, actor=_actor(), now=now, revision=revision, override=override)


def _show(
    config: Config, coming: Coming, words: Words, before: Issue | None, *, html: bool, now: dt.datetime
) -> None:
    from digest import pipeline
    from digest.pipeline.announce import hearers
    from digest.pipeline.check import told

    rendered = pipeline.render_coming(config, coming)
    if html:
        print(rendered.html)
        return
    checked = pipeline.check_coming(config, coming, now=now)
    print(f"Subject    {rendered.subject}")
    print(f"Preheader  {words.preheader or '(none)'}")
    print(f"Goes out   {wall(words.when, config) if words.when else 'as soon as it is approved'}")
    print(f"To         {hearers(config, now=now):,} members")
    print(f"Address    {config.web.base_url}/announcements/{coming.document.slug}/")
    print(f"\n{rendered.text}")
    for found in checked.findings:
        print(f"{found.severity.value:<6} {told(found)}\n       -> {found.hint}")
    if before is not None:
        print(f"warn   These very words are {before.state.replace('_', ' ')} already: {before.slug}.")
    print("\nNothing was stored or sent. With --test ADDRESS a test goes there; --approve lets the clock send it,")
    print("--send sends it now.")


def _read(path: Path, config: Config) -> Words:
    from digest.compose.announcement import Words, read_file

    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is larger than {LARGEST:,} bytes: that is no announcement.")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text.", hint="Save it as UTF-8 and try again.") from None
    except OSError as error:
        raise ArgumentError(f"{path} cannot be read: {error.strerror}.") from None
    head = read_file(text)
    return Words(
        subject=" ".join(str(head["subject"]).split()),
        preheader=" ".join(str(head.get("preheader", "")).split()),
        body=head["body"].replace("\r\n", "\n"),
        when=_when(head.get("when", ""), config),
    )


def _when(value: Any, config: Config) -> dt.datetime | None:
    """TOML's own date and time, or text; "" and "now": as soon as it is approved."""
    if isinstance(value, dt.datetime):
        value = value.isoformat()
    text = str(value).strip()
    return None if text.lower() in ("", "now") else parse_when(text, config)


def _actor() -> str:
    return f"command line ({getpass.getuser()})"
