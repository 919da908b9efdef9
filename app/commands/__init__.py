"""The commands of `entitlements`, one a file; each parses arguments, calls other packages, and prints the result."""
