"""Doctor: whether this installation is well, and what to do where it is not."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User
from django.db.models import Max

from digest.config import Config, Keys
from digest.config.weeks import next_slot
from digest.deliver.dns_records import Record, look_up
from digest.deliver.pause import why_paused
from digest.deliver.proof import why_not_proven
from digest.deliver.providers import build, provider_class, schedules
from digest.deliver.send import require_ready
from digest.errors import DigestError
from digest.gather.models import Fetch, SourceState
from digest.gather.standing import read_standings
from digest.members.models import Member, MemberStatus
from digest.pipeline import surroundings
from digest.pipeline.alarms import alarms
from digest.pipeline.coming import coming
from digest.pipeline.render import render_coming

UNREAD = dt.timedelta(days=2)  # without one fetch, where the plan gathers every day
WEEK = dt.timedelta(weeks=1)
FREE_BYTES = 200_000_000  # a year of issues, mail copies in the outbox aside, fits many times


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`mark` is ok, warn or FAIL; `todo` the next step."""

    mark: str
    subject: str
    words: str
    todo: str = ""


def examine(config: Config, keys: Keys, *, now: dt.datetime, ask_outside: bool = False) -> list[Finding]:
    """Every check, in the order of the line. Reads only, but for a trial file in the folders it must write.

    With `ask_outside` the provider's account and the sending domain's records are looked at as well.
    """
    outside = (lambda: surroundings.account(config, keys), lambda: look_up(config)) if ask_outside else ()
    around: tuple[Callable[[], Iterable[Record]], ...] = (
        lambda: surroundings.clock_and_zones(config, now),
        lambda: surroundings.rings(now),
        lambda: surroundings.webhook(config, keys),
        *(outside if provider_class(config).needs_arming else ()),
        lambda: surroundings.letters(config, now),
    )
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: _settings(config, now),
        lambda: _folders(config),
        lambda: _gathering(config, now),
        lambda: _sources(config, now),
        lambda: _templates(config, now),
        lambda: _people(),
        lambda: _provider(config, keys),
    )
    found = [finding for check in checks for finding in check()]
    seen = [Finding(mark=r.mark, subject=r.subject, words=r.words, todo=r.todo) for look in around for r in look()]
    return [*found, *seen, *_alarms(config, now)]


def _settings(config: Config, now: dt.datetime) -> Iterator[Finding]:
    yield Finding(mark="ok", subject="Config", words=f"{config.root / 'config.toml'} is in order")
    tz = config.association.tz
    slot = next_slot(config.plan, tz, now)
    cut_off, send_at = (f"{at.astimezone(tz):%a %d %b %H:%M %Z}" for at in (slot.cut_off, slot.send_at))
    yield Finding(mark="ok", subject="Plan", words=f"next cut-off {cut_off}, sending {send_at}")
    if not config.association.postal_address:
        yield Finding(
            mark="FAIL",
            subject="Postal address",
            words="there is none, and the law of most countries wants one in every message",
            todo="Set [association] postal_address in config.toml.",
        )
    if config.is_sample:
        yield Finding(
            mark="warn",
            subject="Sources",
            words="the sample association's feeds are still configured",
            todo="Put your own feeds into the [[sources]] tables of config.toml.",
        )


def _folders(config: Config) -> Iterator[Finding]:
    yield Finding(mark="ok", subject="Database", words=f"{config.storage.database} answers")
    for name, folder in (("Archive", config.issues_dir), ("Outbox", config.outbox_dir)):
        if name == "Outbox" and config.delivery.provider != "outbox":
            continue
        problem = _cannot_write(folder)
        if problem:
            todo = f"Let the user that runs the digest write to {folder}."
            yield Finding(mark="FAIL", subject=name, words=f"{folder}: {problem}", todo=todo)
        else:
            yield Finding(mark="ok", subject=name, words=f"{folder} can be written")
    free = shutil.disk_usage(config.root).free
    mark = "ok" if free > FREE_BYTES else "FAIL"
    todo = "" if mark == "ok" else "Make room: a full disk stops gathering and sending."
    yield Finding(mark=mark, subject="Disk", words=f"{free / 1e9:.1f} GB free", todo=todo)


def _cannot_write(folder: Path) -> str:
    """The system's words for why `folder` cannot be written; "" when it can."""
    trial = folder / f".trial-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.write_text("", encoding="utf-8")
        trial.unlink()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _gathering(config: Config, now: dt.datetime) -> Iterator[Finding]:
    """Whether anything was asked lately: sources that nobody reads all look well."""
    last = Fetch.objects.aggregate(last=Max("at"))["last"]
    longest = UNREAD if config.plan.gather else WEEK + UNREAD  # else only at the cut-off
    if last is None or now - last < longest:
        return
    local = last.astimezone(config.association.tz)
    yield Finding(
        mark="FAIL",
        subject="Gathering",
        words=f"no source was asked since {local:%a} {local.day} {local:%b %Y}, {local:%H:%M}",
        todo="See that `digest serve` or `digest clock` is running; `digest gather` reads them now.",
    )


def _sources(config: Config, now: dt.datetime) -> Iterator[Finding]:
    marks = {SourceState.OK: "ok", SourceState.FAILING: "FAIL", SourceState.RETIRED: "FAIL"}
    for source in read_standings(config, now=now):
        mark = marks.get(source.state, "warn") if source.state is not None else "warn"
        yield Finding(mark=mark, subject=source.title, words=source.said, todo=source.todo)


def _templates(config: Config, now: dt.datetime) -> Iterator[Finding]:
    try:
        rendered = render_coming(config, coming(config, now=now))
    except DigestError as error:
        yield Finding(mark="FAIL", subject="Templates", words=error.message, todo=error.hint)
    else:
        yield Finding(mark="ok", subject="Templates", words=f"the coming issue renders, {rendered.bytes:,} bytes")


def _people() -> Iterator[Finding]:
    members = Member.objects.filter(status=MemberStatus.ACTIVE).count()
    staff = User.objects.filter(is_staff=True, is_active=True).count()
    yield Finding(
        mark="ok" if members else "warn",
        subject="Members",
        words=f"{members:,} receive the digest",
        todo="" if members else "Run `digest members import FILE.csv --apply`.",
    )
    yield Finding(
        mark="ok" if staff else "warn",
        subject="Staff",
        words=f"{staff} may enter the newsroom",
        todo="" if staff else "Run `digest staff add EMAIL`.",
    )


def _provider(config: Config, keys: Keys) -> Iterator[Finding]:
    name = config.delivery.provider
    try:
        require_ready(config, keys)
    except DigestError as error:
        yield Finding(mark="FAIL", subject="Provider", words=f"{name}: {error.message}", todo=error.hint)
    else:
        words = "outbox: mail is written to a folder and goes nowhere" if name == "outbox" else f"{name} is armed"
        yield Finding(mark="ok", subject="Provider", words=words)
        if schedules(config) and why_not_proven(build(config, keys)):
            yield Finding(
                mark="warn",
                subject="Taking back",
                words="nobody has seen yet that a cancelled mail stays away on this account, so a request whose "
                "answer is lost is not sent again",
                todo="Run `digest doctor --prove-cancel ADDRESS`.",
            )
    if paused := why_paused(config):
        yield Finding(mark="warn", subject="Pause", words=paused, todo="`digest resume` lets it go on.")


def _alarms(config: Config, now: dt.datetime) -> Iterator[Finding]:
    for alarm in alarms(config, now):
        yield Finding(mark="FAIL", subject="Alarm", words=alarm.words, todo=alarm.todo)
