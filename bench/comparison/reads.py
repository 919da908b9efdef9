"""Reads as front ends send them: a page of members, one customer's star, the member card, the activity of a year."""
