"""The composition root: settings, tokens, the command line, the web service and the embedded PostgreSQL.

No other package imports this one. Clock, environment and files are read here and passed down.
"""
