"""Ingest: files of any of the usual formats and shapes → `samples`, `turns` and `rejects`.

files, remote, streams   what the user named → bytes
formats, split, tabular  bytes → rows as JSON text with line numbers (`readers` chooses)
shapes, roles            which keys hold the conversation, who speaks
routes                   the common rows, by SQL
rows, conversation       all other rows, in Python; both give the same result
keys                     what makes texts and conversations equal
load                     one transaction: leave out duplicates, insert, count
"""

from laserdb.warehouse.ingest.load import ingest
from laserdb.warehouse.ingest.options import FileSummary, IngestOptions, IngestSummary

__all__ = ["FileSummary", "IngestOptions", "IngestSummary", "ingest"]
