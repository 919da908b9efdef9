"""Who may use which benefit, and when: a customer's account, and the rules of the handbook.

`loading` reads customers; all else is pure.
"""
