"""The append-only ledger of every benefit grant and use: holds, redemptions, reversals, grants and expiries.

Shared by its packages and kept in this folder: ids, commands, refusals and their messages. The packages, each resting
on those before it: `entitlement` and `service_levels` (the rules), `quotas` and `vendors`, `posting` (the only way in),
`reports` (what is read and exported), `reconciliation`, `verifying`, `what_if`. `auditing` records who looked at whose
data.
"""
