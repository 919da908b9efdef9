"""Service levels: milestones of holds, the clock, and whether the handbook's promises were kept.

`clock` judges one hold, `milestones` is what vendors report: these are pure. `reading` asks the database for what the
clock needs, set by set. Working days are the handbook's (`Handbook.calendar`).
"""
