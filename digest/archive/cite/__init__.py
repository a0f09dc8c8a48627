"""Citations: an issue, or a publication in one, for reference managers. Pure.

reference.py   what is cited, as one value
names.py       people's names, as far as they can be told apart from other words
bibtex.py      BibTeX
ris.py         RIS
csl.py         CSL-JSON
"""

from collections.abc import Callable, Mapping, Sequence

from digest.archive.cite.bibtex import bibtex
from digest.archive.cite.csl import csl_json
from digest.archive.cite.reference import Reference, of_issue, of_item, publications
from digest.archive.cite.ris import ris

__all__ = ["FORMS", "Reference", "of_issue", "of_item", "publications"]

FORMS: Mapping[str, tuple[str, Callable[[Sequence[Reference]], str]]] = {
    "bib": ("application/x-bibtex; charset=utf-8", bibtex),
    "ris": ("application/x-research-info-systems; charset=utf-8", ris),
    "csl.json": ("application/vnd.citationstyles.csl+json; charset=utf-8", csl_json),
}
"""By the ending of a file's name: its media type and its writer."""
