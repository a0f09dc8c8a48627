"""Apply a judged roll: one short transaction of a few statements, whatever the roll's length.

The rows were judged without any lock. Under the lock it is asked once more whether anything happened to the members
since; only then are they judged again. Somebody who left in that moment has left.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import connection, models, transaction

from digest.config import Keys
from digest.installation.audit import record
from digest.members import staging
from digest.members.difference import Verdict, judge
from digest.members.models import Consent, Member, MemberStatus, Suppression, SuppressionScope

# From this many new members on they go in in the order of their keys, and with ids to match: then each index grows at
# its end, and a million take the write lock for seconds. A smaller roll keeps the file's order, which people know.
IN_KEY_ORDER = 20_000

_SUPPRESSIONS = (  # what a row says, the source and scope it becomes, and the reason
    ("left", "unsubscribed", SuppressionScope.DIGEST, "Had unsubscribed from the list that was brought in."),
    ("bounced", "bounce", SuppressionScope.ALL, "Mail to it bounced, says the list that was brought in."),
    ("complained", "complaint", SuppressionScope.ALL, "Had complained of mail, says the list that was brought in."),
    ("stopped", "provider", SuppressionScope.ALL, "Was blocked in the list that was brought in."),
)


def state_of_members() -> tuple[Any, ...]:
    """What changes with every change of members that matters to a roll: each of them adds a row to one of these.

    SQLite gives its ids in the order of the commits, so the last ones tell; PostgreSQL's may be committed in any.
    """
    sign = "COUNT(*)" if connection.vendor == "postgresql" else "MAX(id)"
    tables = ("members_member", "members_consent", "members_suppression", "installation_audit")
    return next(staging.rows("SELECT " + ", ".join(f"(SELECT {sign} FROM {table})" for table in tables)))


def prepare() -> None:
    """Number the new members and draw their ids, and set the other changes apart: the work that needs no lock."""
    for table in ("roll_new", "roll_id", "roll_change"):
        staging.execute(f"DELETE FROM {table}")
    staging.execute(
        "INSERT INTO roll_change (member, verdict, says, key, name) SELECT member, verdict, says, key, name "
        "FROM roll_judged WHERE verdict IN ('back', 'changed', 'leaves', 'suppressed')"
    )
    new = staging.value("SELECT COUNT(*) FROM roll_judged WHERE verdict = 'new'")
    ordered = new >= IN_KEY_ORDER
    staging.execute(
        "INSERT INTO roll_new (key, email, name) SELECT key, email, name FROM roll_judged "
        f"WHERE verdict = 'new' ORDER BY {'key' if ordered else 'row_no'}"
    )
    first = staging.value("SELECT COALESCE(MIN(n), 1) FROM roll_new")
    ids = staging.public_ids(new, ordered=ordered)
    staging.fill("roll_id", ("n", "public_id"), ((first + at, one) for at, (one,) in enumerate(ids)))
    if connection.vendor == "postgresql":
        staging.execute("ANALYZE roll_new")
        staging.execute("ANALYZE roll_id")


def apply(
    keys: Keys,
    *,
    seen: tuple[Any, ...],
    whole: bool,
    how: str,
    wording: str,
    now: dt.datetime,
    actor: str,
    check: Callable[[bool], None],
    detail: Callable[[], dict[str, Any]],
) -> None:
    """Carry the verdicts out, all or nothing. `seen`: state_of_members() from before they were judged.

    `check` is called when the verdicts are final, with whether they were found anew, and may raise to stop it.
    `detail()` goes to the audit.
    """
    prepare()
    with transaction.atomic():
        _lock()
        anew = state_of_members() != seen
        if anew:
            judge(keys, whole=whole)
            prepare()
        check(anew)
        _join(how, wording, now)
        _come_back(how, wording, now)
        _rename()
        _leave(how, now)
        _suppress(now)
        verb = "members.sync" if whole else "members.import"
        record(actor=actor, verb=verb, subject="members", now=now, **detail())


def _lock() -> None:
    """SQLite's transaction holds the one write lock from its beginning on; PostgreSQL is asked for its locks."""
    if connection.vendor == "postgresql":
        staging.execute("LOCK TABLE members_member, members_consent, members_suppression IN SHARE ROW EXCLUSIVE MODE")


