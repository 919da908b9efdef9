"""The only writer of entries: commands are decided purely and committed in groups; what is due is posted."""
