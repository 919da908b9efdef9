"""`import`: the history stream, from a file, a compressed file or standard input."""
