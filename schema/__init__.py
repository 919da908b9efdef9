"""The GraphQL API: types, queries, mutations, loaders, permissions, limits.

Thin: what a customer may do is judged in `rating` and `ledger`; this package asks, and shows the answer.
"""
