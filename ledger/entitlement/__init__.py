"""Who may use what, and when: a customer as the ledger judges them, and the rules of the handbook.

`loading` reads customers; all else is pure.
"""
