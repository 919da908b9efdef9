"""How fast vendors serve: milestones of holds, the working-day clock, and what became of the handbook's promises.

`calendar` knows working days, `clock` judges one hold, `milestones` is what vendors report: these are pure. `reading`
asks the database for what the clock needs, set by set.
"""
