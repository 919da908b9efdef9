"""The web server: connections and their bounds, one process, several processes."""
