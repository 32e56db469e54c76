"""What a drafted sentence shifts in what it rests on: it and the notes' sentences go in, what was shifted comes out.

Another person, somebody's words, a wish, a refusal, "peu" and "beaucoup", "apte" and "inapte", a figure beside another
word, two persons that change places. Every word of such a sentence may be the notes' own, and the sentence be false.
Clauses are compared with the one that shares most words with them, so that a paraphrase is left alone.
"""

import re
from collections.abc import Iterator, Sequence

from ingest.text import fold, terms
from server.drafting.facts import NEGATED as _DENIED
from server.placeholders import placeholders_of

LOST_PERSON = "une autre personne des notes"
LOST_REPORT = "des propos rapportés dans les notes"
LOST_WISH = "un souhait ou un projet des notes"
LOST_REFUSAL = "un arrêt, un refus ou un retrait des notes"
LOST_NEGATION = "une négation des notes"
LOST_DOUBT = "un doute des notes"
"""What is said of a sentence that leaves these out."""

NEGATED = re.compile(
    r"\bn(?:e\b|')|\bpas\b|\bjamais\b|\baucune?\b|\bsans\b|\bni\b|\bnon\b|\brefus\w+|\bplus (?:de|d')\b"
)
_DOUBTED = re.compile(
    r"\bpeut-etre\b|\bhesit\w+|\bpas (?:sure?|certaine?)\b|\ba (?:confirmer|verifier|revoir|preciser|voir)\b|\?"
)
_DOUBTS = re.compile(
    r"peut|pourrai|hesit|sure?\b|certain|incertain|confirm|verifi|revoir|precis|eventuel|envisag|doute|question|interrog"
    r"|demande si|voir|possib|\bsi\b|\?"
)
_REPORTED = re.compile(
    r"\b(?:dit|disait|dirait|accus\w+|pretend\w*|reproch\w+|affirm\w+|declar\w+|soupconn\w+|croit|estime|selon|d'apres)\b"
)
_REPORTS = re.compile(
    r"\b(?:dit|disait|accus|pretend|reproch|affirm|declar|soupconn|croi|pens|estim|selon|d'apres|indiqu|expliqu|rapport"
    r"|evoqu|exprim|mentionn|confi|signal|soulign|juge|consider|ressen|trouv|avis|point de vue|propos)"
)
_WISHED = re.compile(
    r"\b(?:souhait\w*|voudr\w+|aimerai\w*|veut|desir\w*|envisag\w*|devait|devrait|pourrait|projett\w+|esper\w+|aurait"
    r"|serait|prevoit|cherch\w+|tent(?:e|er)|(?:compte|pense) \w+(?:er|ir|re))\b"
)
_WISHES = re.compile(
    r"souhait|voudr|\baime|veut|veul|voul|desir|envisag|dev(?:ait|rait|enir)\b|pourrai|projet|\bvis[eaé]|objectif|ambition"
    r"|intention|compte|prev[ou]|esper|cherch|hesit|\btent|envie|\bpret|motiv|interess|demand|attend|aurait|serait|idee"
    r"|pens|piste|accept|refus|doit\b|favorable|ouvert|peut-etre|pourra|si\b"
)
_ENDED = re.compile(
    r"\b(?:arret\w*|abandon\w*|renonc\w*|quitt\w*|cess\w*|interromp\w*|interrup\w*|suspend\w*|suspens\w*|retire\w*|retrait"
    r"|perd(?:u\w*|re)|supprim\w*|annul\w*|rejet\w*|interdi\w*|exclu\w*|licenci\w*|echou\w*|echec\w*)\b"
)
_ENDS = re.compile(
    r"arret|abandon|renonc|quitt|cess|interromp|interrup|suspen|retir|retrait|perd|perte|supprim|annul|rejet|interdi"
    r"|exclu|licenci|echou|echec|\bfin\b|termin|ecart|refus|restrict|contre-indic|limit|depart|\bparti[er]?\b|chomage"
    r"|demission|laiss|chang|demenag|ancien|ex-|\bplus\b|\bevit|\brate|manqu"
)
_KIN = (
    r"(?:ex-?)?(?:mari|epoux|epouse|femme|conjointe?|compagnon|compagne|fils|fille|mere|pere|frere|soeur|parents?"
    r"|belle-mere|beau-pere|grand-mere|grand-pere|oncle|tante|cousine?|employeur|employeuse|collegues?|patronn?e?|chef"
    r"|cheffe|amie?|copine?|voisine?|tuteur|tutrice|enfants?)"
)
_FEMININE = re.compile(
    r"epouse|femme|conjointe|compagne|fille|mere|soeur|tante|cousine|euse|patronne|cheffe|amie|copine|voisine|tutrice"
)
_OTHER_SUBJECT = re.compile(
    rf"^\W*(?:(?:et|mais|que|or|car|donc|puis|alors)\s+)?(?:(?:son|sa|ses|leurs?|le|la|l'|les|un|une)\s*)?(?P<kin>{_KIN})\b"
)
_ON_THE_PERSON = re.compile(r"^\W*(?:\[\w+\]\W*)?(?:ne |n')?(?:l'|lui\b|la\b|le\b|l[ae] lui\b)")
_OTHER_NAMED = re.compile(rf"\b{_KIN}\b")
KIN_BEFORE = re.compile(rf"\b{_KIN}\s*(?:[,:(]\s*)?(?:(?:m\.|mme|monsieur|madame)\s*)?\[personne_\d+\]")
"""Somebody who is named as another's mother, employer… in a folded text."""

