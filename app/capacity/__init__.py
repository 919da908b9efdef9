"""Capacity of the process: places, queues, connections and deadlines for each class of work."""
