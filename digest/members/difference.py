"""What a roll would change: every row of it judged against the members there are, in the database's own SQL.

Nothing is locked and nothing is changed here.  Each row gets one verdict, so that the counts add up to the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from digest.config import Keys
from digest.members import staging
from digest.members.address import Refused, hashers, normalise
from digest.members.formats import Says
from digest.members.models import MemberStatus, SuppressionScope
from digest.members.rows import Row

NAME_LENGTH = 200
# Where an address stands several times, the strongest "no" counts, and among equals the first row.
_RANK = {Says.BOUNCED: 0, Says.COMPLAINED: 0, Says.STOPPED: 0, Says.LEFT: 1, Says.MEMBER: 2}
_LAST_RANK = 3


class Verdict(StrEnum):
    """What becomes of one row."""

    NEW = "new"
    BACK = "back"  # a sync had taken them off the roll; now they stand on it again
    CHANGED = "changed"  # a name came, or another one
    UNCHANGED = "unchanged"
    LEAVES = "leaves"  # on our roll, but left in the list it comes from
    SUPPRESSED = "suppressed"  # nothing is to be sent to the address: remembered, on the roll or not
    KNOWN = "known"  # says what we know: left or suppressed already
    KEPT_OUT = "kept_out"
    REPEATED = "repeated"
    REFUSED = "refused"


REASONS = {
    "suppressed": "Nothing may be sent to this address: it bounced, complained, was erased or was stopped.",
    "left": "This member has left; only the member can undo that.",
    "unconfirmed": "This member has not confirmed the address yet; an import does not change that.",
    "erased": "This member was erased; an import does not change that.",
    "pending": "This person never confirmed in the list it comes from.",
    "never": "This person never subscribed to the list it comes from.",
    "ignored": "A block of this kind passes; it says nothing about the next issue.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNote:
    """Why one row was not taken as it stands. `row` counts as a spreadsheet does."""

    row: int
    reason: str


def stage(rows: Iterable[Row], keys: Keys) -> None:
    """Lay the rows out, each address in its one spelling and under its key; or with the reason why it is refused."""
    current, *older = hashers(keys)
    columns = ("row_no", "rank", "says", "key", "email", "name", "note")

    def staged() -> Iterator[tuple[object, ...]]:
        for row in rows:
            number, address, name, says, wrong = row
            if wrong:
                yield (number, _LAST_RANK, "", None, None, None, wrong)
                continue
            kept = normalise(address)
            if isinstance(kept, Refused):
                yield (number, _LAST_RANK, "", None, None, None, kept.reason)
                continue
            yield (number, _RANK.get(says, _LAST_RANK), says.value, current(kept), kept, name[:NAME_LENGTH], None)

    staging.fill("roll_stage", columns, staged())
    staging.prepare("roll_stage_key", "roll_stage", "key, rank, row_no")
    if older:
        addresses = staging.rows("SELECT key, email FROM roll_stage WHERE key IS NOT NULL")
        known = ((key, former(email)) for key, email in addresses for former in older)
        staging.fill("roll_known", ("key", "older"), known)
        staging.prepare("roll_known_key", "roll_known", "key")


def judge(keys: Keys, *, whole: bool) -> None:
    """Give each staged row its verdict. `whole`: the roll is the whole membership; who is missing would leave."""
    staging.execute("DELETE FROM roll_judged")
    staging.execute("DELETE FROM roll_leaving")
    staging.execute("DROP INDEX IF EXISTS roll_judged_member")
    staging.execute(_judge_sql(several=len(keys.suppression) > 1))
    staging.prepare("roll_judged_member", "roll_judged", "member")
    if whole:
        staging.execute(
            "INSERT INTO roll_leaving (member) SELECT m.id FROM members_member m WHERE m.status = %s "
            "AND NOT EXISTS (SELECT 1 FROM roll_judged j WHERE j.member = m.id)",
            [MemberStatus.ACTIVE.value],
        )


def counts() -> Mapping[Verdict, int]:
    """How many rows got each verdict."""
    found = dict.fromkeys(Verdict, 0)
    for verdict, count in staging.rows("SELECT verdict, COUNT(*) FROM roll_judged GROUP BY verdict"):
        found[Verdict(verdict)] = count
    found[Verdict.REFUSED] = staging.value("SELECT COUNT(*) FROM roll_stage WHERE key IS NULL")
    return found


def notes(verdict: Verdict, *, most: int | None = None) -> Iterator[RowNote]:
    """The rows of a verdict with the reason, in the file's order; the first `most` of them, or all."""
    limit = "" if most is None else f" LIMIT {int(most)}"
    if verdict is Verdict.REFUSED:
        for row, reason in staging.rows(
            f"SELECT row_no, note FROM roll_stage WHERE key IS NULL ORDER BY row_no{limit}"
        ):
            yield RowNote(row=row, reason=reason)
        return
    judged = staging.rows(
        f"SELECT row_no, why, first_row FROM roll_judged WHERE verdict = %s ORDER BY row_no{limit}",
        [verdict.value],
    )
    for row, why, first in judged:
        reason = (
            f"The address stands in row {first} already." if verdict is Verdict.REPEATED else REASONS.get(why, "")
        )
        yield RowNote(row=row, reason=reason)


