"""The audit trail, read: every verb in words, filters, and a file that no spreadsheet runs."""

from __future__ import annotations

import ast
import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import digest
from digest.compose.edit import EditKind
from digest.compose.models import Issue, IssueState, Number, NumberKind
from digest.config import Config, Keys
from digest.errors import ArgumentError
from digest.installation.audit import record
from digest.installation.models import Audit
from digest.pipeline.trail import HEADING, Wanted, lines, people, rows_of, write_csv
from digest.pipeline.trail_words import KINDS, has_words, words_of_line
from digest.web.staff.roles import add_staff

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2024, 2, 9, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
# Verbs that are put together of a part and a value: which values there are.
COMPOSED = {
    "issue.edit.{}": list(EditKind),
    "issue.{}": [IssueState.HANDING_OVER, IssueState.RELEASED, IssueState.SENT],
    "member.{}": ["leave", "return"],
    "number.{}": [NumberKind.RESERVED, NumberKind.SKIPPED],
}


def verbs() -> Iterator[tuple[str, str]]:
    """Every verb that a call of `record`, a constant or a listener writes, and where."""
    for path in sorted(Path(digest.__file__).parent.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            given = [kw.value for kw in node.keywords if kw.arg == "verb"] if name in ("record", "Audit") else []
            given += [node.args[0]] if name == "_keep" else []
            for value in given:
                for verb in _values(value, constants):
                    yield verb, f"{path.name}:{node.lineno}"


def _values(node: ast.expr, constants: dict[str, Any]) -> list[str]:
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Name(id=name) if name in constants:
            return [str(constants[name])]
        case ast.IfExp(body=one, orelse=other):
            return _values(one, constants) + _values(other, constants)
        case ast.JoinedStr(values=parts):
            text = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)
            return [text.format(value) for value in COMPOSED.get(text, ["?"])]
    return []


def test_every_verb_of_the_project_is_told_in_words() -> None:
    found = dict(verbs())
    assert len(found) > 50
    missing = {verb: where for verb, where in found.items() if not has_words(verb)}
    assert not missing, f"These lines of the audit trail have no words in digest/pipeline/trail_words.py: {missing}"
    starts = [start for _, begins in KINDS.values() for start in begins]
    homeless = [verb for verb in found if not verb.startswith(tuple(starts))]
    assert not homeless, f"No kind of the filter lets these through: {homeless}"


def test_words_read_as_a_sentence_whatever_the_details() -> None:
    full = {
        "why": "because", "number": 736, "entry": 5, "members": 3, "copies": 1, "verdict": "sent", "to": ["a@x"],
        "others": 2, "role": "editor", "before": "approver", "minutes": 15, "place": "192.0.2.1", "revision": 4,
        "how": "password", "factor": "app", "provider": "sendgrid", "state": "ok", "entries": 2, "source": "bounce",
    }  # fmt: skip
    for verb in {verb for verb, _ in verbs()}:
        for detail in ({}, full, dict.fromkeys(full), dict.fromkeys(full, "{about} {item}")):
            words = words_of_line(verb, detail, about="issue 736", item="A library opens")
            assert words[0].islower()
            assert not words.endswith(".")
            assert "  " not in words
            if "{about}" not in str(detail):
                assert not re.search(r"[{}]|None|_|\bTrue\b", words), words


def test_a_verb_without_words_is_not_lost() -> None:
    told = words_of_line("issue.frobnicate-all", {"times": 3, "why": "why not", "odd": ["x"]}, about="issue 736")
    assert told.startswith("issue frobnicate all (issue 736; times 3")
    assert not has_words("issue.frobnicate-all")


@pytest.fixture
def trail(db: None) -> Issue:
    """Two issues, five people, three days."""
    day = dt.date(2024, 2, 12)
    issue = Issue.objects.create(
        slot=day, title_date=day, window_start=NOON, planned_cutoff=NOON, state="sent", merge_tag="x", created_at=NOON
    )
    Number.objects.create(number=736, kind="issued", issue=issue, actor="t", at=NOON)
    about = f"issue:{issue.pk}"
    record(actor="kim@example.org", verb="issue.edit.drop", subject=about, now=NOON - DAY, entry=None)
    record(actor="sam@example.org", verb="issue.approve", subject=about, now=NOON, revision=4, number=736)
    record(actor="command line", verb="number.reserved", subject="number:735", now=NOON, why="=1+1")
    record(actor="somebody", verb="staff.sign-in-failed", subject="newsroom", now=NOON + DAY, place="192.0.2.1")
    record(actor="=HYPERLINK(1)", verb="issue.stop", subject="issue:99999", now=NOON + DAY, why="@SUM(1)")
    return issue


