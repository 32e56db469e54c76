"""A heading as a person would ask it, in French: a heading and its document's title go in, a question comes out.

Each shape of heading has its way of asking; a heading of none of them gives no question rather than a clumsy one.
"""

import re
from collections.abc import Iterable, Mapping

from ingest.text import fold, terms

_NUMBERED = re.compile(r"^\s*(?:[\dIVX]{1,5}(?:[.\-]\d{1,3})*\s*[.)°\-–:]|[a-zA-Z]\s*[.)])\s+")
_REFERENCE = re.compile(r"^[A-Z]{1,5}-[\d-]{2,12}\s*[-–:]?\s*")
_ABOUT = re.compile(r"^(?:les )?questions .*\bsur (?:le |la |les |l['’])?(?P<subject>.+)$", re.I)
_YEAR = re.compile(r"\s*\(\d{4}\)$")
_FINITE = re.compile(
    r"\b(?:n['’]\w+|(?:ne|se|s['’])\s?\w+ pas|demande|souhaite|veut|exige|quitte|revient|décède|vit|était|exerce|"
    r"perd|refuse|arrive|tombe|part|est|a|doit|peut|paraît|change|conteste|réclame|reçoit)\b"
)
_SOMEBODY = re.compile(r"^(?:un|une|la|le|l['’]|les|des|mon|ma)\s?\w+", re.I)
_PRONOUN_FIRST = re.compile(r"^(?:la|le|les|l['’]|lui|y|en)\s?\w+(?:er|ir|re|oir)$", re.I)
_ASKS = re.compile(
    r"^(?:comment|qui|quand|où|combien|que faire|à qui|à quoi|de qui|de quoi|chez qui)\b", re.I
)
_CE_QUE = re.compile(r"^ce (?P<rest>(?:que|qui|qu['’]).+)$", re.I)
_THEN_VERB = re.compile(
    r"^que (?P<verb>fait|contient|reçoit|dit|veut dire|couvre|change|comprend|prévoit|font|contiennent) (?P<who>.+)$",
    re.I,
)
_INFINITIVE = re.compile(
    r"^(?:s['’]|se )?(?:\w+[^i\W]er|\w*(?:fi|pli|di|tudi|publi)er|\w+(?:enir|ueillir|ir)|\w+(?:crire|duire|ndre|"
    r"ttre|vre|oire)|dire|lire|faire|(?:re|pré|a)?voir|savoir|recevoir)$",
    re.I,
)
_NOT_INFINITIVE = frozenset(
    "ordre cadre danger hiver loyer foyer loisir avenir souvenir chiffre registre désir".split()
)
_WHEN = re.compile(
    r"^(?:en cas d|pendant|avant|après|dans les|dans l['’]|juste|lors d|à la fin|en dehors)", re.I
)
_VAGUE = re.compile(
    r"^(?:annexe|questions?|objet|principes?|cadre|suivi|contacts?|indicateurs?|qualité|divers|exemples?|sommaire|"
    r"références?|introduction|préambule|évolutions?|rappels?|points? divers|mode d['’]emploi|mémo|pièce jointe|"
    r"présents|ordre du jour|débats?|décisions?|cas particuliers|situations? particulières?|objectifs?|glossaire|"
    r"un doute|v(?:œ|oe)ux|bienvenue|définitions?|à ne pas|à vérifier|points? de vigilance|liens avec|cas fréquents|"
    r"erreurs fréquentes|généralités|conclusion|historique|bilan|pourquoi c|objet et|une règle|tableau des|trois cas|"
    r"dates à retenir|prestataires|le droit|règle à retenir|principes? général)\b",
    re.I,
)

