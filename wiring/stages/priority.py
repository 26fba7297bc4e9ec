"""What priority asks: the words of a quote, at the moment of use."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.keys.vault import LocalVault
from contracts.feedback import Sealed
from models.priority.matrix import load_matrix
from models.priority.policy import load_policy
from operators.ports import Vault
from operators.prioritise.step import PrioritiseStep
from settings import Settings
from wiring.stages.made import Made


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens quotes as text."""

    vault: Vault

    def open(self, tenant: str, sealed: Sealed) -> str | None:
        """The text, or None when its subject was erased."""
        opened = self.vault.open(tenant, sealed)
        return None if opened is None else opened.decode()


def open_alone(vault: LocalVault, settings: Settings) -> Made:
    """Priority as a flow of its own."""
    policy, matrix = load_policy(settings.rules), load_matrix(settings.matrix)
    return Made(lambda p: PrioritiseStep(p, policy, Opener(vault), matrix))
