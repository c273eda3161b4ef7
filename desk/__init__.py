"""Screens of the officers' desk: a process of its own, on this machine only. The public app imports nothing of it."""
