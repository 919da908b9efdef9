"""Budgets of callers: rate limits by cost."""

from app.budgets.callers import FILE_COST, CallerBudgets

__all__ = ["FILE_COST", "CallerBudgets"]
