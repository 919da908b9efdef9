"""Queries, one subject a file: resolvers check the viewer, read set-based, and convert."""
