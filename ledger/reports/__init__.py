"""Reads of the ledger: pages, totals, service levels, files."""
