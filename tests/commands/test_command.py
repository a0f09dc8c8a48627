"""The `digest` command: what it prints, how it exits, and that it answers at once."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import Run

COMMANDS = [
    "init",
    "demo",
    "gather",
    "compose",
    "show",
    "check",
    "approve",
    "send",
    "stop",
    "pause",
    "resume",
    "rehearse",
    "run-due",
    "serve",
    "clock",
    "backup",
    "restore",
    "arm",
    "audit",
    "doctor",
    "why-member",
]


def test_help_names_every_command(run: Run) -> None:
    said = run("--help")
    assert said.code == 0
    for name in [*COMMANDS, "members", "staff", "manage"]:
        assert re.search(rf"^  {name}\s+\S", said.out, re.MULTILINE), name
    assert run("members", "--help").out.count("\n  import ") == 1
    assert run("staff", "add", "--help").code == 0


def test_help_imports_nothing_heavy() -> None:
    """What a command people type may cost: Django, pydantic and httpx stay out of `--help`."""
    heavy = ("django", "pydantic", "httpx", "jinja2", "lxml", "feedparser", "apscheduler")
    code = f"import sys, digest.cli; print(*[m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_command_is_documented() -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    further = [
        "members import",
        "members sync",
        "members list",
        "members pull-suppressions",
        "members export",
        "members show",
        "members erase",
        "members suppress",
        "members lift",
        "members suppressed",
        "members retention",
        "members rekey",
        "staff add",
        "staff list",
        "staff role",
        "staff disable",
        "staff enable",
        "staff unlock",
        "staff reset-second-factor",
        "manage",
        "number reserve",
        "number report",
        "archive import",
        "deliveries settle",
        "deliveries",
    ]
    for name in [*COMMANDS, *further]:
        assert f"digest {name}" in readme, name


def test_bad_usage(run: Run) -> None:
    for arguments in (["nosuch"], ["gather", "--nosuch"], ["show", "--format", "pdf"], ["send", "1", "2"]):
        assert run(*arguments).code == 2, arguments


def test_no_config(run: Run, tmp_path: Path) -> None:
    said = run("gather")
    assert said.code == 1
    assert f"There is no config.toml in {tmp_path}" in said.err
    assert "digest init" in said.err


def test_a_broken_config_stores_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[association]\nnme = 'x'\n", encoding="utf-8")
    said = run("gather")
    assert said.code == 1
    assert "association.nme: unknown key. Did you mean 'name'?" in said.err
    assert [p.name for p in tmp_path.iterdir()] == ["config.toml"]


@pytest.mark.parametrize(("key", "value", "known"), [("kind", "lst", "list"), ("provider", "sendgird", "sendgrid")])
def test_a_value_that_no_registry_knows(run: Run, home: Path, key: str, value: str, known: str) -> None:
    path = home / "config.toml"
    text = re.sub(rf'(?m)^{key} = ".*?"', f'{key} = "{value}"', path.read_text(encoding="utf-8"), count=1)
    path.write_text(text, encoding="utf-8")
    said = run("gather", cwd=home)
    assert said.code == 1
    assert f"not '{value}' (did you mean '{known}'?)" in said.err


def test_init_makes_an_installation_outside_the_checkout(run: Run, home: Path) -> None:
    assert sorted(p.name for p in home.iterdir()) == ["config.toml", "digest.sqlite3", "keys.toml"]
    assert (home / "keys.toml").stat().st_mode & 0o777 == 0o600
    again = run("init", "home")
    assert again.code == 1
    assert "already there; nothing was changed" in again.err


def test_from_gather_to_send_by_hand(run: Run, home: Path) -> None:
    (home / "members.csv").write_text("Name;E-Mail\nAda;ADA@example.org\n;nonsense\n", encoding="utf-8-sig")
    said = run("members", "import", "members.csv", "--apply", cwd=home)
    assert (said.code, "1 new" in said.out, "row 3" in said.out) == (0, True, True)
    assert run("members", "list", cwd=home).out.startswith("ADA@example.org\tactive\tAda\t")
    assert run("gather", cwd=home).code == 0
    issue = json.loads(run("show", "next", "--format", "json", cwd=home).out)
    assert set(issue) >= {"number", "title", "date", "subject", "window", "sections", "placements"}
    assert set(issue["window"]) == {"start", "end"}
    assert issue["placements"][0].keys() >= {"source", "url", "title", "outcome", "reason"}
    assert run("show", "next", "--format", "subject", cwd=home).out.strip() == issue["subject"]
    assert run("show", "next", cwd=home).out.startswith("View in your browser [1]\n")
    assert run("show", "--editions", cwd=home).out.endswith("  the whole issue\n")
    unheard = run("show", "--edition", "headlines.0", cwd=home)
    assert (unheard.code, unheard.out) == (1, "")
    assert "No member has chosen an edition 'headlines.0'." in unheard.err
    sizes = run("show", "--sizes", cwd=home).out
    assert "bytes of HTML with the longest members' links, of 100,000" in sizes
    assert max(map(len, sizes.splitlines())) <= 80
    assert json.loads(run("show", "next", "--sizes", "--format", "json", cwd=home).out)["title"] == issue["title"]
    test = run("send", "--test", "me@example.org", cwd=home)
    assert test.code == 0
    assert "me@example.org" in test.out
    draft = run("send", cwd=home)
    assert (draft.code, "is draft, so it cannot be sent" in draft.err) == (1, True)
    approved = run("approve", cwd=home)
    assert approved.code == 0, approved.err
    number = issue["number"]
    assert f"Issue {number} is approved" in approved.out
    sent = run("send", str(number), cwd=home)
    assert (sent.code, "sent, 1 accepted" in sent.out) == (0, True), sent.err
    assert json.loads(run("show", str(number), "--format", "json", cwd=home).out)["number"] == number
    assert (home / "issues" / str(number) / "index.html").is_file()
    twice = run("send", str(number), cwd=home)
    assert (twice.code, "is sent, so it cannot be sent" in twice.err) == (1, True)


def test_deciding_by_hand(run: Run, home: Path) -> None:
    (home / "members.csv").write_text("Name;E-Mail\nAda;ADA@example.org\n", encoding="utf-8")
    config = (home / "config.toml").read_text(encoding="utf-8")
    (home / "config.toml").write_text(config.replace("[plan]\n", "[plan]\napprovers = 2\n"), encoding="utf-8")
    assert run("members", "import", "members.csv", "--apply", cwd=home).code == 0
    assert run("gather", cwd=home).code == 0
    assert "is held" in run("hold", "--why", "the board meets first", cwd=home).out
    held = run("approve", cwd=home)
    assert (held.code, "held already" in held.err) == (1, True)
    assert "is a draft again" in run("unhold", cwd=home).out
    first = run("approve", "--by", "sam", cwd=home)
    assert "That is one of two: it waits for another person's approval." in first.out
    early = run("release", "--yes", cwd=home)
    assert (early.code, "waits for another approval" in early.err) == (1, True)
    assert "withdrawn" in run("void", "--why", "a mistake", cwd=home).out
    for name in ("sam", "kim"):
        assert run("approve", "--by", name, cwd=home).code == 0
    asked = run("release", cwd=home, stdin="n\n")
    assert asked.code != 0
    assert "sent, 1 accepted" in run("release", "--yes", cwd=home).out
    skipped = run("skip", "--why", "nothing to say", cwd=home)
    assert "is skipped. What it held passes to Weekly News Digest" in skipped.out, skipped.err


def test_pause_stop_and_resume_by_hand(run: Run, home: Path) -> None:
    (home / "members.csv").write_text("Name;E-Mail\nAda;ADA@example.org\n", encoding="utf-8")
    run("members", "import", "members.csv", cwd=home)
    run("gather", cwd=home)
    run("approve", cwd=home)
    number = str(json.loads(run("show", "next", "--format", "json", cwd=home).out)["number"])
    paused = run("pause", "--why", "a question", cwd=home)
    assert (paused.code, "Sending is paused." in paused.out) == (0, True), paused.err
    sent = run("send", cwd=home)
    assert (sent.code, "a question" in sent.err, "digest resume" in sent.err) == (1, True, True)
    assert "a question" in run("doctor", cwd=home).out
    assert run("resume", cwd=home).out == "Sending goes on.\n"
    assert run("stop", number, cwd=home).code == 2  # without a reason
    stopped = run("stop", number, "--why", "a wrong date", cwd=home)
    assert (stopped.code, stopped.out) == (0, f"Issue {number} is stopped. Nothing of it had been handed over.\n"), (
        stopped.err
    )
    after = run("send", number, cwd=home)
    assert (after.code, "is stopped, so it cannot be sent" in after.err) == (1, True)
    rehearsed = run("rehearse", cwd=home)
    assert (rehearsed.code, "outbox has no sandbox" in rehearsed.err or "is empty" in rehearsed.err) == (1, True)
    proof = run("doctor", "--prove-cancel", "me@example.org", cwd=home)
    assert (proof.code, "outbox takes no mail ahead of its time" in proof.err) == (1, True)


def test_an_issue_with_nobody_to_go_to_keeps_its_turn(run: Run, home: Path) -> None:
    run("gather", cwd=home)
    run("approve", cwd=home)
    said = run("send", cwd=home)
    assert (said.code, "there are no members" in said.err) == (1, True)


def test_feeds_that_are_no_feeds(run: Run, tmp_path: Path) -> None:
    files = {
        "empty.xml": "",
        "page.html": "<!doctype html><html><body><form>Sign in</form></body></html>",
        "text.xml": "hello",
        "good.xml": "<rss version='2.0'><channel><title>Good</title></channel></rss>",
    }
    config = "[association]\nname = 'T'\n[[sections]]\nid = 'news'\ntitle = 'News'\n"
    for name in [*files, "missing.xml"]:
        config += f"[[sources]]\nid = '{name.split('.')[0]}'\ntitle = '{name}'\nsection = 'news'\npath = '{name}'\n"
    (tmp_path / "config.toml").write_text(config, encoding="utf-8")
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    said = run("gather")
    assert said.code == 0, "one good feed is enough to go on"
    assert "good.xml" in said.out
    assert "answered with nothing" in said.err
    assert "a web page, not a feed" in said.err
    assert "there is no file" in said.err
    assert said.err.count("\n") == 4


@pytest.mark.parametrize("when", ["", "monday", "2024-13-01", "2024-02-12 25:00", "99999-01-01"])
def test_a_when_that_is_none(run: Run, home: Path, when: str) -> None:
    said = run("run-due", f"--now={when or 'x'}", cwd=home)
    assert said.code == 2
    assert "is not a date and time" in said.err


def test_a_table_without_addresses(run: Run, home: Path) -> None:
    (home / "people.csv").write_text("name,phone\nAda,1\n", encoding="utf-8")
    said = run("members", "import", "people.csv", cwd=home)
    assert said.code == 1
    assert "has no column with addresses" in said.err
    assert run("members", "list", cwd=home).out == ""


def test_staff(run: Run, home: Path) -> None:
    weak = run("staff", "add", "sam@example.org", "--password-stdin", stdin="short\n", cwd=home)
    assert (weak.code, "too short" in weak.err) == (1, True)
    good = run("staff", "add", "sam@example.org", "--password-stdin", stdin="a long enough secret\n", cwd=home)
    assert (good.code, good.out) == (
        0,
        "Made the approver sam@example.org. Sign in at /newsroom/.\n"
        "At the first sign-in a second step is set up: have an authenticator app at hand.\n",
    )
    assert run("staff", "add", "sam@example.org", cwd=home).code == 2


def test_a_port_that_is_taken(run: Run, home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = run("serve", "--port", str(taken.getsockname()[1]), cwd=home)
    assert said.code == 1
    assert "cannot be used" in said.err


def test_a_changed_link_key_is_refused(run: Run, home: Path) -> None:
    keys = home / "keys.toml"
    text = keys.read_text(encoding="utf-8")
    old = re.search(r'\[\[link\]\]\nid = "(\w+)"\nkey = "(\w+)"', text)
    assert old is not None
    keys.write_text(text.replace(old[2], "0" * 64), encoding="utf-8")
    said = run("gather", cwd=home)
    assert (said.code, "stop working" in said.err) == (1, True)
    both = f'[[link]]\nid = "new"\nkey = "{"1" * 64}"\n\n{old[0]}'
    keys.write_text(text.replace(old[0], both), encoding="utf-8")
    assert run("gather", cwd=home).code == 0


def test_sendgrid_wants_to_be_armed(run: Run, home: Path) -> None:
    path = home / "config.toml"
    text = path.read_text(encoding="utf-8").replace('provider = "outbox"', 'provider = "sendgrid"')
    path.write_text(text, encoding="utf-8")
    (home / "members.csv").write_text("email\nada@example.org\n", encoding="utf-8")
    run("members", "import", "members.csv", "--apply", cwd=home)
    run("gather", cwd=home)
    run("approve", cwd=home)
    said = run("send", cwd=home, SENDGRID_API_KEY="SG.none")
    assert (said.code, "digest arm" in said.err) == (1, True), said.err
    armed = run("arm", "--yes", cwd=home, SENDGRID_API_KEY="SG.none")
    assert (armed.code, "MISSING" in armed.out) == (1, True), "no https, an example sender"


def test_manage_is_djangos_own(run: Run, home: Path) -> None:
    assert "migrate" in run("manage", cwd=home).out
    assert run("manage", "check", cwd=home).code == 0
    assert run("manage", "nosuch", cwd=home).code != 0


def test_the_demo(run: Run, tmp_path: Path) -> None:
    said = run("demo", "--once")
    assert said.code == 0, said.err
    assert (tmp_path / "demo" / "issues" / "736" / "index.html").is_file()
    assert len(list((tmp_path / "demo" / "outbox" / "736").glob("*.eml"))) == 25
    assert [p.name for p in tmp_path.iterdir()] == ["demo"], "it touches nothing but its own folder"
    assert run("demo", "--once").code == 0, "it can be run again"


def test_the_demo_leaves_other_folders_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "thesis.txt").write_text("years of work", encoding="utf-8")
    said = run("demo", "--once")
    assert (said.code, "left alone" in said.err) == (1, True)
    assert (tmp_path / "demo" / "thesis.txt").exists()


def test_editing_and_explaining_by_hand(run: Run, home: Path) -> None:
    run("gather", cwd=home)
    issue = json.loads(run("compose", "--json", cwd=home).out)
    [first, second, *_] = [item for section in issue["sections"] for item in section["items"]]
    assert run("edit", "drop", str(first["entry"]), cwd=home).code == 0
    assert run("edit", "title", str(second["entry"]), "--to", "Quite another title", cwd=home).code == 0
    assert run("edit", "add", "--title", "By hand", "--to", "news", cwd=home).code == 0
    shown = run("compose", cwd=home).out
    assert "Quite another title" in shown
    assert "By hand" in shown
    why = run("why", first["title"][:20], cwd=home)
    assert "dropped - dropped by command line" in why.out
    assert run("edit", "history", cwd=home).out.count("\n") == 3
    for _ in range(3):
        assert run("edit", "undo", cwd=home).code == 0
    assert first["title"] in run("show", "next", "--format", "json", cwd=home).out
    assert (run("edit", "undo", cwd=home).code, run("edit", "drop", cwd=home).code) == (1, 2)
    assert run("edit", "move", str(second["entry"]), "--to", "nosuch", cwd=home).code == 1
    assert run("why", "no such thing", cwd=home).code == 1
    assert "never marked" in run("compose", "--diff", cwd=home).out
    assert run("compose", "--reviewed", cwd=home).code == 0
    assert "Nothing changed" in run("compose", "--diff", cwd=home).out
    assert run("number", "report", cwd=home).code == 0
