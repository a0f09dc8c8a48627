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
GREETING = """
  The issue          {base}/issues/736/
  The archive        {base}/issues/
  The newsroom       {base}/newsroom/     sign in as editor@example.org
                     with the password    monday-nine-o-clock
  The members' mail  {outbox}/736/     one .eml each

Stop with Ctrl-C. To make it yours: README.md, "A real association in ten lines".
"""


def prepare(directory: Path, *, port: int) -> tuple[Config, Keys]:
    """A fresh demo folder and its started installation. Refuses a folder that is not the demo's own."""
    directory = directory.resolve()
    if directory.exists() and any(directory.iterdir()) and not (directory / MARK).is_file():
        raise StorageError(
            f"{directory} is not empty and not a demo's folder, so it is left alone.",
            hint="Name another with `digest demo --dir DIR`.",
        )
    try:
        shutil.rmtree(directory, ignore_errors=False) if directory.exists() else None
        directory.mkdir(parents=True)
        (directory / MARK).write_text("Made by `digest demo`, which deletes and remakes this folder.\n", "utf-8")
        (directory / "config.toml").write_text(config_text(port=port), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"The demo's folder {directory} cannot be made: {error.strerror}.") from None
    from digest.config import load_config
    from digest.config.weeks import latest_slot
    from digest.site.boot import boot

    config = load_config(directory / "config.toml")
    slot = latest_slot(config.plan, config.association.tz, dt.datetime.now(dt.UTC))
    (directory / "config.toml").write_text(config_text(anchor_date=slot.date, port=port), encoding="utf-8")
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
