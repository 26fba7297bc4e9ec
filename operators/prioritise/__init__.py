"""The priority stage: from assignments and ticks to scores, issues and alerts.

In:    topic ``assignments`` of one journal partition, with theme records and events in the same order.
Out:   topics ``priorities``, ``linear``, ``alerts``.
State: rows in tables (``rows``); windows are rebuilt from them (``book``). No text but sealed quotes.
Elsewhere: the formula and the rules (``models.priority``), the issue's words (``operators.linear_issue``).
"""

from operators.prioritise.step import Opener, PrioritiseStep

__all__ = ["Opener", "PrioritiseStep"]
