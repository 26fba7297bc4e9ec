"""What people write around a matter: greetings, thanks, signatures, mail boilerplate.

Promise: a sentence is called small talk only when nothing of substance is left beside the phrase.
"""

from __future__ import annotations

import re

from models.encoders.stems import PLACEHOLDER, words

_HELLO = (
    r"(?:hi|hiya|hey|hello|howdy|greetings|dear|good (?:morning|afternoon|evening|day)"
    r"|hallo|guten (?:morgen|tag|abend)|moin|servus|liebe[sr]?|sehr geehrte[rs]?"
    r"|hola|buen(?:os|as) (?:d[ií]as|tardes|noches)|estimad[oa]s?"
    r"|ol[áa]|oi|bom dia|boa (?:tarde|noite)|prezad[oa]s?|car[oa]s?|bonjour|bonsoir|salut|ch[eè]re?s?)"
)
# Whom a greeting may address: words for people, or something written like a name.
_ADDRESS = (
    r"(?: +(?:there|again|team|all|everyone|everybody|guys|folks|support|sir|madam|or|to|the|and|zusammen|leute|damen"
    r"|und|herren|equipo|a|todos|equipe|pessoal|tout|le|monde|madame|monsieur|(?-i:[A-Z][\w’'-]*)|<[A-Z_]+_\d+>)){0,4}"
)
GREETING = re.compile(rf"[¡¿\"]?{_HELLO}{_ADDRESS} ?(?:[,!:;–—-]+|\.(?=\s))\s*", re.IGNORECASE)
_GREETING_ONLY = re.compile(rf"{_HELLO}(?:,? ?{_ADDRESS})[\s,.!?:;–—-]*", re.IGNORECASE)

_THANKS = re.compile(
    r"(?:and |so |again,? |well,? )?(?:many |much )?(?:thanks|thank you|thankyou|thx|tysm|ty|cheers|danke(?: ?schön)?"
    r"|vielen dank|besten dank|(?:muchas |mil )?gracias|(?:muito )?obrigad[oa]|merci(?: beaucoup)?)"
    r"(?:[ ,]+(?:you|so|very|a|lot|bunch|million|much|many|again|in|advance|for|your|the|any|all|everything|time|help"
    r"|support|assistance|guys|team|everyone|reading|attention|understanding|and|im|voraus|für|ihre|eure|deine|hilfe|por"
    r"|su|tu|ayuda|sua|ajuda|pela|de|antemano|pour|votre|aide|d'avance|kind|quick|response|reply|consideration"
    r"|looking into (?:it|this)|<[A-Z_]+_\d+>))*[\s,.!:;)–—-]*",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    r"(?:(?:i )?hope (?:you(?:'re| are)?|this|all|everyone)(?: \w+){1,5}|how are you(?: \w+){0,3}"
    r"|looking forward to(?: \w+){1,5}|have a (?:\w+ ){0,3}(?:day|week|weekend|one|evening)"
    r"|please (?:let me know|advise|get back to me|reply|respond)(?: \w+){0,3}|let me know(?: \w+){0,4}"
    r"|any help (?:is|would be) (?:\w+ ?){1,3}|sorry to bother you|wie geht es ihnen|ich freue mich auf(?: \w+){1,5}"
    r"|espero que(?: \w+){1,5}|quedo a la espera(?: \w+){0,5}|fico no aguardo(?: \w+){0,5})[\s,.!?:;–—-]*",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"(?:(?:(?:best|kind|warm|many|with (?:best|kind|warm))(?:est)? )?(?:regards|wishes)|best(?=\s*(?:,|$))|sincerely"
    r"|yours (?:truly|sincerely|faithfully)|respectfully|cheers|mit (?:freundlichen|besten|lieben|herzlichen) grüßen"
    r"|(?:viele|beste|liebe|freundliche) grüße|lg|mfg|(?:un )?(?:cordial(?:es)? )?saludos?(?: cordiales)?|atentamente"
    r"|atenciosamente|atte|abraços?|cordialement|bien (?:cordialement|à vous)|salutations)"
    r"(?:[\s,.!–—-]+(?:(?-i:[A-Z][\w’'.-]*)|<[A-Z_]+_\d+>)){0,3}[\s,.!–—-]*",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r">|sent from my\b|get outlook for\b|gesendet von\b|von meinem \w+ gesendet|enviado (?:desde|do|de) mi?\b"
    r"|envoyé de mon\b|this (?:e-?mail|message)(?: and any attachments?)? (?:is|may|are|contains?)\b"
    r".{0,40}(?:confidential|intended|privileged)|(?:to )?unsubscribe\b|view (?:this|in) (?:e-?mail|browser)"
    r"|do not reply to this|confidentiality notice|begin forwarded message|(?:from|to|cc|sent|subject|date):\s",
    re.IGNORECASE,
)
_CUT = re.compile(
    r"--$|_{5,}|-{5,}|on .{1,80} wrote:$|am .{1,80} schrieb .{1,60}:$|el .{1,80} escribió:$|le .{1,80} a écrit ?:$"
    r"|-+ ?(?:original message|forwarded message|ursprüngliche nachricht)",
    re.IGNORECASE,
)
_OPENING = "¡¿\"'“«( "


def greeting_end(sentence: str) -> int:
    """How many characters of greeting the sentence begins with; 0 when what is left would be nothing.

    >>> greeting_end("Hi team, the export is broken")
    9
    """
    found = GREETING.match(sentence)
    return found.end() if found and len(words(sentence[found.end() :])) >= 2 else 0


def is_small_talk(sentence: str) -> bool:
    """Whether the sentence is only a greeting, thanks, courtesy, boilerplate, or a name placeholder.

    >>> [is_small_talk(said) for said in ("Thanks in advance!", "Thanks for breaking the export.")]
    [True, False]
    """
    bare = sentence.lstrip(_OPENING)
    if _BOILERPLATE.match(bare):
        return True
    if not words(sentence):
        # Placeholders alone are a signature; other signs (an emoji, a rating) may still be all there is.
        return bool(PLACEHOLDER.search(sentence)) or not sentence.strip(".,;:!?-–—_*~ ")
    return any(rule.fullmatch(bare) for rule in (_GREETING_ONLY, _THANKS, _COURTESY, _SIGN_OFF))


def is_sign_off(sentence: str) -> bool:
    """Whether the sentence ends a letter: "Best regards", with or without a short name behind it."""
    return bool(_SIGN_OFF.fullmatch(sentence))


def ends_message(sentence: str) -> bool:
    """Whether everything from here on is a quoted mail or a signature block."""
    return bool(_CUT.match(sentence))
