"""The demo: a whole Monday of the sample association, in a folder of its own that is made anew each time."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from digest.commands.sample_config import config_text
from digest.errors import StorageError

if TYPE_CHECKING:
    from digest.config import Config, Keys

MARK = ".digest-demo"
NUMBER = 736
EDITOR, PASSWORD = "editor@example.org", "monday-nine-o-clock"
_GREETING = """
  The issue          {base}/issues/{number}/
  The archive        {base}/issues/
  The newsroom       {base}/newsroom/     sign in as {editor}
                     with the password    {password}
  The members' mail  {outbox}/{number}/     one .eml each

Stop with Ctrl-C. To make it yours: README.md, "A real association in ten lines".
"""


def greeting(config: Config) -> str:
    """What to open, and how to sign in."""
    return _GREETING.format(
        base=config.web.base_url, outbox=config.outbox_dir, number=NUMBER, editor=EDITOR, password=PASSWORD
    )


def prepare(directory: Path, *, port: int, real_now: dt.datetime) -> tuple[Config, Keys]:
    """A fresh demo folder and its started installation. Refuses a folder that is not the demo's own."""
    directory = directory.resolve()
    if directory.exists() and any(directory.iterdir()) and not (directory / MARK).is_file():
        raise StorageError(
            f"{directory} is not empty and not a demo's folder, so it is left alone.",
            hint="Name another with `digest demo --dir DIR`.",
        )
    try:
        if directory.exists():
            shutil.rmtree(directory)
        directory.mkdir(parents=True)
        (directory / MARK).write_text("Made by `digest demo`, which deletes and remakes this folder.\n", "utf-8")
        (directory / "config.toml").write_text(config_text(port=port, second_factor=False), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"The demo's folder {directory} cannot be made: {error.strerror}.") from None
    from digest.config import load_config
    from digest.config.weeks import latest_slot
    from digest.site.boot import boot

    config = load_config(directory / "config.toml")
    slot = latest_slot(config.plan, config.association.tz, real_now)
    text = config_text(anchor_date=slot.date, port=port, second_factor=False)
    (directory / "config.toml").write_text(text, encoding="utf-8")
    os.environ.pop("DIGEST_CONFIG", None)
    return boot(directory / "config.toml")


def run_monday(config: Config, keys: Keys, *, real_now: dt.datetime) -> Iterator[str]:
    """Walk the line for the latest cut-off, `now` pinned to it; a sentence for each step."""
    from digest import pipeline
    from digest.config.weeks import latest_slot
    from digest.members.roll import import_bytes
    from digest.sample.members import members_csv
    from digest.web.staff.roles import add_staff

    slot = latest_slot(config.plan, config.association.tz, real_now)
    at = slot.cut_off
    roll = import_bytes(members_csv(), name="members.csv", keys=keys, now=at, actor="demo")
    yield f"Members   {roll.new} imported"
    add_staff(EDITOR, name="Demo Editor", role="approver", password=PASSWORD, now=at)

    reports = pipeline.gather(config, now=at)
    for report in reports:
        yield f"Gather    {report.title} {report.words}"
    coming = pipeline.coming(config, now=at)
    counts = ", ".join(f"{len(s.items)} {s.title.lower()}" for s in coming.document.sections if s.items)
    yield f"Compose   {counts}"
    pipeline.approve(config, coming.issue.pk, actor=EDITOR, now=at, revision=coming.issue.revision)
    yield f"Approve   {coming.document.subject}"
    for line in pipeline.run_due(config, keys, now=slot.send_at):
        yield f"Send      {line}"
    yield f"Archive   {config.issues_dir / str(NUMBER)}"
    if real_now > slot.send_at:
        pipeline.gather(config, now=real_now)
