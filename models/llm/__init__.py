"""Language models of vendors and of servers of one's own, behind one question: ``base.Provider.ask``.

``base`` has the words, ``errors`` what can go wrong; ``retrying``, ``breaker`` and ``failover`` make many unreliable
providers one; ``prices`` and ``spending`` say what it costs and stop it in time. Who speaks to whom is in
``connectors.llm``.
"""
