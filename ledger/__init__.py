"""The append-only ledger of every benefit grant and use: holds, redemptions, reversals, grants and expiries.

What everybody here speaks of stands in this folder: ids, commands, refusals and their words. Its rooms, each resting on
those before it: `entitlement` and `service_levels` (the rules), `quotas` and `vendors`, `posting` (the only way in),
`reports` (the ways out), `reconciliation`, `verifying`, `what_if`. `auditing` records who looked at whose data.
"""
