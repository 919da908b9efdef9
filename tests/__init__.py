"""A package, so that `tests.ledger` does not shadow `ledger`."""
