"""The vector index in Qdrant: its engine inside our process, or a server, behind the same port.

``points`` says how themes and concerns look in both. Embedded: ``edge`` answers the port; ``shard`` is the only place
that talks to the library and puts the tenant into every question; ``home`` keeps directories, lock and pointer;
``errors`` translates what the library raises. Server: ``server`` answers the port and ``open_server_index`` opens it;
``tenant`` is the only place that asks about points; ``client`` is patient and translates; ``delivery`` and ``outbox``
keep writes while the server is away; ``aliases`` and ``build`` make collections and switch between them.
"""
