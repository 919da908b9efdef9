"""The composition root: settings, tokens, the command line, the web service and the embedded PostgreSQL.

Nothing below knows this package. Whatever reads the clock, the environment or a file is decided here and handed down.
"""
