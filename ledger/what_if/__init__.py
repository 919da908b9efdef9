"""The effect of another handbook on all customers, computed without writing."""
