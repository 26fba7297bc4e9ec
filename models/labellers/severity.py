"""How bad it is, by rules each of which can be shown with the words that set it off.

critical: others' access, outage for many, data gone for good. high: money wrong, locked out, one's data
gone, nothing works. medium: a bug, or an angry issue. low: everything else.
Also here: the two cues beside severity, that somebody may leave and that it cannot wait.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Level = Literal["critical", "high", "medium", "low"]

_MANY = (
    r"(?:everyone|everybody|nobody|no one|all (?:of )?(?:our|my|the) (?:users|team|teams|customers|staff"
    r"|people|offices|colleagues)|(?:whole|entire) (?:team|company|office|organi[sz]ation|site|service"
    r"|system))"
)
_NO_ACCESS = (
    r"(?:can't|cannot|can not|could not|couldn't|unable to|not able to|won't let (?:me|us)|impossible to)"
)

_RULES: tuple[tuple[Level, str, re.Pattern[str]], ...] = (
    ("critical", "security", re.compile(
        r"\b(?:(?:been|was|got|were|is|account) hacked|security (?:breach|hole|incident|vulnerability)"
        r"|data (?:breach|leak)\w*"
        r"|(?:someone|somebody|a stranger) (?:else )?(?:has |had |got |gained |can )?(?:access\w*|in|into"
        r"|used|logged)"
        r"|(?:see|seeing|shows?|showed|access to) (?:\w+ ){0,2}(?:other|another|someone else's"
        r"|somebody else's) (?:\w+ )?(?:people|customer|user|account|data|compan)\w*"
        r"|gehackt|datenleck|hackead[oa]|pirat[ée]\w*)")),
    ("critical", "outage", re.compile(
        rf"\b(?:outage|(?:site|service|system|server|platform|production|everything|api|app) (?:is |are "
        rf"|was |has been |went |goes )?(?:completely |totally )?down\b"
        rf"|{_MANY} (?:\w+ ){{0,3}}(?:{_NO_ACCESS}|locked out|down|affected|logged out|offline|can (?:log"
        rf"|sign|work|access|open))"
        r"|total ausgefallen|systemausfall|störung bei allen|caído para todos|caída del (?:servicio"
        r"|sistema)|fora do ar|hors service|en panne)")),
    ("critical", "data_loss", re.compile(
        r"\b(?:(?:lost|losing|lose|wiped|deleted|erased) (?:all|everything|every)|all (?:of )?(?:my|our"
        r"|the) (?:\w+ ){1,3}(?:(?:is|are|was|were|has|have|just) )?(?:been )?(?:gone|lost|deleted|wiped"
        r"|disappeared|vanished)"
        r"|alle (?:meine |unsere )?(?:daten|dateien) (?:sind )?(?:weg|gelöscht|verloren)|perd[ií] todos?"
        r"|perdi todos?|perdu toutes?)")),
    ("high", "payment_wrong", re.compile(
        r"\b(?:charged (?:\w+ ){0,3}(?:twice|double|again|two times|three times|after|without|even though"
        r"|the wrong)|double.?charg\w+|over.?charged"
        r"|(?:wrong|incorrect) (?:amount|charge)|unauthori[sz]ed (?:charge|payment|transaction|withdrawal)"
        r"|money (?:\w+ ){0,3}(?:missing|gone|taken|disappeared|stolen)"
        r"|took (?:my )?money|doppelt abgebucht|cobr\w+ (?:dos|duas) ve[cz]es|débit\w* deux fois)")),
    ("high", "locked_out", re.compile(
        rf"\b(?:{_NO_ACCESS} (?:\w+ ){{0,2}}(?:log|sign|get) ?(?:in|into|on)\b|{_NO_ACCESS} access (?:my"
        rf"|our|the)|locked (?:me |us )?out|login (?:is )?(?:fail\w*|broken|loop\w*)"
        r"|kann mich nicht (?:mehr )?(?:anmelden|einloggen)|no puedo (?:entrar|iniciar|acceder)"
        r"|não consigo (?:entrar|acessar)|impossible de (?:me )?connect\w+)")),
    ("high", "data_gone", re.compile(
        r"\b(?:lost (?:my|our|the|several|hours|days)|(?:my|our) (?:\w+ ){1,3}(?:disappeared|vanished"
        r"|is gone|are gone|was deleted|were deleted|got deleted)|data loss|datenverlust|corrupted (?:my"
        r"|our))\b")),
    ("high", "fraud", re.compile(
        r"\b(?:fraud\w*|scam(?:med|mers?)?|stolen|phishing|identity theft|betrug|estafa|golpe|arnaque)\b")),
    ("high", "unusable", re.compile(
        r"\b(?:unusable|completely (?:broken|useless)|(?:crash\w*|freezes|closes"
        r"|shuts) (?:\w+ ){0,3}(?:every time|everytime|each time|always|constantly|immediately"
        r"|on (?:launch|start\w*|open\w*))"
        r"|(?:won't|will not|doesn't|does not|wont) (?:even )?(?:open|start|launch)\b|nothing works"
        r"|(?:blocks?|blocking|blocked) (?:us|our|my)|can't work|cannot work|stranded|unsafe|safety)\b")),
)  # fmt: skip

_CHURN = re.compile(
    r"\b(?:cancel(?:l?ed|l?ing)? (?:my|our|the|this) (?:\w+ )?(?:subscription|account|plan|membership"
    r"|contract|card)|switch(?:ed|ing)? (?:to|over|back|away)|competitors?"
    r"|uninstall\w*|(?:delet(?:e|ed|ing)|remov(?:e|ed|ing)) (?:the |this |your )?app|leav(?:e|ing) (?:you"
    r"|for)|never (?:again|fly\w*|us(?:e|ing)|buy\w*|book\w*)|last time (?:i|we)"
    r"|look(?:ing)? (?:for|at) (?:an? )?(?:alternativ\w+|other|another)|clos(?:e|ing) (?:my|our) accounts?"
    r"|done with (?:you|this)|lost (?:a|my) (?:customer|business)|not renew\w*"
    r"|won't be (?:using|back|renewing|flying)|go(?:ing)? elsewhere|taking (?:my|our) business|kündig\w*"
    r"|wechsel\w* (?:zu|den)|desinstal\w*|désinstall\w*|résili\w+|cancelar (?:mi|minha|a))\b"
)  # fmt: skip
_URGENCY = re.compile(
    r"\b(?:asap|urgent\w*|immediately|right now|right away|emergency|deadline|as soon as possible"
    r"|by (?:today|tomorrow|tonight)|today|tonight|time.?sensitive|dringend|sofort|urgente\w*|inmediat\w+"
    r"|imediat\w+|immédiat\w+)\b"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Severity:
    """``rule`` names what decided; ``at`` is where its words stand, None when no words did."""

    level: Level
    rule: str
    at: tuple[int, int] | None


def severity(folded: str, *, bug: bool, angry_issue: bool) -> Severity:
    """The worst rule that the folded text sets off; else medium for a bug or angry issue, else low."""
    for level, rule, pattern in _RULES:
        found = pattern.search(folded)
        if found:
            return Severity(level, rule, found.span())
    if bug:
        return Severity("medium", "malfunction", None)
    return Severity("medium", "dissatisfied", None) if angry_issue else Severity("low", "none", None)


def may_leave(folded: str) -> bool:
    """Whether the writer speaks of leaving, cancelling, uninstalling."""
    return _CHURN.search(folded) is not None


def is_urgent(folded: str) -> bool:
    """Whether the writer says that it cannot wait."""
    return _URGENCY.search(folded) is not None
