"""Authentication: tokens, the keys that prove them, and revocations."""
