"""Inter-annotator agreement: α and κ, statistics of annotators, report and page.

Here belong figures about people's votes; the labels that follow from these belong in
`annotation.labels`.
"""
