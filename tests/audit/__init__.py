"""Audits of a running service by tools that are no part of the tests: `make audit` and `make schemathesis`."""
