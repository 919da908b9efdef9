"""What people read of the ledger: pages, sums, service levels, files."""
