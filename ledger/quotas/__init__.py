"""Quotas: granted, used, held and remaining units of one pool, of a member, and of all members (the liability)."""