_ASPECTS: Mapping[str, tuple[str, str | None]] = {
    "delais": ("quels sont les délais à respecter", "Quels sont les délais pour obtenir {}"),
    "delais a prevoir": ("quels délais faut-il prévoir", "Quels délais faut-il prévoir pour obtenir {}"),
    "montants": ("quels sont les montants", "Quel est le montant prévu pour {}"),
    "tarifs": ("quels sont les tarifs", None),
    "horaires": ("quels sont les horaires", None),
    "duree et rythme": ("quelle est la durée, et à quel rythme", None),
    "cout et financement": ("combien cela coûte-t-il", "Qui finance {}"),
    "qui peut en beneficier": ("qui peut en bénéficier", "Qui peut bénéficier de {}"),
    "demande": ("comment faire la demande", "Comment demander {}"),
    "demander": ("comment faire la demande", "Comment demander {}"),
    "paiement": ("comment se fait le paiement", None),
    "refus": ("que se passe-t-il en cas de refus", "Que faire si l’on se voit refuser {}"),
    "refus et recours": ("quels recours en cas de refus", "Quels recours si l’on se voit refuser {}"),
    "calendrier": ("quel est le calendrier", "Quand peut-on demander {}"),
    "etapes": ("quelles sont les étapes", "Quelles sont les étapes pour obtenir {}"),
    "sanctions": ("quelles sont les sanctions", None),
    "report": ("peut-on reporter, et comment", None),
    "droits": ("à quoi a-t-on droit", "À quelles conditions a-t-on droit à {}"),
}
"""Headings of a word or two, folded: how they are asked of the document's subject, and of
another one that people ask for."""

_ENDS_OPEN = re.compile(r"\b(?:avant|après|pendant|lors|et|ou|de|à)$", re.I)
_OTHERS = re.compile(r"^(?:une?|des|mon|mes|votre|vos|notre|nos|deux|trois|quatre|cinq)\b", re.I)
_LOOSE_PAIR = re.compile(
    r" (?:et|ou) (?!(?:le|la|les|l['’]|de|du|des|d['’]|leurs?|son|sa|ses|au|à|en)\b)", re.I
)
"""Two nouns under one article: only plurals are so joined."""

_FEMININE = re.compile(
    r"(?:[tsx]ion|té|ance|ence|ure|ie|ise|ude|esse|ette|ée|aine|phase|feuille|fiche|règle|synthèse|liste)$"
)
_MASCULINE = re.compile(
    r"(?:ment|age|isme|eau|ard|ail|et|if|al|ôle|dossier|plan|contrat|tuteur|jury|choix|maintien|secret|dépôt|droit|"
    r"barème|nombre|partage|budget|télétravail|réseau|rôle|fonds|congé|bilan|temps|matériel|jour|report|standard|"
    r"courrier|portail|parcours|public|recours|calendrier)$"
)
_PLURAL = frozenset("temps recours parcours choix fonds cas accès avis mois prix concours refus".split())
"""Words that end like a plural."""


_SERIES: Mapping[str, str] = {"PR": "la procédure", "NS": "la note"}
"""What people call a document whose number begins so; others are asked by their subject."""


def subject_of(title: str) -> str:
    """Give what a document is about, for the head of a question: "VAE", of "VAE : questions fréquentes"."""
    title = _YEAR.sub("", _REFERENCE.sub("", title)).strip()
    about = _ABOUT.match(title)
    if about:
        return _capital(about["subject"])
    return _capital(re.sub(r"^(?:le |la |les |l['’])", "", title.partition(" : ")[0].strip(), flags=re.I))


def heading_text(heading: str) -> str:
    """Give a heading without its number, nor the reference of its document."""
    return _REFERENCE.sub("", _NUMBERED.sub("", heading)).strip()


def aspect_forms(headings: Iterable[str]) -> list[str]:
    """Give the ways to ask of another subject what these headings treat of theirs; `{}` stands for it."""
    known = (_ASPECTS.get(fold(heading_text(heading))) for heading in headings)
    return sorted({aspect[1] for aspect in known if aspect and aspect[1]})


def asked_of(form: str, subject: str) -> str:
    """Put a subject, with its article, in a form that `aspect_forms` gave."""
    text = form.format(subject)
    for apart, joined in (("de le ", "du "), ("de les ", "des "), ("à le ", "au "), ("à les ", "aux ")):
        text = text.replace(f" {apart}", f" {joined}")
    return _asked(text)


def question_of(heading: str, title: str, number: str | None, salt: int = 0) -> str | None:
    """Ask a heading; None when it makes no question that somebody would ask.

    Args:
        number: that people know the document by ("PR-012").
        salt: chooses between ways that are as good.
    """
    text, subject = heading_text(heading), subject_of(title)
    if text.endswith("?"):
        asked = text.rstrip(" ?\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")
        return (
            _asked(asked) if "," in subject and len(set(terms(asked))) > 1 else _with_subject(asked, subject)
        )
    text = text.rstrip(" .:;")
    if len(text) < 4 or len(text) > 110 or not re.search(r"[^\W\d_]{3}", text):
        return None
    if fold(text) in _ASPECTS:
        return _asked(f"{subject} : {_ASPECTS[fold(text)][0]}")
    if len(text.split()) < 2 or any(bad.search(text) for bad in (_VAGUE, _PRONOUN_FIRST, _ENDS_OPEN)):
        return None
    for shape in (_first_person, _as_asked, _what, _somebody, _how, _when):
        if (shaped := shape(text)) is not None:
            return _with_subject(shaped, subject)
    return _rules(text, subject, number, salt)


