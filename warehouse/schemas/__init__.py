"""What the cells of each source must be: rules for reading text as numbers, and one schema a source.

Nothing is imported here on purpose: `cells` needs no schema library, and the workers and the readers of a published
snapshot must not pay for one.
"""
