"""The ledger's tables, in Tortoise's migrations."""
