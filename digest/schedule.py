"""An alarm clock: it rings pipeline.run_due at the plan's times, and once a minute for what came late.

What is due is read from the database, so a ring too many is harmless and a ring missed is made good by the
next one. APScheduler keeps its jobs in memory; nothing about an issue is stored there.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from digest import pipeline
from digest.archive import pdf
from digest.archive.index import archive_of
from digest.config import Config, Keys, Moment
from digest.config.plan import WEEKDAYS
from digest.deliver.providers import Accepted
from digest.deliver.webhook import ping
from digest.errors import StorageError

log = logging.getLogger("digest.clock")
MISFIRE_GRACE_SECONDS = 3600  # APScheduler's own default of 1 s would drop a ring on a busy machine
TICK_SECONDS = 60


def ring(config: Config, keys: Keys) -> None:
    """One ring: do what is due, log it, and survive whatever happens: the next ring tries again."""
    from django.db import close_old_connections

    close_old_connections()
    try:
        for line in pipeline.run_due(config, keys, now=_now()):
            log.info("%s", line)
        _say_all_is_well(keys)
    except Exception:
        log.exception("The clock rang, but what was due could not be done; it rings again within a minute.")
    finally:
        close_old_connections()


def _now() -> dt.datetime:
    """The machine's hour."""
    return dt.datetime.now(dt.UTC)


def _say_all_is_well(keys: Keys) -> None:
    """Ping whoever raises the alarm when nobody does: only after a ring that did all it owed. Its failure is none."""
    if keys.ping_url and not isinstance(answer := ping(keys.ping_url), Accepted):
        log.warning("The ping after a ring did not arrive: %s", answer.words)


def make_pdf(config: Config, given_up: set[int]) -> None:
    """Make the PDF of the latest issue that has none. Which cannot be made is said once, and not tried again."""
    found = archive_of(config.issues_dir)
    if not pdf.installed():
        return
    for issue in pdf.missing(config, found.issues()):
        if issue.number in given_up:
            continue
        try:
            pdf.make_pdf(config, issue)
        except StorageError as error:
            given_up.add(issue.number)
            log.warning("%s", error)
            if error.hint == pdf.INSTALL:  # the others could not be made either
                given_up.update(one.number for one in found.issues())
        except Exception:
            given_up.add(issue.number)
            log.exception("The PDF of issue %s could not be made.", issue.number)
        return


def build_scheduler(config: Config, keys: Keys, *, job: Callable[[], None] | None = None) -> BackgroundScheduler:
    """A scheduler that is not started yet. One job id a planned time; `job` replaces the ring in tests."""
    tz = config.association.tz
    plan = config.plan
    scheduler = BackgroundScheduler(
        timezone=tz,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": MISFIRE_GRACE_SECONDS},
    )
    rung = job or (lambda: ring(config, keys))
    for name, moment in (("cut-off", plan.cut_off), ("approve-by", plan.approval_deadline), ("send", plan.send)):
        scheduler.add_job(rung, _weekly(moment, config), id=name)
    for time in plan.gather:
        trigger = CronTrigger(hour=time.hour, minute=time.minute, timezone=tz)
        scheduler.add_job(rung, trigger, id=f"gather-{time:%H%M}", replace_existing=True)
    # The first tick is now: what came due while nothing ran is done at the start.
    tick = IntervalTrigger(seconds=TICK_SECONDS, timezone=tz)
    scheduler.add_job(rung, tick, id="tick", next_run_time=dt.datetime.now(tz))
    # Beside the rings: a PDF takes seconds, and nothing that is due may wait for it.
    given_up: set[int] = set()
    scheduler.add_job(
        lambda: make_pdf(config, given_up), IntervalTrigger(seconds=TICK_SECONDS, timezone=tz), id="pdf"
    )
    return scheduler


def _weekly(moment: Moment, config: Config) -> CronTrigger:
    return CronTrigger(
        day_of_week=WEEKDAYS[moment.weekday].lower(),
        hour=moment.time.hour,
        minute=moment.time.minute,
        timezone=config.association.tz,
    )
