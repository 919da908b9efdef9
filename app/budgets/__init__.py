"""Budgets of callers: who may ask for how much in a while."""

from app.budgets.callers import FILE_COST, CallerBudgets

__all__ = ["FILE_COST", "CallerBudgets"]
