"""Compiled execution of GraphQL operations for Strawberry: see README.md."""

from planned.cache import MOST_BYTES, PlanCache
from planned.executor import PlannedExecution
from planned.running import VariantOf

__all__ = ["MOST_BYTES", "PlanCache", "PlannedExecution", "VariantOf"]
