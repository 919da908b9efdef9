"""The only way into the ledger: commands decided purely, committed in groups, and what is due posted."""
