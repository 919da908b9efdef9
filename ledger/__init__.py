"""The append-only ledger of every benefit grant and use: holds, redemptions, reversals, grants and expiries."""
