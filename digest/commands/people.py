"""One person at a time: members show, erase, suppress, lift; why-member. And the keeping of the roll."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from digest.commands.common import clock, print_json, start, wall
from digest.errors import ArgumentError, UsageError

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The e-mail address.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason. It is kept, so it must name nobody.")]
Scope = Annotated[str, typer.Option("--scope", help="all, digest or announcements.")]


def register(app: typer.Typer) -> None:
    app.command(name="why-member")(why_member)


def register_members(app: typer.Typer) -> None:
    for command in (show, erase, suppress, lift, suppressed, retention, rekey):
        app.command()(command)


def why_member(
    address: Address,
    number: Annotated[
        str | None, typer.Argument(metavar="[NUMBER]", help="Only this issue, or the announcement of this name.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every issue there was, not only the last twenty.")] = False,
) -> None:
    """Which issues a member got, which not, and why."""
    config, keys = start()
    from digest.members.find import read_address
    from digest.pipeline.story import MOST, story_of

    most = 1_000_000 if all_ else MOST
    story = story_of(config, keys, read_address(address), issue=number, now=clock(), most=most)
    for sentence in story.standing:
        print(sentence)
    signs = {True: "got it    ", False: "got none  ", None: "not known "}
    for chapter in story.chapters:
        print(f"{signs[chapter.got]} {chapter.issue}: {chapter.words}")
        for event in chapter.events:
            print(f"              {event}")
    if story.more:
        print(f"{story.more} earlier issues are not shown: add --all.")


def show(
    address: Address, json: Annotated[bool, typer.Option("--json", help="All that is held, as JSON.")] = False
) -> None:
    """What is held on a member."""
    _, keys = start()
    from digest.members.find import find_member, read_address
    from digest.pipeline.held import held_on

    member = find_member(keys, read_address(address))
    if member is None:
        raise UsageError("Nobody on the roll has this address.", hint="`digest why-member` says what else is known.")
    held = held_on(keys, member)
    if json:
        print_json(held)
        return
    for key, value in held["member"].items():
        print(f"{key:<14}{value if value not in (None, '', {}) else '-'}")
    for consent in held["consents"]:
        print(f"consent       {consent['at']}  {consent['action']}, {consent['how']}: {consent['wording']}")
    for row in held["suppressions"]:
        lifted = f", lifted {row['lifted_at']}: {row['lifted_why']}" if row["lifted_at"] else ""
        print(f"suppression   {row['at']}  {row['scope']}, {row['source']}: {row['reason']}{lifted}")
    print(f"issues        {len(held['issues'])}: `digest why-member` tells them one by one")


def erase(address: Address, why: Why) -> None:
    """Forget a member for good. A hash is kept, so that nothing is ever sent to the address again."""
    _, keys = start()
    from digest.members.find import find_member, read_address
    from digest.pipeline.forget import erase as forget

    member = find_member(keys, read_address(address))
    if member is None:
        raise UsageError("Nobody on the roll has this address.", hint="Nothing was changed.")
    if not forget(member, why=why, actor=_actor(), now=clock()):
        raise UsageError("This member was erased before.")
    print("Erased. Backups, the outbox folder and the mail provider hold their own copies: see docs/members.md.")


def suppress(address: Address, why: Why, scope: Scope = "all") -> None:
    """Send nothing to an address from now on, whether it is on the roll or not."""
    _, keys = start()
    from digest.members.find import read_address
    from digest.members.models import SuppressionScope
    from digest.members.suppress import suppress_address

    known = read_address(address)
    if not why.strip() or known.lower() in why.lower():
        raise UsageError("A suppression needs a reason, which must not hold the address.")
    chosen = SuppressionScope(_scope(scope))
    if not suppress_address(
        keys, known, reason=why.strip(), source="manual", actor=_actor(), now=clock(), scope=chosen
    ):
        print("That is so already.")
        return
    print("Done: it holds for every request to the mail provider that is built from now on.")


def lift(
    address: Address, why: Why, scope: Annotated[str, typer.Option("--scope", help="Only this one.")] = ""
) -> None:
    """Let mail be sent to a suppressed address again. The reason is kept."""
    _, keys = start()
    from digest.members.find import read_address
    from digest.members.models import SuppressionScope
    from digest.members.suppress import lift as lift_it

    chosen = SuppressionScope(_scope(scope)) if scope else None
    count = lift_it(keys, read_address(address), why=why, actor=_actor(), now=clock(), scope=chosen)
    if not count:
        raise UsageError("Nothing stands against this address.", hint="`digest why-member` says where it stands.")
    print(f"Lifted {count}." if count > 1 else "Lifted.")


def suppressed(
    all_: Annotated[bool, typer.Option("--all", help="Those that were lifted, too.")] = False,
) -> None:
    """Print what stands against addresses: since when, scope, source, whose (where it is on the roll) and reason."""
    config, _ = start()
    from digest.members.suppress import list_suppressions

    for row, email in list_suppressions(lifted=all_):
        lifted = ""
        if row.lifted_at:
            lifted = f"\tlifted {wall(row.lifted_at, config)} by {row.lifted_by}: {row.lifted_why}"
        who = email or f"(hash {row.address_key[:12]})"
        print(f"{wall(row.at, config)}\t{row.scope}\t{row.source}\t{who}\t{row.reason}{lifted}")


def retention(
    apply: Annotated[bool, typer.Option("--apply", help="Do it now; the clock does it anyway.")] = False,
) -> None:
    """Whose time has run out, by [members] in config.toml: who never confirmed, and who left long ago."""
    config, _ = start()
    from digest.pipeline.forget import apply_retention

    said = apply_retention(config, now=clock(), actor=_actor(), apply=apply)
    for line in said or ["Nobody's time has run out."]:
        print(line)
    if said and not apply:
        print("Nothing was changed. The clock does it; --apply does it now.")


def rekey() -> None:
    """After a new suppression key was put above the old one: bring the members over to it."""
    _, keys = start()
    from digest.members.rekey import rekey as rekey_all

    done = rekey_all(keys, actor=_actor(), now=clock())
    print(
        f"{done.members} members and {done.suppressions} suppressions now stand under key {keys.suppression[0].id!r}."
    )
    if done.left_behind and len(keys.suppression) > 1:
        print(
            f"{done.left_behind} suppressions are of addresses that are on no roll: they may stand under an older "
            "key, so leave that listed."
        )


def _scope(text: str) -> str:
    from digest.config import describe_unknown
    from digest.members.models import SuppressionScope

    if text not in set(SuppressionScope):
        raise ArgumentError(f"--scope: {describe_unknown(text, [s.value for s in SuppressionScope])}.")
    return text


def _actor() -> str:
    return f"command line ({getpass.getuser()})"
