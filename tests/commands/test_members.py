"""The roll from the command line: look first, then do; and one person at a time."""

from __future__ import annotations

import csv
import json
import re
import stat
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import Run

ROLL = "email,name\nada@example.org,Ada\nben@example.org,Ben\nnobody,None\nADA@example.org,Ada\n"


@pytest.fixture
def roll(home: Path) -> Path:
    (home / "members.csv").write_text(ROLL, encoding="utf-8")
    return home


def test_an_import_shows_first_and_does_then(run: Run, roll: Path) -> None:
    looked = run("members", "import", "members.csv", "--report", "report.csv", cwd=roll)
    assert looked.code == 0
    assert looked.out.startswith("UTF-8 text, columns parted by commas, addresses from 'email', names from 'name'.\n")
    for words in (
        " 4 rows\n",
        " 2 new\n",
        "row 5: The address stands in row 2 already.",
        "row 4: ",
        "Nothing was changed.",
    ):
        assert words in looked.out
    with (roll / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row[:2] for row in csv.reader(file)] == [["row", "what"], ["5", "repeated"], ["4", "refused"]]
    assert run("members", "list", cwd=roll).out == ""
    done = run("members", "import", "-", "--apply", stdin=ROLL, cwd=roll)
    assert (done.code, done.out.splitlines()[-1]) == (0, "Done.")
    assert run("members", "list", cwd=roll).out.count("\tactive\t") == 2


def test_a_sync_asks_before_it_drops_many(run: Run, roll: Path) -> None:
    run("members", "import", "members.csv", "--apply", cwd=roll)
    (roll / "crm.py").write_text("print('Mail')\nprint('ada@example.org')\n", encoding="utf-8")
    command = f"{sys.executable} crm.py"
    looked = run("members", "sync", "--command", command, cwd=roll)
    assert " 1 of 2 members are not in it and leave\n            ben@example.org\n" in looked.out
    assert "more than 10 % of the members: applying it needs --yes-drop" in looked.out
    refused = run("members", "sync", "--command", command, "--apply", cwd=roll)
    assert (refused.code, "--yes-drop" in refused.err) == (1, True)
    assert run("members", "sync", "--command", command, "--apply", "--yes-drop", cwd=roll).code == 0
    assert "ben@example.org\tleft" in run("members", "list", cwd=roll).out
    assert "taken off the roll" in run("why-member", "ben@example.org", cwd=roll).out
    assert run("members", "sync", cwd=roll).code == 2
    assert run("members", "sync", "members.csv", "--command", command, cwd=roll).code == 2


def test_an_export_is_for_its_owner_alone(run: Run, roll: Path) -> None:
    run("members", "import", "members.csv", "--apply", cwd=roll)
    said = run("members", "export", "--output", "out.csv", cwd=roll)
    assert said.out == "2 members written to out.csv.\n"
    assert stat.S_IMODE((roll / "out.csv").stat().st_mode) == 0o600
    shown = run("members", "export", "--status", "left", cwd=roll).out
    assert shown.lstrip("\ufeff").strip() == "email,name,status,joined_at,left_at,paused_until,language"
    assert run("members", "export", "--status", "gone", cwd=roll).code == 2


def test_one_person(run: Run, roll: Path) -> None:
    run("members", "import", "members.csv", "--apply", cwd=roll)
    held = json.loads(run("members", "show", "ADA@example.org", "--json", cwd=roll).out)
    assert held["member"]["name"] == "Ada"
    assert "consent" in run("members", "show", "ada@example.org", cwd=roll).out
    assert run("members", "suppress", "ada@example.org", "--why", "Asked by telephone.", cwd=roll).code == 0
    assert "so already" in run("members", "suppress", "ada@example.org", "--why", "Again.", cwd=roll).out
    assert "Asked by telephone." in run("why-member", "ada@example.org", cwd=roll).out
    assert re.search(r"\tall\tmanual\tada@example.org\tAsked", run("members", "suppressed", cwd=roll).out)
    assert run("members", "lift", "ada@example.org", cwd=roll).code == 2  # a reason is asked for
    assert run("members", "lift", "ada@example.org", "--why", "Asked to have it back.", cwd=roll).code == 0
    assert run("members", "suppressed", cwd=roll).out == ""
    assert "Asked to have it back." in run("members", "suppressed", "--all", cwd=roll).out
    assert "Receives the digest (brought in" in run("why-member", "ada@example.org", cwd=roll).out
    assert run("members", "erase", "ada@example.org", "--why", "Asked for it.", cwd=roll).code == 0
    assert "(erased)\terased" in run("members", "list", cwd=roll).out
    assert "Erased: Asked for it." in run("why-member", "ada@example.org", cwd=roll).out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["show", "ada"], 1, "is no e-mail address"),
        (["show", "stranger@example.org"], 1, "Nobody on the roll"),
        (["erase", "stranger@example.org", "--why", "x"], 1, "Nobody on the roll"),
        (["lift", "stranger@example.org", "--why", "x"], 1, "Nothing stands against"),
        (["suppress", "a@example.org", "--why", "a@example.org"], 1, "must not hold the address"),
        (["suppress", "a@example.org", "--why", "x", "--scope", "some"], 2, "--scope"),
        (["import", "none.csv"], 1, "There is no file"),
        (["import", "members.csv", "--as", "friends"], 1, "expected one of members"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, roll: Path, arguments: list[str], code: int, words: str) -> None:
    said = run("members", *arguments, cwd=roll)
    assert (said.code, words in said.err) == (code, True), said.err


def test_a_new_suppression_key(run: Run, roll: Path) -> None:
    run("members", "import", "members.csv", "--apply", cwd=roll)
    run("members", "suppress", "stranger@example.org", "--why", "Asked.", cwd=roll)
    keys = roll / "keys.toml"
    text = keys.read_text(encoding="utf-8")
    new = f'[[suppression]]\nid = "new"\nkey = "{"1" * 64}"\n\n[[suppression]]'
    keys.write_text(text.replace("[[suppression]]", new), encoding="utf-8")
    said = run("members", "rekey", cwd=roll)
    assert "2 members and 0 suppressions now stand under key 'new'." in said.out
    assert "leave that listed" in said.out
    assert "Asked." in run("why-member", "stranger@example.org", cwd=roll).out


def test_nobodys_time_has_run_out(run: Run, roll: Path) -> None:
    run("members", "import", "members.csv", "--apply", cwd=roll)
    assert run("members", "retention", cwd=roll).out == "Nobody's time has run out.\n"
