"""gather, compose, show: bring the week in and look at it."""

from __future__ import annotations

import sys
import textwrap
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.commands.common import clock, config_only, parse_when, print_json, say, start, wall
from digest.errors import ArgumentError, DigestError

if TYPE_CHECKING:
    from digest.compose.document import Composition
    from digest.config import Config
    from digest.pipeline.sizes import SizeReport


class Format(StrEnum):
    HTML = "html"
    TEXT = "text"
    JSON = "json"
    SUBJECT = "subject"


def register(app: typer.Typer) -> None:
    app.command()(gather)
    app.command()(compose)
    app.command()(show)
    app.command()(why)


def gather(
    only: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Only these sources.")] = None,
) -> None:
    """Fetch every source and store what is new."""
    config, _ = start()
    from digest import pipeline
    from digest.config import describe_unknown

    for name in only or ():
        if name not in {s.id for s in config.sources}:
            raise ArgumentError(f"There is no such source: {describe_unknown(name, [s.id for s in config.sources])}.")
    if not config.sources:
        raise DigestError("config.toml names no sources.", hint="Add a [[sources]] table for each feed.")
    reports = pipeline.gather(config, now=clock(), only=only or ())
    width = max(len(r.title) for r in reports)
    for report in reports:
        print(f"{report.title:<{width}}  {report.words}", file=sys.stderr if report.failed else sys.stdout)
    if all(r.failed for r in reports):
        raise DigestError("No source could be gathered.", hint="See the words beside each, and `digest doctor`.")


def compose(
    as_of: Annotated[
        str,
        typer.Option(
            "--as-of", metavar="WHEN", help="The issue of the last cut-off at or before WHEN; stores nothing."
        ),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print the document and every placement as JSON.")] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Only what changed since the draft was last reviewed.")
    ] = False,
    reviewed: Annotated[
        bool, typer.Option("--reviewed", help="Mark the draft as reviewed, as it stands now.")
    ] = False,
) -> None:
    """Compose the coming issue, or that of any past week."""
    if as_of and (diff or reviewed):
        raise ArgumentError("--diff and --reviewed are about the coming issue; leave --as-of out.")
    if diff or reviewed:
        _review(mark=reviewed)
        return
    if as_of:
        config, composition = _as_of(as_of)
    else:
        config, _ = start()
        from digest import pipeline

        composition = pipeline.coming(config, now=clock()).composition
    if json:
        print_json(composition.as_json())
    else:
        _print_composition(config, composition)


def show(
    which: Annotated[str, typer.Argument(metavar="[NUMBER|next]", help="Which issue.")] = "next",
    format: Annotated[Format, typer.Option("--format", help="In which form.")] = Format.TEXT,
    edition: Annotated[
        str, typer.Option("--edition", metavar="KEY", help="As the members with this edition key get it.")
    ] = "full",
    editions: Annotated[
        bool, typer.Option("--editions", help="List instead the editions that members chose.")
    ] = False,
    sizes: Annotated[
        bool, typer.Option("--sizes", help="Print instead where its bytes are (with --format json, as JSON).")
    ] = False,
) -> None:
    """Print an issue: the coming one, or one that was approved."""
    if which != "next" and not which.isdecimal():
        raise ArgumentError(f"{which!r} is neither a number nor 'next'.")
    config, _ = start()
    if editions:
        from digest.pipeline.editions import listed

        for key, members, words in listed(config):
            print(f"{members:>9,}  {key:<32}  {words}")
        return
    number = None if which == "next" else int(which)
    if sizes:
        from digest.pipeline.sizes import sizes_of_issue

        report = sizes_of_issue(config, number, now=clock())
        if format is Format.JSON:
            print_json(report.as_json())
        else:
            _print_sizes(report)
        return
    from digest.pipeline.show import shown

    issue = shown(config, number, now=clock(), form=format.value, edition=edition)
    if isinstance(issue, str):
        print(issue)
    else:
        print_json(issue)


def why(
    wanted: Annotated[str, typer.Argument(metavar="URL|TITLE", help="An address, or words of a title.")],
    issue: Annotated[int | None, typer.Option("--issue", metavar="NUMBER", help="Only in this issue.")] = None,
) -> None:
    """Say why something is, or is not, in an issue."""
    config, _ = start()
    from digest.pipeline.why import why as explain

    answers = explain(config, wanted, number=issue, now=clock())
    if not answers:
        where = f" in issue {issue}" if issue is not None else ""
        raise DigestError(
            f"Nothing is known of {wanted!r}{where}.", hint="No source has brought it: see `digest sources`."
        )
    for title, source in dict.fromkeys((a.title, a.source) for a in answers):
        print(f"{title}\n  {source}")
        for answer in answers:
            if (answer.title, answer.source) == (title, source):
                print(f"  {answer.issue}: {answer.outcome} - {answer.reason}")