_PRONOUN = re.compile(r"^\W*(?:(?:et|mais|donc|puis|alors)\s+)?(?P<pronoun>elle|il)\b|^\W*\[personne_\d+\]")
_PREFIXES = ("in", "im", "ir", "il", "des", "mal", "non-", "non ")
_NO_OPPOSITES = frozenset({"formation", "tensif"})
"""What such a prefix does not turn: "information" is not the opposite of "formation"."""

_OPPOSITES: tuple[tuple[str, str], ...] = (
    (
        r"\bpeu (?:de|d'|\w+)|\bfaibles?\b",
        r"\bbeaucoup\b|\bnombreu\w+|\btres\b|\bbien\b|\bfort\w*|\bsolides?\b|\bgrande?s?\b",
    ),
    (r"\bmoins de\b|\bau plus\b|\bmaxi\w*", r"\bplus de\b|\bau moins\b|\bmini(?:mum|ma\w*)?\b"),
    (r"\bavant\b", r"\bapres\b"),
    (r"\bdetest\w+|\bn'aime\w*", r"\b(?:aime|apprecie|adore)\w*"),
    (r"\bdifficil\w+|\bdifficulte\w*|\bdu mal\b", r"\bfacil\w+|\ba l'aise\b|\baisement\b|\bsans difficulte"),
    (r"\binterdi\w+", r"\bautoris\w+|\bpermis de\b"),
    (r"\b(?:baiss|dimin|redui)\w+", r"\b(?:hauss|augment|accroi)\w+"),
    (r"\bmauvais\w*|\bmal\b", r"\bbonn?e?s?\b|\bbien\b|\bexcellent\w*"),
    (r"\bde jour\b", r"\bde nuit\b"),
    (r"\btemps partiel\b|\bmi-temps\b", r"\btemps (?:plein|complet)\b"),
    (r"\bcdi\b", r"\bcdd\b|\binterim\b"),
    (r"\bnet\b", r"\bbrut\b"),
    (r"\bcelibataire\b|\bdivorce\w*|\bsepare\w*", r"\bmarie\w*|\ben couple\b|\bpacse\w*"),
    (r"\b(?:arret|abandon|renonc|interromp)\w*", r"\b(?:poursui|continu|maintien|repren|retenu)\w*"),
)  # fmt: skip
_OPPOSED = [(re.compile(one), re.compile(other)) for one, other in _OPPOSITES]

_CLAUSE = re.compile(r"[^,;:.()]+")
_BUT = re.compile(r"\bmais\b|->|=>|→")
_WORD = re.compile(r"[^\W\d_]{4,}")

_Lost = tuple[re.Pattern[str], re.Pattern[str], str]
_LOSSES: tuple[_Lost, ...] = (
    (_DOUBTED, _DOUBTS, LOST_DOUBT),
    (_REPORTED, _REPORTS, LOST_REPORT),
    (_WISHED, _WISHES, LOST_WISH),
)


def shifted(text: str, sentences: Sequence[str]) -> Iterator[str]:
    """Say what a sentence shifts in the sentences of the notes that it rests on; nothing for a faithful one."""
    clauses = [(fold(clause), fold(sentence)) for sentence in sentences for clause in _clauses(sentence)]
    words = [frozenset(terms(clause)) for clause, _ in clauses]
    folded, whole = fold(text), " . ".join(map(fold, sentences))
    opposites = [*_opposed(folded, whole), *_prefixed(folded, whole)]
    said_otherwise = bool(opposites) and _is_double(folded, whole, len(clauses))
    if not said_otherwise:
        yield from opposites
    for said in map(fold, _clauses(text)):
        near = _nearest(said, words)
        if near is not None:
            nearest, sentence = clauses[near]
            yield from _lost(folded, nearest)
            if not said_otherwise:
                yield from _turned(said, folded, nearest, whole)
            if _other_subject(nearest, sentence) and not _names_other(folded, sentence):
                yield LOST_PERSON
    yield from _swapped(text, sentences)


