"""Faults: processes killed, connections cut, disks filled, clocks moved, while clients ask. `make chaos` runs them.

A fault test that belongs to one part of the service stands beside the other tests of that part, marked `chaos`; here is
what concerns the service as a whole.
"""