def _review(*, mark: bool) -> None:
    config, _ = start()
    import getpass

    from digest import pipeline

    now = clock()
    coming = pipeline.coming(config, now=now)
    changes = pipeline.changes_since_review(coming)
    if changes is None:
        print("The draft was never marked as reviewed.")
    else:
        print("\n".join(changes) or "Nothing changed since the draft was reviewed.")
    if mark:
        pipeline.mark_reviewed(coming, actor=f"command line ({getpass.getuser()})", now=now)
        print(f"Marked as reviewed: {coming.document.title}")


def _as_of(when: str) -> tuple[Config, Composition]:
    """Without a database everything is read from the feeds; with one, what was gathered comes from there."""
    from digest.site.boot import has_database

    config = config_only()
    at = parse_when(when, config)
    stored = has_database(config)
    if stored:
        start()
        from digest.pipeline import as_of

        composition, read = as_of(config, when=at, stored=True)
    else:
        from digest.compose.transient import as_of_unstored

        composition, read = as_of_unstored(config, when=at)
        composition = _fitted(config, composition)
    for source in read:
        if source.failure:
            print(f"{source.source.title} {source.failure}", file=sys.stderr)
    return config, composition


def _fitted(config: Config, composition: Composition) -> Composition:
    """As digest.pipeline.fitting does it, where there is no database to start Django with."""
    from digest.compose.edit import Overlay
    from digest.compose.trim import find_cut, trim
    from digest.deliver.editions import weigh
    from digest.render import Renderer
    from digest.site.boot import built_in_templates

    try:
        renderer = Renderer(config, built_in=built_in_templates())
        cut = find_cut(config, composition, Overlay(), lambda document: weigh(config, renderer, document))
    except DigestError:
        return composition  # templates that do not render are no reason not to look at the week
    return trim(config, composition, Overlay(), cut)


def _print_sizes(report: SizeReport) -> None:
    sizes = report.sizes
    print(f"{report.title}\n")
    print(f"{sizes.html:>9,}  bytes of HTML with the longest members' links, of {report.limit:,}")
    print(f"{sizes.text:>9,}  bytes of plain text\n")
    print(f"{sizes.frame:>9,}  masthead, contents, intro, footer")
    print(f"{sizes.style:>9,}  styles")
    for line in report.sections:
        print(f"{line.bytes:>9,}  {line.title}: {line.of}")
    if report.heaviest:
        print("\nThe heaviest items")
    for line in report.heaviest:
        print(f"{line.bytes:>9,}  {_short(f'{_number(line.entry)}{line.title}', 68)}")
    for warning in report.warnings:
        print(f"\n{warning}")


def _short(text: str, width: int) -> str:
    """`text` in at most `width` columns of a terminal."""
    from digest.render.wrap import columns

    if columns(text) <= width:
        return text
    while columns(text) >= width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _print_composition(config: Config, composition: Composition) -> None:
    document = composition.document
    print(document.title)
    print(f"{wall(document.window.start, config)}  to  {wall(document.window.end, config)}")
    for section in document.sections:
        print(f"\n{section.title} ({len(section.items)})")
        for item in section.items:
            print(f"  {item.title}")
            print(f"      {_number(item.entry)}{_byline(item)}")
            note = composition.notes.get(item.entry) if item.entry is not None else None
            for sentence in note.sentences(config.association.tz) if note else ():
                say(textwrap.wrap(f"! {sentence}", 96, initial_indent=" " * 6, subsequent_indent=" " * 8))
    out: list[Any] = [p for p in composition.placements if p.outcome != "included"]
    if out:
        print(f"\nNot in the issue ({len(out)})")
        for placed in out:
            print(f"  {placed.candidate.doc.title}")
            print(f"      {_number(placed.candidate.key)}{placed.candidate.source_title}: {placed.reason}")


def _number(entry: int | None) -> str:
    """`[12] `, by which `digest edit` names an item; nothing for one that is not stored."""
    return f"[{entry}] " if entry is not None and entry > 0 else ""


def _byline(item: Any) -> str:
    day = f"{item.published:%d %b %Y}" if item.published else "undated"
    return f"{item.source_title}, {day}  {item.url}"
