"""init, demo, doctor: from nothing to an installation, and whether it is well."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from digest.commands.common import clock, start
from digest.errors import DigestError, StorageError


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(demo)
    app.command()(doctor)


def init(directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")]) -> None:
    """Make a new installation: config.toml with the sample association, keys and database."""
    from digest.commands.sample_config import config_text

    target = directory / "config.toml"
    if target.exists():
        raise StorageError(
            f"{target} is already there; nothing was changed.",
            hint="Choose another folder, or go on with that one: `digest gather --config " + str(target) + "`.",
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        target.write_text(config_text(), encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{directory} cannot be written: {error.strerror}.",
            hint="Choose another folder, or mend its permissions.",
        ) from None
    os.environ["DIGEST_CONFIG_OPTION"] = str(target)
    config, _ = start()
    print(
        f"Made {directory}: config.toml, {config.storage.keys} (keep it private, back it up) and the database.\n"
        f"It runs the sample association until you put your own sources into config.toml.\n\n"
        f"  cd {directory}\n"
        f"  digest doctor                      what is still missing\n"
        f"  digest staff add YOU@EXAMPLE.ORG   your own way into the newsroom\n"
        f"  digest members import FILE.csv     who receives it: looks; with --apply, does it\n"
        f"  digest serve                       pages and clock, at {config.web.base_url}"
    )


def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop after the issue is sent and published.")] = False,
    directory: Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where the demo lives.")] = Path("demo"),
    port: Annotated[int, typer.Option("--port", help="Port to serve on.")] = 8000,
) -> None:
    """Run a whole Monday of the sample association in a folder of its own, then serve it."""
    from digest.commands.demonstration import greeting, prepare, run_monday

    now = clock()
    config, keys = prepare(directory, port=port, real_now=now)
    for line in run_monday(config, keys, real_now=now):
        print(line, flush=True)
    if not once:
        from digest.commands.serving import serve_pages

        serve_pages(config, keys, host=config.web.host, port=port, greeting=greeting(config))


def doctor(
    prove_cancel: Annotated[
        str,
        typer.Option(
            "--prove-cancel",
            metavar="ADDRESS",
            help="Try out on the provider's account that a cancelled mail stays away, with two mails to ADDRESS.",
        ),
    ] = "",
) -> None:
    """Check the installation and say what to do about what is amiss."""
    config, keys = start()
    if prove_cancel:
        from digest.commands.proving import prove

        prove(config, keys, prove_cancel, now=clock())
        return
    from digest.pipeline.doctor import examine

    findings = examine(config, keys, now=clock(), ask_outside=True)
    for finding in findings:
        print(f"{finding.mark:<5} {finding.subject}: {finding.words}")
        if finding.todo:
            print(f"      -> {finding.todo}")
    broken = [f for f in findings if f.mark == "FAIL"]
    if broken:
        raise DigestError(
            f"{len(broken)} of {len(findings)} checks failed.", hint="The lines marked -> say what to do."
        )
