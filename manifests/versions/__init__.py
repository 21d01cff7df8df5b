"""Versions of a manifest on disk: find, open, verify, compare and redact them.

Making a version belongs in `building`, the division of its clips in `splits`.
"""
