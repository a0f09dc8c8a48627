"""Fixed words in another language: gettext catalogues, one digest/locale/<language>/LC_MESSAGES/digest.po each.

What stands in the code and the templates is British English, and is what is shown in any language without a
catalogue. The .po files are read as they are: there is no compiled file that could be older than its source. A
message that is marked fuzzy counts as not translated.
"""

from __future__ import annotations

import gettext
import io
from functools import lru_cache
from pathlib import Path

DOMAIN = "digest"
FOLDER = Path(__file__).resolve().parent / "locale"


def N_(message: str) -> str:
    """Marks `message` for the catalogues where it cannot be translated yet."""
    return message


def catalogue(language: str) -> Path:
    """Where the words of a language stand: "de", or a regional form like "pt_BR"."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages there is a catalogue of, besides English, in alphabetical order."""
    return tuple(sorted(path.name for path in FOLDER.iterdir() if catalogue(path.name).is_file()))


def spoken(language: str, fallback: str = "en-GB") -> str:
    """`language` where its words are English or there is a catalogue of them; else the same of `fallback`, or
    English. For pages and letters, which are nothing but fixed words: their direction must be that of the words."""
    for tag in (language, fallback):
        name = tag.replace("-", "_")
        if name.partition("_")[0] == "en" or any(n in languages() for n in (name, name.partition("_")[0])):
            return tag
    return "en-GB"


@lru_cache(maxsize=16)
def words_of(language: str) -> gettext.NullTranslations:
    """The words of an IETF language tag: its own catalogue, else that of its language, else English."""
    name = language.replace("-", "_")
    for known in (name, name.partition("_")[0]):
        if known in languages():
            return _read(catalogue(known))
    return gettext.NullTranslations()


def _read(path: Path) -> gettext.GNUTranslations:
    from babel.messages.mofile import write_mo  # most installations speak English and never need these
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
