"""Mutations, one a file: build the command, pass it to the ledger, show its outcome.

No rule lives here: what is allowed is decided by `ledger` and `rating`, and who may ask by `schema.permissions`.
"""
