"""The product under a second edition, whose every number is another: what works with five stars works with six."""
