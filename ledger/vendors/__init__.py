"""Vendors and their contracts: who delivers which benefit, from when, for how much."""
