"""Reconciliation: what vendors state against what the ledger holds, what a person decides of it, and what is paid.

Statements are stored as they came. The match pairs their lines with redemptions, one to one, in named passes; what does
not simply agree is a finding, which a person decides. A period closes once, with a settlement that never changes: what
comes later is a line of the next one.
"""
