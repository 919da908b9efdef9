"""The HTTP interface: authentication, parsing of requests, and responses."""
