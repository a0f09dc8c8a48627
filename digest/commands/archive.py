"""archive: the public record - prove it, index it, correct it, copy it, and bring earlier issues in."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from digest.commands.common import clock, config_only, start
from digest.errors import DigestError, StateError, StorageError

app = typer.Typer(help="The public record of past issues.", no_args_is_help=True, rich_markup_mode=None)


@app.command(name="import")
def import_(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder of .html and .txt files, or a CSV file.")],
    apply: Annotated[
        bool, typer.Option("--apply", help="Store them; without it, only say what was understood.")
    ] = False,
) -> None:
    """Bring earlier issues in, from a folder of files or a CSV of title, date and url.

    A file says which issue it is by its title, its name or its first lines. Its words and public links are kept;
    its looks, and whatever is its recipient's own, are not. Days in digits are read day first: 05/02/2024.
    """
    config, _ = start()
    from digest.pipeline.earlier import import_earlier

    actor = f"command line ({getpass.getuser()})"
    done = import_earlier(config, path, apply=apply, actor=actor, now=clock())
    for heading, issues in (("stored" if apply else "new", done.new), ("there already", done.present)):
        for issue in issues:
            notes = [
                issue.origin,
                heading,
                *([f"{issue.left_out} personal links or addresses left out"] * bool(issue.left_out)),
            ]
            print(f"{issue.number:>6}  {issue.date}  {issue.title}  ({', '.join(notes)})")
            if issue.url:
                print(f"        {issue.url}")
    for word, entries in (("refused", done.refused), ("not stored", done.failed)):
        for entry in entries:
            print(f"        {entry.origin}: {word}, {entry.reason}")
    counted = f"{len(done.new)} {'stored' if apply else 'new'}, {len(done.present)} there already"
    print(f"{counted}, {len(done.refused)} refused.")
    if done.failed:
        raise DigestError(
            f"{len(done.failed)} could not be stored; the lines above say why.",
            hint="Mend that and run it again: what is stored already is left alone.",
        )
    if not apply:
        print("Nothing was stored: look the list over, then add --apply.")


@app.command()
def verify() -> None:
    """Prove the record: each file's hash, the form of each document, nothing missing, nothing added.

    Exit status 1 when something is wrong; every line then names an issue and a file. Nothing is changed.
    """
    config, _ = start()
    from digest.pipeline.public_record import verify_record

    report = verify_record(config)
    for problem in report.problems:
        print(problem)
    proof = report.proof
    issues = "1 issue" if len(proof.issues) == 1 else f"{len(proof.issues):,} issues"
    errata = "1 erratum" if proof.errata == 1 else f"{proof.errata:,} errata"
    if report.problems:
        raise StorageError(
            f"{len(report.problems)} things are wrong in the record in {config.issues_dir}."
            if len(report.problems) > 1
            else f"One thing is wrong in the record in {config.issues_dir}.",
            hint="Restore what is named from a backup, or from an export of the archive.",
        )
    print(f"{issues}, {proof.files:,} files, {errata}: all as they were written.")


@app.command()
def rebuild() -> None:
    """Make the search index anew, from the record's files alone."""
    config, _ = start()
    from digest.archive.search import rebuild as rebuild_index

    issues = items = 0
    wrong: list[str] = []
    for number, found in rebuild_index(config):
        if isinstance(found, int):
            issues, items = issues + 1, items + found
        else:
            wrong.append(f"issue {number}: {found}")
    for words in wrong:
        print(words)
    print(f"{issues:,} issues, {items:,} entries can be found by search.")
    if wrong:
        raise StorageError(
            f"{len(wrong)} issues of the record cannot be read.",
            hint="`digest archive verify` names all that is wrong.",
        )


@app.command()
def erratum(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The issue.")],
    text: Annotated[str, typer.Option("--text", help="What was wrong, and what is right. Plain text.")],
    item: Annotated[
        str, typer.Option("--item", metavar="ID", help="The item, by the part after # in its address.")
    ] = "",
) -> None:
    """Correct a published issue: a dated notice above it. The issue itself keeps its first form."""
    config, _ = start()
    from digest.pipeline.public_record import add_erratum

    actor = f"command line ({getpass.getuser()})"
    added = add_erratum(config, number, text=text, item=item, actor=actor, now=clock())
    print(f"Erratum {added.erratum} to issue {number} is published: {config.web.base_url}/issues/{number}/")


@app.command()
def schema() -> None:
    """The JSON Schema of issue.json."""
    from digest.archive.schema import schema_text

    print(schema_text(), end="")


@app.command(name="pdf")
def pdf_(
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[NUMBER]...", help="Issues; all without one.")
    ] = None,
) -> None:
    """Make the PDFs of the issues that have none yet. The clock makes them too, one a minute."""
    config = config_only()
    from digest.archive import pdf
    from digest.archive.index import archive_of

    found = archive_of(config.issues_dir).issues()
    for number in sorted(set(numbers or ()) - {issue.number for issue in found}):
        raise StateError(f"Issue {number} is not published.")
    made = 0
    for issue in pdf.missing(config, tuple(one for one in found if not numbers or one.number in numbers)):
        print(pdf.make_pdf(config, issue))
        made += 1
    print(f"{made} made." if made else "There is nothing to make: all of them are there.")


@app.command()
def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or one that an export made.")],
    base_url: Annotated[
        str, typer.Option("--base-url", metavar="URL", help="Where the copy will stand; the site's own address else.")
    ] = "",
) -> None:
    """Write the archive as a static site, which any server of files can show. Search is not part of it."""
    config, _ = start()
    from digest.web.public.export import export_archive

    done = export_archive(config, directory, base_url=base_url)
    print(f"{done.pages:,} files in {directory}, {done.bytes / 1_000_000:.1f} MB. Put them on any server of files.")
