"""The what-if, compared with the effect of an activation."""
