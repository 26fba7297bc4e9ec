"""The edge's process: a Faust app whose pages, timers and readers are thin; what they do is ``wiring.edge``'s.

Faust keeps no results here: no tables, no changelogs. What must last lies in the journal and in the SQL store.
"""
