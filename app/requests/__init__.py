"""What every request gets, whoever answers it: an id and a line in the log, errors of one form, a language."""
