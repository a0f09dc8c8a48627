"""`digest check`, and approving in spite of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.commands.conftest import Run


def test_a_good_issue_then_a_bad_one(run: Run, home: Path) -> None:
    assert run("gather", cwd=home).code == 0
    said = run("check", cwd=home)
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("Nothing was found.\n")

    assert run("edit", "intro", "--to", "Lorem ipsum dolor sit amet.", cwd=home).code == 0
    said = run("check", "next", "--no-links", cwd=home)
    assert said.code == 1
    assert "BLOCK  Placeholders and debris: The intro holds filler text" in said.out
    assert "1 of this must be mended, or overridden with a reason" in said.out
    (found,) = json.loads(run("check", "--json", cwd=home).out)
    assert (found["check"], found["severity"], found["place"]) == ("placeholders", "block", "intro")

    refused = run("approve", cwd=home)
    assert refused.code == 1
    assert "1 finding blocks the approval" in refused.err
    approved = run("approve", "--override", "It is a quotation", cwd=home)
    assert approved.code == 0, approved.err
    (number,) = re.findall(r"^Issue (\d+) is approved", approved.out)
    said = run("check", number, cwd=home)
    assert (said.code, said.err) == (1, "")
    assert "The intro holds filler text" in said.out


def test_which_issue(run: Run, home: Path) -> None:
    assert run("check", "tomorrow", cwd=home).code == 2
    said = run("check", "12", cwd=home)
    assert said.code == 1
    assert "There is no approved issue 12" in said.err
