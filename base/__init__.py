"""What is no one's rule in particular: connections, SQL in files, outages, words in two languages, months."""
