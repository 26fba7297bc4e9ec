"""The vector index in Qdrant Edge: Qdrant's engine inside our process, its files in one directory.

``edge`` answers the port; ``shard`` is the only place that talks to the library and puts the tenant into
every question; ``home`` keeps directories, lock and pointer; ``errors`` translates what the library raises.
"""
