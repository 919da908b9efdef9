"""The GraphQL API: types, queries, mutations, loaders, permissions, limits.

Thin: no rule lives here. `rating` and `ledger` decide; this package calls them and shows the results.
"""
