"""The published record: one folder for each issue under issues/, written once.

record.py   writes issues/736/, and never over anything
index.py    reads the folders back, for the pages
"""

from digest.archive.index import Archive, Published, archive_of
from digest.archive.record import FILES, write_record

__all__ = ["FILES", "Archive", "Published", "archive_of", "write_record"]
