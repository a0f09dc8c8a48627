"""The templates of an issue: the association's own laid over the theme's, those over the built-in ones, file by file.

A template may take in the one it replaces, and add to it: `theme/NAME` is what the theme has (the built-in one where
it has none), `built-in/NAME` what is there without any theme.

All of them are read once, when a renderer is made: what the fingerprint covers is then what renders, even when
somebody saves a template in the meantime.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from digest.errors import TemplateError

SUFFIX = ".j2"
THEMES = "themes/"
BENEATH = ("built-in/", "theme/")
PLAIN = ".txt.j2"  # plain text has no markup to escape into


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFile:
    """One template as it was read. `own` tells the association's from a built-in one."""

    name: str
    path: Path
    source: str
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """A snapshot of every template, by name (`issue.mjml.j2`, `sections/list.txt.j2`)."""

    files: tuple[TemplateFile, ...]
    environment: jinja2.Environment = field(compare=False, repr=False)

    @property
    def sha256(self) -> str:
        whole = hashlib.sha256()
        for file in self.files:
            whole.update(f"{file.name}\0{file.source}\0".encode())
        return whole.hexdigest()

    @property
    def own(self) -> tuple[Path, ...]:
        """The association's own files that take part."""
        return tuple(file.path for file in self.files if file.own)

    def names(self) -> frozenset[str]:
        return frozenset(file.name for file in self.files)

    def path_of(self, name: str) -> Path | None:
        return next((file.path for file in self.files if file.name == name), None)

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """The template `name` with `values`. Raises TemplateError naming the file and the line."""
        try:
            return self.environment.get_template(name).render(values)
        except jinja2.TemplateSyntaxError as error:
            raise _failure(error.filename or error.name or name, error.lineno, error.message or "") from error
        except jinja2.TemplatesNotFound as error:
            wanted = " or ".join(str(n) for n in error.templates)
            path, line = self._place(error, name)
            raise _failure(path, line, f"it needs the template {wanted}, and there is no such file") from error
        except jinja2.TemplateNotFound as error:
            path, line = self._place(error, name)
            raise _failure(path, line, f"it needs the template {error.name}, and there is no such file") from error
        except Exception as error:
            path, line = self._place(error, name)
            raise _failure(path, line, str(error) or type(error).__name__) from error

    def _place(self, error: BaseException, name: str) -> tuple[str, int | None]:
        """Where in a template the error arose: the innermost template in the traceback."""
        known = {str(file.path) for file in self.files}
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if frame.filename in known:
                return frame.filename, frame.lineno
        path = self.path_of(name)
        return str(path) if path else name, None


def load_templates(own: Path, built_in: Path, theme: str = "") -> Templates:
    """Read the templates of `built_in`, those of its themes/`theme` over them, and those of `own` over both.

    `own` need not exist, nor need a theme have templates. Raises TemplateError for a file that cannot be read.
    """
    plain = _read_all(built_in, own=False, without=THEMES)
    dress = _read_all(built_in / THEMES / theme, own=False) if theme else {}
    mine = _read_all(own, own=True, without=THEMES) if own.resolve() != built_in.resolve() else {}
    layers = ({**plain, **dress, **mine}, plain, {**plain, **dress})
    found = {
        prefix + name: replace(file, name=prefix + name)
        for prefix, layer in zip(("", *BENEATH), layers, strict=True)
        for name, file in layer.items()
    }
    return _compiled(tuple(found[name] for name in sorted(found)))


def _read_all(folder: Path, *, own: bool, without: str = "\0") -> dict[str, TemplateFile]:
    found = {}
    for path in sorted(folder.rglob(f"*{SUFFIX}")) if folder.is_dir() else ():
        name = path.relative_to(folder).as_posix()
        if not name.startswith(without):
            found[name] = TemplateFile(name=name, path=path, source=_read(path), own=own)
    return found


@lru_cache(maxsize=8)
def _compiled(files: tuple[TemplateFile, ...]) -> Templates:
    """One environment for each state of the files, so that compiling is paid for once."""
    by_name = {file.name: file for file in files}

    def load(name: str) -> tuple[str, str, Any] | None:
        file = by_name.get(name)
        return (file.source, str(file.path), lambda: True) if file else None

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        autoescape=lambda name: not (name or "").endswith(PLAIN),  # noqa: S701 - markup is escaped
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    return Templates(files=files, environment=environment)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(
            f"The template {path} is not UTF-8 text (byte {error.start}).", hint="Save it as UTF-8 and try again."
        ) from None
    except OSError as error:
        raise TemplateError(f"The template {path} cannot be read: {error.strerror}.") from None


def _failure(path: str, line: int | None, words: str) -> TemplateError:
    where = f"The template {path}, line {line}" if line else f"The template {path}"
    return TemplateError(
        f"{where}, does not render: {words.rstrip('.')}.",
        hint="Mend that line, or delete the file to go back to the built-in one. Nothing was sent.",
    )
