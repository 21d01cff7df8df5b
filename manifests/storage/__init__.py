"""Safe files of the corpus folder: records, shards, atomic writes, locks, frozen clips, tombstones.

Field names and file formats are defined here only; versions of a manifest are in `versions`.
"""
