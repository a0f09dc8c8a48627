"""Find config.toml, read it, and say in words what is wrong with it."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from digest.config.settings import Config
from digest.errors import ConfigError

FILE_NAME = "config.toml"
VARIABLE = "DIGEST_CONFIG"


def find_config(explicit: str | None = None, *, environ: Mapping[str, str] = os.environ) -> Path:
    """The file to read: `explicit` (--config), else $DIGEST_CONFIG, else ./config.toml.

    Raises ConfigError when it is not there.
    """
    for given, origin in ((explicit, "--config"), (environ.get(VARIABLE), f"${VARIABLE}")):
        if given:
            path = Path(given)
            path = path / FILE_NAME if path.is_dir() else path
            if not path.is_file():
                raise ConfigError(
                    f"{origin} names {given}, but there is no such file.",
                    hint="Check the path, or make a new folder with `digest init DIR`.",
                )
            return path.resolve()
    path = Path(FILE_NAME)
    if not path.is_file():
        raise ConfigError(
            f"There is no {FILE_NAME} in {Path.cwd()}.",
            hint="Go to the folder that holds it, name it with --config FILE, or make one with `digest init DIR`.",
        )
    return path.resolve()


def load_config(path: Path) -> Config:
    """Read and validate `path`. Raises ConfigError with one line for each thing that is wrong."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8 text (byte {error.start}).", hint="Save it as UTF-8 and try again."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.", hint="Mend that line and try again.") from None
    if "root" in raw:
        raise ConfigError(f"{path}: root: unknown key.", hint="The folder is the one config.toml stands in.")
    try:
        return Config.model_validate({**raw, "root": path.parent})
    except ValidationError as error:
        lines = [f"{path}: {_explain(problem, raw)}" for problem in error.errors()]
        raise ConfigError("\n".join(lines), hint="Nothing was done. Mend the file and try again.") from None


def describe_unknown(value: str, known: Iterable[str]) -> str:
    """`expected one of a, b, c, not 'x' (did you mean 'b'?)` - for a value that a registry does not know."""
    names = sorted(known)
    close = difflib.get_close_matches(value, names, n=1, cutoff=0.5)
    guess = f" (did you mean {close[0]!r}?)" if close else ""
    return f"expected one of {', '.join(names)}, not {value!r}{guess}"


def _explain(problem: Any, raw: Mapping[str, Any]) -> str:
    where = _place(problem["loc"], raw)
    kind = problem["type"]
    if kind == "extra_forbidden":
        known = _known_keys(problem["loc"][:-1])
        key = str(problem["loc"][-1])
        close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
        guess = f" Did you mean {close[0]!r}?" if close else f" Known keys: {', '.join(sorted(known))}."
        return f"{where}: unknown key.{guess}"
    if kind == "missing":
        return f"{where}: this key is missing."
    text = str(problem["msg"])
    if kind == "value_error":
        text = text.removeprefix("Value error, ")
    elif kind == "literal_error":
        text = f"expected one of {problem['ctx']['expected']}"
    elif kind == "too_short":
        text = "expected at least one entry"
    else:
        text = text.replace("Input should be", "expected").replace("Input should have", "expected")
    given = problem.get("input")
    shown = f", not {given!r}" if isinstance(given, str | int | float | bool) and repr(given) not in text else ""
    return f"{where}: {text}{shown}." if where else f"{text}{shown}."


def _place(loc: tuple[str | int, ...], raw: Any) -> str:
    """`sources[2] ("blog").url` - the path of a key, with the id of a list's entry beside its index."""
    out = ""
    for part in loc:
        if isinstance(part, int):
            raw = raw[part] if isinstance(raw, list) and part < len(raw) else None
            name = raw.get("id") if isinstance(raw, dict) else None
            out += f"[{part + 1}]" + (f' ("{name}")' if name else "")
        else:
            raw = raw.get(part) if isinstance(raw, dict) else None
            out += f".{part}" if out else part
    return out


def _known_keys(loc: tuple[str | int, ...]) -> list[str]:
    model: Any = Config
    for part in loc:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        model = next(
            (a for a in (annotation, *get_args(annotation)) if isinstance(a, type) and issubclass(a, BaseModel)),
            None,
        )
        if model is None:
            return []
    return [name for name in model.model_fields if name != "root"]
