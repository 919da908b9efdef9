"""The peers of `make bench`: other ways to serve the same answers from the same PostgreSQL.

None of them decides anything: they read answers that our service worked out before (`bench.peers.rows`), and check no
tokens, permissions, costs or deadlines. So each comparison favours the peer.
"""