def _join(how: str, wording: str, now: dt.datetime) -> None:
    before = staging.value("SELECT COALESCE(MAX(id), 0) FROM members_member")
    given = {"public_id": "i.public_id", "email": "n.email", "address_key": "n.key", "name": "n.name"}
    _insert(
        Member,
        given,
        {"status": MemberStatus.ACTIVE.value, "joined_at": now},
        "FROM roll_new n JOIN roll_id i ON i.n = n.n ORDER BY n.n",
    )
    # All that came since, and only those: nobody else writes while we hold the lock.
    _consent(
        "SELECT id AS member FROM members_member WHERE id > %s ORDER BY id", [before], "import", how, wording, now
    )


def _come_back(how: str, wording: str, now: dt.datetime) -> None:
    chosen = "SELECT member FROM roll_change WHERE verdict = 'back'"
    moved = staging.execute(
        f"UPDATE members_member SET status = %s, left_at = NULL WHERE id IN ({chosen})",
        [MemberStatus.ACTIVE.value],
    )
    if moved:
        _consent(chosen, [], "import", how, wording, now)


def _rename() -> None:
    staging.execute(
        "UPDATE members_member SET name = (SELECT j.name FROM roll_change j WHERE j.member = members_member.id "
        "AND j.verdict IN ('changed', 'back')) WHERE id IN (SELECT member FROM roll_change "
        "WHERE verdict IN ('changed', 'back') AND name <> '')"
    )


def _leave(how: str, now: dt.datetime) -> None:
    for chosen, action, wording in (
        ("SELECT member FROM roll_change WHERE verdict = 'leaves'", "leave", "Had unsubscribed from that list."),
        ("SELECT member FROM roll_leaving", "removed", "The association's list of members no longer named them."),
    ):
        moved = staging.execute(
            f"UPDATE members_member SET status = %s, left_at = %s WHERE id IN ({chosen})",
            [MemberStatus.LEFT.value, _stamp(now)],
        )
        if moved:
            _consent(chosen, [], action, how, wording, now)


def _suppress(now: dt.datetime) -> None:
    for says, source, scope, reason in _SUPPRESSIONS:
        _insert(
            Suppression,
            # A member's suppression stands under the key that the member's row has, which may be an older one.
            {"address_key": "COALESCE(m.address_key, j.key)"},
            {"scope": scope.value, "reason": reason, "source": source, "at": now},
            f"FROM roll_change j LEFT JOIN members_member m ON m.id = j.member "
            f"WHERE j.verdict = '{Verdict.SUPPRESSED}' AND j.says = '{says}'",
        )


def _consent(chosen: str, params: list[Any], action: str, how: str, wording: str, now: dt.datetime) -> None:
    values = {"action": action, "how": how[:100], "wording": wording, "at": now}
    _insert(Consent, {"member_id": "c.member"}, values, f"FROM ({chosen}) c", params)


def _insert(
    model: type[models.Model], given: dict[str, str], values: dict[str, Any], source: str, params: Any = ()
) -> None:
    """INSERT ... SELECT: columns from `given` (SQL), the others from `values` or, like a model's own, by default."""
    columns: list[str] = []
    selected: list[str] = []
    bound: list[Any] = []
    for field in model._meta.concrete_fields:
        if field.primary_key:
            continue
        column = str(field.column)
        columns.append(connection.ops.quote_name(column))
        if column in given:
            selected.append(given[column])
            continue
        value = field.get_db_prep_save(values.get(column, field.get_default()), connection)
        selected.append("NULL" if value is None else _typed(field))
        if value is not None:
            bound.append(value)
    table = connection.ops.quote_name(model._meta.db_table)
    staging.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(selected)} {source}",
        [*bound, *params],
    )


def _typed(field: models.Field[Any, Any]) -> str:
    """A value's place in a SELECT. PostgreSQL must be told its type; SQLite's cast would make numbers of instants."""
    return f"CAST(%s AS {field.db_type(connection)})" if connection.vendor == "postgresql" else "%s"


def _stamp(now: dt.datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(now)
