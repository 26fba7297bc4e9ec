"""What a language model is told: versioned files beside this one, filled in with a tenant's taxonomy.

``load_prompt("decide-1")`` gives a ``Prompt``; its ``id`` (name and SHA-256) goes into every record that came of it.
A published file is never changed: a change is a file with the next number (``docs/prompts.md``).
"""

from models.llm.prompts.artefact import MAX_EXAMPLES, Prompt, labels_shown, load_prompt
from models.llm.prompts.question import Example, Question

DECIDE = "decide-1"
"""The prompt that decides concerns."""

__all__ = ["DECIDE", "MAX_EXAMPLES", "Example", "Prompt", "Question", "labels_shown", "load_prompt"]
