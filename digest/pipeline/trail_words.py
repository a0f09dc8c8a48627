"""What a line of the audit trail says, as the end of a sentence that begins with who did it. Pure.

A verb that stands in no table here is told by its own name and details, so a line is never lost; a test holds that
every verb of the project has its words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Detail = Mapping[str, Any]

# What a filter can ask for: its name, its label, and how the verbs begin that it lets through.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "issues": ("Issues", ("issue.",)),
    "edits": ("Edits", ("issue.edit.",)),
    "announcements": ("Announcements", ("announcement.",)),
    "sending": ("Sending", ("sending.", "delivery.", "installation.", "cancel.", "suppressions.")),
    "members": ("Members", ("member.", "members.", "suppression.")),
    "numbers": ("Numbers", ("number.",)),
    "sources": ("Sources", ("source.",)),
    "staff": ("Staff and sign-in", ("staff.",)),
}

_PLAIN: dict[str, str] = {
    "issue.draft": "opened {about}",
    "issue.import": "brought {about} into the archive from an earlier tool",
    "issue.skip": "skipped {about}",
    "issue.move": "moved {about} to another day",
    "issue.void": "withdrew the approval of {about}",
    "issue.hold": "held {about} back",
    "issue.unhold": "let {about} go on, as a draft",
    "issue.release": "let {about} out by hand",
    "issue.publish": "published {about} in the archive",
    "issue.handing_over": "began to hand {about} over",
    "issue.released": "let {about} go out",
    "issue.sent": "closed {about}: every copy has its outcome",
    "issue.stop": "stopped {about}",
    "issue.pass-on": "passed the entries of {about} on to the next issue",
    "issue.canary_passed": "let {about} go on from its first group to everybody",
    "issue.erratum": "added an erratum to the record of {about}",
    "announcement.begin": "began {about}",
    "announcement.discard": "discarded {about}",
    "delivery.second-copy": "reported a second copy of {about} to somebody",
    "installation.disarm": "disarmed the installation: no real mail leaves",
    "installation.keys": "brought another list of keys for links or suppressions",
    "installation.restore": "restored the installation from a backup",
    "sending.pause": "paused the sending",
    "sending.resume": "let the sending go on",
    "cancel.try": "began to try out whether a cancelled mail stays away",
    "cancel.prove": "saw that a cancelled mail stays away",
    "cancel.disprove": "saw that a cancelled mail arrives all the same",
    "member.join": "joined ({about})",
    "member.leave": "left ({about})",
    "member.return": "came back ({about})",
    "member.choose": "chose what to receive ({about})",
    "member.announcements": "wants announcements again ({about})",
    "member.no_announcements": "left the announcements and keeps the digest ({about})",
    "member.preview": "looked at the coming issue as {about} gets it",
    "member.export": "asked for what is held ({about})",
    "member.erase": "erased {about}",
    "member.remove": "removed what was left of {about}",
    "member.rename": "corrected the name of {about}",
    "members.rekey": "moved the roll to a new suppression key",
    "source.add": "began to read {about}",
    "source.readdress": "reads {about} at another address",
    "source.drop": "reads {about} no more: config.toml does not name it",
    "number.reserved": "set {about} aside",
    "number.skipped": "left {about} out",
    "staff.rename": "corrected the name of {about}",
    "staff.disable": "closed the account of {about}",
    "staff.enable": "opened the account of {about} again",
    "staff.unlock": "unlocked the account of {about}",
    "staff.factor-reset": "removed the second factor of {about}",
    "staff.password": "changed the password",
    "staff.sign-out": "signed out",
}

_EDITS: dict[str, str] = {
    "drop": "dropped {item} from {about}",
    "hold": "held {item} for the issue after {about}",
    "include": "put {item} into {about}",
    "restore": "put {item} back as it was in {about}",
    "pin": "pinned {item} in {about}, or let it loose",
    "move": "moved {item} in {about}",
    "order": "changed the order of a section of {about}",
    "rewrite": "rewrote {item} in {about}",
    "add": "added {item} to {about} by hand",
    "apart": "took {item} apart from another story in {about}",
    "join": "joined {item} with another story in {about}",
    "intro": "wrote the intro of {about}",
    "outro": "wrote the outro of {about}",
    "subject": "wrote the subject of {about}",
    "preheader": "wrote the preheader of {about}",
    "when": "gave {about} its time",
    "undo": "took back the last change of {about}",
    "redo": "made the change of {about} that was taken back once more",
    "reviewed": "marked {about} as reviewed",
}
_HOW = {"password": "with the password", "password+code": "with password and code", "sso": "by single sign-on",
        "sso+code": "by single sign-on and a code"}  # fmt: skip
_FACTOR = {"app": "an authenticator app", "codes": "recovery codes"}


def words_of_line(verb: str, detail: Detail, *, about: str, item: str = "") -> str:
    """`approved issue 737 (revision 4)`. `about` and `item` are what the line speaks of, in words."""
    made = _made(verb, detail, about)
    if made is None and verb.startswith("issue.edit."):
        made = _EDITS.get(verb.removeprefix("issue.edit."))
    made = made or _PLAIN.get(verb) or _unknown(verb, detail)
    text = made.replace("{about}", about).replace("{item}", f"“{item}”" if item else "an item")
    why = " ".join(str(detail.get("why") or detail.get("reason") or "").split())
    return f"{text}: “{why}”" if why and verb not in _TELLS_WHY else text


def has_words(verb: str) -> bool:
    """Whether the verb is one that is told in words of its own."""
    edit = verb.removeprefix("issue.edit.") if verb.startswith("issue.edit.") else ""
    return verb in _PLAIN or verb in _MADE or edit in _EDITS


def _made(verb: str, detail: Detail, about: str) -> str | None:
    maker = _MADE.get(verb)
    return maker(detail, about).replace("{", "(").replace("}", ")") if maker else None


def _approve(detail: Detail, about: str) -> str:
    part = f", approval {detail['approvals']}" if detail.get("approvals") else ""
    revision = f" (revision {detail['revision']}{part})" if detail.get("revision") is not None else ""
    override = str(detail.get("override") or "")
    return f"approved {about}{revision}" + (
        f", in spite of a finding that blocks it: “{override}”" if override else ""
    )


def _fallback(detail: Detail, about: str) -> str:
    return f"could not make every edition of {about}: {_count(detail.get('members'), 'member')} got the whole issue"


def _test(detail: Detail, about: str) -> str:
    to, others = detail.get("to"), detail.get("others")
    named = [str(address) for address in to] if isinstance(to, list) else []
    whom = ", ".join([*named, *([_count(others, "other address", "other addresses")] if others else [])])
    return f"sent a test of {about} to {whom or 'nobody'}"


def _settle(detail: Detail, about: str) -> str:
    was = "were sent" if detail.get("verdict") == "sent" else "were not sent"
    return f"settled {_count(detail.get('copies'), 'unknown copy', 'unknown copies')} of {about}: they {was}"


def _arm(detail: Detail, about: str) -> str:
    return f"armed the installation: real mail leaves through {detail.get('provider') or 'the provider'}"


def _pull(detail: Detail, about: str) -> str:
    part = "" if detail.get("complete", True) else ", of which some could not be read"
    return f"took over the provider's suppressions{part}"


def _import(detail: Detail, about: str) -> str:
    return f"brought members in from a list{_tally(detail)}"


def _sync(detail: Detail, about: str) -> str:
    return f"brought the roll in line with a list{_tally(detail)}"


def _suppress(detail: Detail, about: str) -> str:
    return f"stopped sending to an address ({_source(detail)}; {about})"


def _lift(detail: Detail, about: str) -> str:
    return f"let an address be sent to again ({about})"


def _let_in(detail: Detail, about: str) -> str:
    return f"let in {_count(detail.get('entries'), 'entry', 'entries')} that {about} had brought at once"


def _source_state(detail: Detail, about: str) -> str:
    return f"found {about} {_state(detail.get('state'))}, before {_state(detail.get('before'))}"


def _staff_add(detail: Detail, about: str) -> str:
    done = "changed the account of" if detail.get("new") is False else "made an account for"
    return f"{done} {about}, {_role(detail.get('role'))}"


def _staff_role(detail: Detail, about: str) -> str:
    return f"made {about} {_role(detail.get('role'))}, before {_role(detail.get('before'))}"


def _sign_in(detail: Detail, about: str) -> str:
    return f"signed in {_HOW.get(str(detail.get('how')), '')}".rstrip() + _place(detail)


def _sign_in_failed(detail: Detail, about: str) -> str:
    if detail.get("how") == "sso":
        return "did not get through single sign-on"
    return "typed a wrong password" + _place(detail)


def _sign_in_refused(detail: Detail, about: str) -> str:
    why = (
        "their address is not verified" if detail.get("why") == "not-verified" else "nobody knows their address here"
    )
    return f"came by single sign-on and was refused: {why}"


def _locked_out(detail: Detail, about: str) -> str:
    return f"is locked out for {_count(detail.get('minutes'), 'minute')} after wrong passwords" + _place(detail)


def _code_failed(detail: Detail, about: str) -> str:
    return "typed a wrong code" + _place(detail)


def _factor(done: str) -> Callable[[Detail, str], str]:
    return lambda detail, about: f"{done} {_FACTOR.get(str(detail.get('factor')), 'a second factor')}"


_MADE: dict[str, Callable[[Detail, str], str]] = {
    "issue.approve": _approve,
    "issue.edition-fallback": _fallback,
    "issue.test": _test,
    "delivery.settle": _settle,
    "installation.arm": _arm,
    "suppressions.pull": _pull,
    "members.import": _import,
    "members.sync": _sync,
    "suppression.add": _suppress,
    "suppression.lift": _lift,
    "source.release": _let_in,
    "source.state": _source_state,
    "staff.add": _staff_add,
    "staff.role": _staff_role,
    "staff.sign-in": _sign_in,
    "staff.sign-in-failed": _sign_in_failed,
    "staff.sign-in-refused": _sign_in_refused,
    "staff.locked-out": _locked_out,
    "staff.code-failed": _code_failed,
    "staff.factor-add": _factor("set up"),
    "staff.factor-remove": _factor("removed"),
    "staff.factor-renew": _factor("made new"),
}
_TELLS_WHY = {"staff.sign-in-refused"}


def _unknown(verb: str, detail: Detail) -> str:
    told = ", ".join(f"{key} {value}" for key, value in detail.items() if isinstance(value, str | int | float))
    plain = verb.replace(".", " ").replace("-", " ").replace("_", " ")
    return f"{plain} ({{about}}{'; ' + told.replace('{', '(') if told else ''})"


def _place(detail: Detail) -> str:
    place = detail.get("place")
    return f", from {place}" if place and place != "unknown" else ""


def _state(state: object) -> str:
    return "well" if state == "ok" else str(state or "unknown")


def _role(role: object) -> str:
    text = str(role or "staff")
    return f"an {text}" if text[0] in "aeiou" else f"a {text}"


def _source(detail: Detail) -> str:
    return str(detail.get("source") or "by hand")


def _tally(detail: Detail) -> str:
    parts = [
        f"{value:,} {key}" for key, value in detail.items() if isinstance(value, int) and value and key != "rows"
    ]
    return f" ({', '.join(parts)})" if parts else ""


def _count(number: object, one: str, many: str = "") -> str:
    n = number if isinstance(number, int) else 0
    return f"{n:,} {one if n == 1 else many or one + 's'}"
