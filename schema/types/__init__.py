"""The types of the API. They declare names and meanings; the values come from the packages below.

Most are read straight off a value of `handbook`, `rating` or `ledger` whose attributes have the same names (such types
say so): nothing is copied, and below the fields of a customer every resolver is synchronous and trivial.
"""
