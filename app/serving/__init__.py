"""How the service serves: connections and their bounds, one process, several processes."""
