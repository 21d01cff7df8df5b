"""Deletion of all data of a withdrawn speaker, source or annotator.

Here belongs what finds and rewrites every file of a corpus that holds such data, one module for
each kind of file; the tombstone that stays is defined in `manifests.storage.tombstones`.
"""
