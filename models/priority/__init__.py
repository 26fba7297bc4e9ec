"""How much a theme matters: integer windows, a written-out impact, intervals, and rules with two bounds.

Everything here is a pure function of integers, so a replay gives the same bytes; ``docs/priority.md``
writes the formula out. Elsewhere: state per tenant and the records (``operators.prioritise``).
"""
