"""Files for people and programs: the ledger, findings, settlements, as CSV, JSON Lines and workbooks.

One list of columns a kind of file, whatever the form; the forms (`csvs`, `workbook`) know nothing of what they write.
Both the command line and the web service write by these functions, so a file is the same wherever it comes from.
"""
