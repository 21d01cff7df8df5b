"""Exchange with a Label Studio server: push tasks, pull answers, check that clips play.

Here belongs everything that speaks HTTP. Parsing what comes back belongs in
`annotation.judgements`, the label configuration in `annotation.scheme`.
"""
