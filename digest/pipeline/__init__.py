"""The use cases, in the order of the line.

    gather     fetch every source, store what is new                          gather.py
    coming     the issue the week is about: composed afresh, or as approved   coming.py
    as_of      the issue of any past week, nothing stored                     coming.py
    add_edit   an editor's change                                             edit.py
    check      what should be known of an issue before it goes                check.py
    approve    close the window, give the number, freeze document and dress   approve.py
    standing_of  who has approved, and who is still to                        approvals.py
    void_approval, hold, unhold, skip  what a person takes back in time       withdraw.py
    send_tests  test copies, to staff                                         trial.py
    release    hand an approved issue over before its time                    release.py
    send       ledger, hand-over, release                                     send.py
    stop       nothing more goes out; take back what can be                   stop.py
    pause      hand nothing over until `resume`                               stop.py
    rehearse   the whole sending in the provider's sandbox                    rehearse.py
    publish    the record in issues/                                          send.py
    settle     a person's word on copies that are unknown                     deliveries.py
    alarms     what about a sending must not wait until somebody looks        alarms.py
    story_of   which issues a member got, which not, and why                  story.py
    held_on    what is held on a member                                       held.py
    erase      forget a member; apply_retention: whoever's time has run out   forget.py
    join_and_notify  answer who asked to join, send what was written to single people  joining.py
    run_due    whatever the clock owes at `now`                               due.py
               (week.py decides; deadline.py does it to drafts, departure.py to what is approved, gaps.py to
               weeks that never had a draft)

Every one of them takes `now`, moves states by one conditional UPDATE, and raises DigestError in words.
"""

from digest.pipeline.alarms import Alarm, alarms
from digest.pipeline.approvals import Reviewed, Standing, Voided, last_review, last_voided, standing_of
from digest.pipeline.approve import approve
from digest.pipeline.check import Checked, check, check_coming, check_links
from digest.pipeline.coming import Coming, as_of, changed_since_approval, coming, current_issue, ensure_draft
from digest.pipeline.deliveries import settle
from digest.pipeline.due import run_due
from digest.pipeline.edit import add_edit, add_item, changes_since_review, mark_reviewed, recorded_edits
from digest.pipeline.forget import apply_retention, erase
from digest.pipeline.gather import gather
from digest.pipeline.held import held_on
from digest.pipeline.joining import first_issue, join_and_notify, mail_what_is_held
from digest.pipeline.rehearse import Rehearsed, rehearse
from digest.pipeline.release import release
from digest.pipeline.render import render_coming, renderer_of
from digest.pipeline.report import LastSent, latest_sent
from digest.pipeline.send import SendReport, advance, publish, send
from digest.pipeline.stop import pause, resume, stop
from digest.pipeline.story import Chapter, Story, story_of
from digest.pipeline.trial import Tester, Tried, send_tests, testers
from digest.pipeline.withdraw import hold, skip, unhold, void_approval

__all__ = [
    "Alarm",
    "Chapter",
    "Checked",
    "Coming",
    "LastSent",
    "Rehearsed",
    "Reviewed",
    "SendReport",
    "Standing",
    "Story",
    "Tester",
    "Tried",
    "Voided",
    "add_edit",
    "add_item",
    "advance",
    "alarms",
    "apply_retention",
    "approve",
    "as_of",
    "changed_since_approval",
    "changes_since_review",
    "check",
    "check_coming",
    "check_links",
    "coming",
    "current_issue",
    "ensure_draft",
    "erase",
    "first_issue",
    "gather",
    "held_on",
    "hold",
    "join_and_notify",
    "last_review",
    "last_voided",
    "latest_sent",
    "mail_what_is_held",
    "mark_reviewed",
    "pause",
    "publish",
    "recorded_edits",
    "rehearse",
    "release",
    "render_coming",
    "renderer_of",
    "resume",
    "run_due",
    "send",
    "send_tests",
    "settle",
    "skip",
    "standing_of",
    "stop",
    "story_of",
    "testers",
    "unhold",
    "void_approval",
]
