"""The tables of customers, events and ratings, in Tortoise's migrations."""
