"""What the process can do at once: places, queues, connections and deadlines for each class of work."""
