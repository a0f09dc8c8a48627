"""Search in the record: a word, a "phrase", a beginn*, and not -this.

analysis.py   text to words as the index holds them: folded, without accents, reduced to their stem. Pure
query.py      what a reader typed, as terms; whatever it is, it is only ever words. Pure
highlight.py  the found words in their text. Pure
engine.py     what a database must be able to do, and which one does it here
sqlite.py     FTS5
postgres.py   tsvector and a GIN index
index.py      an issue's items into the index, and the index anew from the files
find.py       a search: terms and filters in, results out

The words are made here and not by the database, so both find the same, in any of the languages that Snowball knows.
"""

from digest.archive.search.engine import Filters
from digest.archive.search.find import Found, Hit, find
from digest.archive.search.index import index_issue, index_missing, rebuild

__all__ = ["Filters", "Found", "Hit", "find", "index_issue", "index_missing", "rebuild"]
