"""Statements as people send them: sheets, as CSV or workbooks, with columns called what their writer calls them.

A sheet is read row by row, never as a whole: a million lines take no more memory than a thousand. Everything that is
wrong is told with its row, its column and the reason, in the words of the sheet, so that it can be mended at once.
"""