def _is_double(text: str, sentences: str, clauses: int) -> bool:
    """Tell "n'est pas capable" for "incapable", and the other way round: an opposite that is denied is the same."""
    denies, denied = _DENIED.search(text), _DENIED.search(sentences)
    return bool(denies and not denied) or bool(denied and not denies and clauses == 1)


def _lost(text: str, nearest: str) -> Iterator[str]:
    for given, kept, what in _LOSSES:
        if given.search(nearest) and not kept.search(text):
            yield what
    if _ENDED.search(nearest) and not _ENDS.search(text) and not NEGATED.search(text):
        yield LOST_REFUSAL


def _turned(said: str, text: str, nearest: str, sentences: str) -> Iterator[str]:
    denied, denies = NEGATED.search(nearest), NEGATED.search(said)
    if denied and not denies and not NEGATED.search(text):
        yield LOST_NEGATION
    elif denies and not NEGATED.search(sentences) and not _ENDED.search(sentences):
        yield denies.group()


def _other_subject(clause: str, sentence: str) -> bool:
    """Tell whether a clause of the notes speaks of another person than the one whose notes they are."""
    own = _OTHER_SUBJECT.match(clause)
    if own:
        return not _ON_THE_PERSON.match(clause[own.end() :])
    first = _OTHER_SUBJECT.match(sentence)
    if first is None or _ON_THE_PERSON.match(sentence[first.end() :]):
        return False
    pronoun = _PRONOUN.match(clause)
    if pronoun is None:
        return True
    feminine = _FEMININE.search(first["kin"]) is not None
    return pronoun["pronoun"] is not None and feminine == (pronoun["pronoun"] == "elle")


def _names_other(text: str, sentence: str) -> bool:
    persons = {one for one in placeholders_of(sentence) if one.startswith("[PERSONNE_")}
    return _OTHER_NAMED.search(text) is not None or bool(persons.intersection(placeholders_of(text)))


def _opposed(text: str, sentences: str) -> Iterator[str]:
    for pair in _OPPOSED:
        for given, said in (pair, pair[::-1]):
            found = said.search(text)
            if found and given.search(sentences) and not said.search(sentences) and not given.search(text):
                yield found.group()


def _prefixed(text: str, sentences: str) -> Iterator[str]:
    """Find "apte" where the notes say "inapte", and the other way round."""
    said, given = ({_bare(word): word for word in _WORD.findall(one)} for one in (text, sentences))
    for word in said.keys() - given.keys():
        for prefix in _PREFIXES:
            longer, shorter = prefix + word, word.removeprefix(prefix)
            lost = longer in given.keys() - said.keys() and word not in _NO_OPPOSITES
            added = shorter != word and shorter in given.keys() - said.keys() - _NO_OPPOSITES
            if lost or added:
                yield said[word]


def _bare(word: str) -> str:
    return word.rstrip("s").rstrip("e")


def _swapped(text: str, sentences: Sequence[str]) -> Iterator[str]:
    """List the placeholders of one kind that stand in another order than in the notes."""
    said = placeholders_of(text)
    for sentence in sentences:
        given = [one for one in placeholders_of(sentence) if one in said]
        for label in dict.fromkeys(map(_label, given)):
            one, other = ([name for name in names if _label(name) == label] for names in (given, said))
            if one != [name for name in other if name in one]:
                yield from one


def _label(placeholder: str) -> str:
    return placeholder.rpartition("_")[0]


def _clauses(text: str) -> list[str]:
    return [clause for part in _CLAUSE.findall(text) for clause in _BUT.split(part) if terms(clause)]


def _nearest(clause: str, others: Sequence[frozenset[str]]) -> int | None:
    """Give the one of `others`, clauses as their terms, that shares most with `clause`; None for none, or several."""
    words = frozenset(terms(clause))
    shared = sorted(((len(words & one), at) for at, one in enumerate(others)), reverse=True)
    if not shared or not shared[0][0] or (len(shared) > 1 and shared[1][0] == shared[0][0]):
        return None
    return shared[0][1]