def _first_person(text: str) -> str | None:
    return f"{text}, que faire" if re.match(r"^(?:je |j['’])", text, re.I) else None


def _as_asked(text: str) -> str | None:
    return text if _ASKS.match(text) and len(text.split()) > 1 else None


def _what(text: str) -> str | None:
    """Ask "Ce que fait le conseiller" as "Que fait le conseiller"."""
    match = _CE_QUE.match(text)
    if match is None or ", ce " in text:
        return None
    rest = match["rest"]
    if then := _THEN_VERB.match(rest):
        return f"Que {then['verb']} {then['who']}"
    rest = re.sub(r"^qu['’]est ", "qu’", rest)
    return f"Qu’est-ce {rest}"


def _somebody(text: str) -> str | None:
    somebody = _SOMEBODY.match(text)
    if somebody is None or not _FINITE.search(text, somebody.end()):
        return None
    elided = text[0].lower() in "aeiouéèêyh"
    return f"Que faire {'lorsqu’' if re.match(r'^une? ', text, re.I) or elided else 'lorsque '}{_lower(text)}"


def _how(text: str) -> str | None:
    first = text.split()[0].rstrip(",")
    is_verb = _INFINITIVE.match(first) and fold(first) not in _NOT_INFINITIVE
    return f"Comment {_lower(text)}" if is_verb and ":" not in text else None


def _when(text: str) -> str | None:
    return f"Que faut-il faire {_lower(text)}" if _WHEN.match(text) else None


def _rules(text: str, subject: str, number: str | None, salt: int) -> str | None:
    named = _with_article(text)
    if named is None or ":" in text:
        return None
    if fold(subject) in fold(text):
        return None  # the heading is the title, over a whole letter
    is_procedure = number is not None and number.startswith("PR")
    know = "quelles sont les règles" if is_procedure else "que faut-il savoir"
    forms = [f"{subject} : {know} sur {named}"]
    if number is not None and (kind := _SERIES.get(number.partition("-")[0])):
        forms.append(f"Que {'prévoit' if is_procedure else 'dit'} {kind} {number} sur {named}")
    return _asked(forms[salt % len(forms)])


def _with_article(text: str) -> str | None:
    """Put an article before a noun and what follows it; None when its gender is not known."""
    if _OTHERS.match(text):
        return None
    if re.match(r"^(?:le|la|les|l['’])\b", text, re.I):
        return _lower(text)
    lowered = _lower(text)
    first = re.split(r"[\s,’']", lowered)[0]
    if first in {"se", "en", "au", "aux", "par", "sans", "pour", "avec", "parler", "ne", "il"}:
        return None
    second = lowered.removeprefix(first).split()[:1]
    if first.endswith(("s", "x")) and (fold(first) not in _PLURAL or (second and second[0].endswith("s"))):
        return f"les {lowered}"
    if _LOOSE_PAIR.search(lowered):
        return None
    if fold(first)[:1] in tuple("aeiouy"):
        return f"l’{lowered}"
    if _FEMININE.search(first):
        return f"la {lowered}"
    return f"le {lowered}" if _MASCULINE.search(first) else None


def _with_subject(question: str, subject: str) -> str:
    """Put the document's subject before a question that would be about nothing without it."""
    own = set(terms(subject))
    asked = terms(question)
    shared = len(own & set(asked))
    if len(set(asked)) > 4 or (own and shared >= min(2, len(own))):
        return _asked(question)
    return _asked(f"{subject} : {_lower(question)}")


def _asked(text: str) -> str:
    """Write a question as French types it."""
    text = re.sub(r"\s*'\s*", "’", _capital(" ".join(text.split())))
    return f"{text}\N{NARROW NO-BREAK SPACE}?"


def _lower(text: str) -> str:
    """Lower the first letter, but for an acronym or a name in capitals."""
    first = re.split(r"[\s’']", text)[0]
    keeps = len(first) > 1 and (first[1:2].isupper() or any(letter.isdigit() for letter in first))
    return text if keeps else text[:1].lower() + text[1:]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