def odd_name() -> str:
    """The first name with letters outside ASCII, among the first few thousand rows."""
    names = staging.rows("SELECT name FROM roll_stage WHERE name IS NOT NULL AND name <> '' LIMIT 5000")
    return next((name for (name,) in names if not name.isascii()), "")


def leaving(*, most: int) -> list[str]:
    """The addresses of the first few who would leave because the roll no longer names them."""
    found = staging.rows(
        "SELECT m.email FROM roll_leaving l JOIN members_member m ON m.id = l.member "
        f"ORDER BY m.email LIMIT {int(most)}"
    )
    return [email or "(erased)" for (email,) in found]


def _judge_sql(*, several: bool) -> str:
    """The statement that judges. `several`: older suppression keys are listed, and rows looked up by those, too."""
    member = "(SELECT m.id FROM members_member m WHERE m.address_key = st.key)"
    held = (
        "SELECT 1 FROM members_suppression x WHERE x.address_key = {key} AND x.lifted_at IS NULL "
        f"AND x.scope IN ('{SuppressionScope.ALL}', '{SuppressionScope.DIGEST}')"
    )
    stopped = f"EXISTS ({held.format(key='st.key')})"
    if several:
        member = (
            f"COALESCE({member}, (SELECT m.id FROM roll_known k JOIN members_member m ON m.address_key = k.older "
            "WHERE k.key = st.key LIMIT 1))"
        )
        older = f"SELECT 1 FROM roll_known k WHERE k.key = st.key AND EXISTS ({held.format(key='k.older')})"
        stopped = f"({stopped} OR EXISTS ({older}))"
    taken_off = (
        "(SELECT c.action FROM members_consent c WHERE c.member_id = t.member AND c.action IN ('leave', 'removed') "
        "ORDER BY c.id DESC LIMIT 1) = 'removed'"
    )
    verdict = f"""CASE
        WHEN nth > 1 THEN 'repeated'
        WHEN says = 'left' AND status IN ('active', 'unconfirmed') THEN 'leaves'
        WHEN says IN ('left', 'bounced', 'complained', 'stopped') AND stopped THEN 'known'
        WHEN says = 'left' AND status = 'left' THEN 'known'
        WHEN says IN ('left', 'bounced', 'complained', 'stopped') THEN 'suppressed'
        WHEN says <> 'member' THEN 'kept_out'
        WHEN stopped THEN 'kept_out'
        WHEN member IS NULL THEN 'new'
        WHEN status = 'left' AND {taken_off} THEN 'back'
        WHEN status <> 'active' THEN 'kept_out'
        WHEN name <> '' AND name <> had THEN 'changed'
        ELSE 'unchanged' END"""
    why = """CASE
        WHEN says IN ('pending', 'never', 'ignored') THEN says
        WHEN stopped THEN 'suppressed'
        ELSE COALESCE(status, '') END"""
    return f"""
        INSERT INTO roll_judged (row_no, says, key, email, name, member, first_row, verdict, why)
        SELECT row_no, says, key, email, name, member, first_row, {verdict}, {why} FROM (
            SELECT s.*, m.status AS status, m.name AS had FROM (
                SELECT st.row_no, st.says, st.key, st.email, st.name, {member} AS member, {stopped} AS stopped,
                    ROW_NUMBER() OVER places AS nth, FIRST_VALUE(st.row_no) OVER places AS first_row
                FROM roll_stage st WHERE st.key IS NOT NULL
                WINDOW places AS (PARTITION BY st.key ORDER BY st.rank, st.row_no)
            ) s LEFT JOIN members_member m ON m.id = s.member
        ) t"""
