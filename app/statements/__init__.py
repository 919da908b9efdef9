"""Importing statements from sheets: CSV and workbooks, with column names as vendors write them.

A sheet is read row by row, never as a whole: a million lines take no more memory than a thousand. Every problem is
reported with its row, its column (as the sheet names it) and the reason, so that all can be corrected at once.
"""
