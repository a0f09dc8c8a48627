"""Where a roll comes from: a file, standard input, or what a command prints. All end as a file one can go back in."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from digest.errors import UsageError

COMMAND_SECONDS = 600


@contextlib.contextmanager
def opened_file(path: Path) -> Iterator[BinaryIO]:
    """The file; `-` is standard input. Raises UsageError in words."""
    if str(path) == "-":
        with tempfile.TemporaryFile() as spool:
            shutil.copyfileobj(sys.stdin.buffer, spool)
            spool.seek(0)
            yield spool
        return
    try:
        file = path.open("rb")
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder.", hint="Name the CSV file in it.") from None
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.", hint="Check the path.") from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", hint="Check the path and who may read it."
        ) from None
    with file:
        if not file.seekable():  # a pipe by name
            with tempfile.TemporaryFile() as spool:
                shutil.copyfileobj(file, spool)
                spool.seek(0)
                yield spool
            return
        yield file


@contextlib.contextmanager
def opened_command(command: str, *, seconds: float = COMMAND_SECONDS) -> Iterator[BinaryIO]:
    """What the command prints, once it has ended well: half an answer would take half the members off the roll.

    The words are split as a shell does, but no shell runs: pipes belong in a script. Raises UsageError in words.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"The command cannot be read: {error}.") from None
    if not words:
        raise UsageError("The command is empty.")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            done = subprocess.run(  # noqa: S603 - the association's own command, given by its administrator
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=seconds, check=False
            )
        except FileNotFoundError:
            raise UsageError(f"There is no program {words[0]}.", hint="Nothing was changed.") from None
        except OSError as error:
            raise UsageError(f"{words[0]} cannot be run: {error.strerror}.", hint="Nothing was changed.") from None
        except subprocess.TimeoutExpired:
            raise UsageError(
                f"{words[0]} had not ended after {seconds:.0f} seconds and was stopped.", hint="Nothing was changed."
            ) from None
        if done.returncode:
            err.seek(0)
            said = err.read(100_000).decode(errors="replace").strip().splitlines()
            words_of_its_own = f": {said[-1][:200]}" if said else ""
            raise UsageError(
                f"{words[0]} ended with status {done.returncode}{words_of_its_own}.", hint="Nothing was changed."
            )
        out.seek(0)
        yield out
