"""Verifying the ledger: every entry is replayed, every cache compared, every clock checked."""
