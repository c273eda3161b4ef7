"""The officers' desk: households and persons, encrypted, on one machine, apart from everything the public app reads.

No module of the public app imports this package, and nothing in it writes into a snapshot but
:mod:`warehouse.desk.aggregate`, whose counts pass the disclosure rules of a protected source.
"""
