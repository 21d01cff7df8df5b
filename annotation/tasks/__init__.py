"""Choice, order and assignment of the clips to label: `corpus export-tasks`.

Here belongs what decides who gets which clip. Batches that are exported already belong in
`annotation.batches`, sending them in `annotation.label_studio`.
"""