@pytest.mark.parametrize(
    ("wanted", "verbs_found"),
    [
        (Wanted(), ["issue.stop", "staff.sign-in-failed", "number.reserved", "issue.approve", "issue.edit.drop"]),
        (Wanted(who="KIM"), ["issue.edit.drop"]),
        (Wanted(issue=736), ["issue.approve", "issue.edit.drop"]),
        (Wanted(issue=735), ["number.reserved"]),
        (Wanted(issue=1), []),
        (Wanted(kind="edits"), ["issue.edit.drop"]),
        (Wanted(kind="staff"), ["staff.sign-in-failed"]),
        (Wanted(since=NOON, until=NOON + DAY), ["number.reserved", "issue.approve"]),
        (Wanted(issue=736, who="sam", kind="issues"), ["issue.approve"]),
    ],
)
@pytest.mark.usefixtures("trail")
def test_filters(wanted: Wanted, verbs_found: list[str]) -> None:
    assert [line.verb for line in lines(rows_of(wanted))] == verbs_found


@pytest.mark.usefixtures("trail")
def test_sentences() -> None:
    told = [f"{line.who} {line.what}" for line in lines(rows_of(Wanted()))]
    assert told == [
        "=HYPERLINK(1) stopped issue 99999: “@SUM(1)”",
        "somebody typed a wrong password, from 192.0.2.1",
        "command line set number 735 aside: “=1+1”",
        "sam@example.org approved issue 736 (revision 4)",
        "kim@example.org dropped an item from issue 736",
    ]


def test_whom_a_filter_offers() -> None:
    add_staff("sam@example.org", name="", role="editor", password=None, now=NOON)
    assert people()[:2] == ["sam@example.org", "clock"]


@pytest.mark.usefixtures("trail")
def test_no_cell_of_the_file_is_a_formula() -> None:
    out = io.StringIO()
    assert write_csv(Wanted(), out) == 5
    rows = list(csv.reader(io.StringIO(out.getvalue().removeprefix("\ufeff"))))
    assert tuple(rows[0]) == HEADING
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert rows[1][1] == "'=HYPERLINK(1)"
    assert rows[4][:4] == [
        "2024-02-09 12:00:00", "sam@example.org", "approved issue 736 (revision 4)", "issue.approve",
    ]  # fmt: skip


def test_the_trail_is_read_in_few_queries(trail: Issue, django_assert_max_num_queries: Any) -> None:
    Audit.objects.bulk_create(
        Audit(at=NOON, actor="a", verb="issue.edit.pin", subject=f"issue:{trail.pk}", detail={"entry": n})
        for n in range(400)
    )
    with django_assert_max_num_queries(6):
        assert len(list(lines(rows_of(Wanted())))) == 405


@pytest.mark.usefixtures("trail")
def test_the_command(config: Config, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    from digest.cli import app
    from digest.commands import audit

    monkeypatch.setattr(audit, "start", lambda: (config, keys))

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["audit", *arguments])
        if isinstance(result.exception, ArgumentError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    assert run("--issue", "736", "--kind", "issues", "--who", "sam").splitlines() == [
        "Fri 09 Feb 2024 12:00 GMT  sam@example.org approved issue 736 (revision 4)"
    ]
    assert run("--until", "2024-02-08").count("\n") == 1, "the day itself is meant, too"
    assert run("--since", "2024-02-09", "--until", "2024-02-09").count("\n") == 2
    assert "... and 4 earlier lines: --most 0 shows all." in run("--most", "1")
    assert run("--most", "0").count("\n") == 5
    assert '"verb": "issue.approve"' in run("--json", "--issue", "736")
    assert run("--csv").count("\n") == 6
    assert "Nothing in the trail fits." in run("--who", "nobody")
    with pytest.raises(ArgumentError, match="did you mean 'issues'"):
        run("--kind", "issue")
    with pytest.raises(ArgumentError, match="not a date"):
        run("--since", "yesterday")
