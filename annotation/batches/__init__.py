"""Batches of exported tasks: plans, gold clips and the projects that hold them.

Here belongs what both the export of tasks and the import of answers read: annotator, kind
and project of each batch. The choice of clips belongs in `annotation.tasks`.
"""
