"""What may be done, one mutation a file: build the command, hand it to the ledger, show its answer.

No rule lives here: what is allowed is decided by `ledger` and `rating`, and who may ask by `schema.permissions`.
"""
