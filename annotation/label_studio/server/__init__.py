"""The corpus's own Label Studio: `corpus label-server`, its process, accounts and folders.

Talking to a running server belongs one level up, in `annotation.label_studio`.
"""
