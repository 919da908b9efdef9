"""Common to all requests: id, access log, form of errors, content negotiation."""
