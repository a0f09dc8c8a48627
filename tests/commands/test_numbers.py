"""number and archive, as a person runs them."""

from __future__ import annotations

from pathlib import Path

from tests.commands.conftest import Run


def test_numbers_are_accounted_for(run: Run, home: Path) -> None:
    assert run("number", "report", cwd=home).out == "No number has been given yet.\n"
    table = "title,date,url\n" + "".join(
        f'"Weekly News Digest - Issue {n}, {d}",{d},https://lists.example/{n}\n'
        for n, d in ((731, "2024-01-08"), (735, "2024-02-05"))
    )
    (home / "old.csv").write_text(table, encoding="utf-8")
    dry = run("archive", "import", "old.csv", cwd=home)
    assert (dry.code, "731  2024-01-08" in dry.out, "add --apply" in dry.out) == (0, True, True)
    assert "2 stored" in run("archive", "import", "old.csv", "--apply", cwd=home).out
    assert "0 stored, 2 there already" in run("archive", "import", "old.csv", "--apply", cwd=home).out

    assert run("number", "reserve", "800", "--why", "a special issue", cwd=home).out == "Number 800 is reserved.\n"
    said = run("number", "report", cwd=home)
    assert (said.code, "Without a reason: 732-734." in said.err) == (1, True)
    assert run("number", "skip", "732-734", "--why", "the list was down", cwd=home).code == 0
    said = run("number", "report", cwd=home)
    assert (said.code, said.err) == (0, "")
    assert "736-799  still to come" in said.out
    taken = run("number", "skip", "735", "--why", "x", cwd=home)
    assert (taken.code, "Number 735 is taken: imported: Weekly News Digest" in taken.err) == (1, True)
    for given in ("x", "1-", "-", "1-x"):
        assert run("number", "skip", "--why", "x", "--", given, cwd=home).code == 2
    assert (home / "issues" / "735" / "index.html").is_file()


def test_an_import_that_cannot_be_written(run: Run, home: Path) -> None:
    (home / "old").mkdir()
    (home / "old" / "735-2024-02-05.txt").write_text("Words.", encoding="utf-8")
    (home / "issues").write_text("a file stands where the folder should be", encoding="utf-8")
    said = run("archive", "import", "old", "--apply", cwd=home)
    assert (said.code, "1 could not be stored" in said.err, "not stored, " in said.out) == (1, True, True)
    gone = run("archive", "import", "nowhere", cwd=home)
    assert (gone.code, "nothing at nowhere" in gone.err) == (1, True)
