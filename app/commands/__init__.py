"""The commands of `entitlements`, one a file; each reads its arguments, calls what is below, and says what happened."""
