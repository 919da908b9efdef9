"""Files for people and programs: the ledger, findings, settlements, as CSV, JSON Lines and workbooks.

One list of columns for each kind of file, whatever the form; the forms (`csvs`, `workbook`) do not depend on the
content. The command line and the web service use the same functions, so their files are the same.
"""
