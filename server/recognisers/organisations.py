"""Employers and schools of somebody: by what they are ("boulangerie", "lycée"), what comes before ("chez"), and spaCy.

A text goes in, places of names come out, with the word for what they are: "boulangerie Vasseur", "lycée Jean-Moulin".
The field's own organisations are on the allow-list.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from server.mask_schemas import EntityType
from server.recognisers.allowed import Allowed
from server.recognisers.names import FUNCTION_WORDS, HOMONYMS, KIN, OWNERS, ROLES, TITLES, VERBS
from server.recognisers.organisation_words import (
    ADJECTIVES,
    EMPLOYERS,
    INITIALS,
    LINKS,
    PRONOUNS,
    SCHOOLS,
    SHORT,
    UNIONS,
)
from server.recognisers.page import Page, page_of
from server.recognisers.phrases import Phrases

LONGEST = 8
"""Words of an organisation's name."""


_SEVERAL_WORDS = re.compile(
    r"\b(?:(?i:centres? (?:hospitaliers?(?: (?:régional|universitaire|spécialisé))?|social|équestre"
    r"|commercial|de loisirs)|"
    r"domaine skiable|conseil (?:départemental|régional|général)|office public|restos du c(?:œ|oe)ur|S\.A\.R\.L\."
    r"|communauté (?:de communes|d'agglomération|urbaine)|caisse d'épargne|pompes funèbres"
    r"|galeries|bar[- ]tabac|hôtel[- ]restaurant|les ateliers|salon de (?:coiffure"
    r"|thé))"
    r"|Ville(?= de ))\b"
)
"""Employers whose kind is said in several words."""
_SCHOOLS_IN_TWO = re.compile(
    r"\b(?:[Ss]ciences?[ -][Pp]o|[Cc]entre de formation|(?:EM|ICN|ISC)(?= [A-Z])|[Gg]roupe scolaire)\b"
)
_BIG_SCHOOLS = Phrases(
    line
    for line in Path(__file__).with_name("words").joinpath("schools.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
)
"""Schools and universities known by their name alone."""
_BEFORE = re.compile(
    r"(?:\b(?:travaill\w+|boss\w+|embauchée?|licenciée?|recrutée?|salariée?|employée?|stagiaire|stage"
    r"|alternance|apprentie?|"
    r"intérim|missions?|cdd|cdi|contrat|poste|employeur|expérience|débauchée?|entrée?|démissionn\w+"
    r"|vacataire|saisonni(?:er|ère)|prestat\w+|plong\w+|ménage|fonctionnaire|reprise?|rachetée?|virée?"
    r"|renvoyée?|essai"
    r"|immersion|pmsmp|embauche|hôtesse|secrétaire|assistante?|technicien(?:ne)?|ouvri(?:er|ère)"
    r"|aide-soignante?|infirmi(?:er|ère)"
    r"|boulot|job|extras?|livreu(?:r|se)|coursier|veilleur|gardien(?:ne)?|soudeur|mécanicien(?:ne)?"
    r"|commerciale?|comptable"
    r"|ingénieure?|équipi(?:er|ère)|alternante?|signée?|manutention|saisons?|nuits?|ancien(?:ne)?"
    r"|nouvelles|gérante?|cse|anciens|vient|patron|collègues|maçon|nettoyage|"
    r"vend(?:eur|euse)|caissi(?:er|ère)|serveu(?:r|se)|cuisini(?:er|ère)|chauffeur|préparat(?:eur|rice)"
    r"|conduct(?:eur|rice)|"
    r"agente?|opérat(?:eur|rice)|manutentionnaire|cariste|magasini(?:er|ère)|directeur|directrice"
    r"|responsable|années?|ans|mois)"
    r"[^\n.;:!?,()]{0,30}? (?:chez|pour|par|à|au|aux|dans|avec|de|du|sein de)(?: l[ae']s?)? ?|\bex-"
    r"|\bexp(?:érience)?s?\.? ?: ?"
    r"|\bemployeur\w*(?: actuel| précédent)? ?[:–-] ?|\b(?:boîte|entreprise|société|enseigne|intérim(?:aire)?"
    r"|VRP|embauche prévue"
    r"|(?:conducteur|conductrice|chauffeur)s? de bus) ?[,(:]? ?|(?:19|20)\d\d ?(?:-|–|à) ?(?:(?:19|20)\d\d"
    r"|\w+) ?: ?)$",
    re.IGNORECASE,
)
_STUDIES = (
    r"(?i:\b(?:inscrite?|étudiante?|étudi(?:e|ait|é)|master\w*|licence|[LM][123]|DEUG|BTS|BUT|DUT|prépa"
    r"|diplôm(?:e|ée?)|bac(?: pro)?"
    r"|bac obtenu|doctorat|thèse|passée? par|passe par|admise?|écoles?|élève|formée?|scolari(?:té|sée?)|sont"
    r"|scolaires?|classe|primaire"
    r"|collège|lycée|année|semestre)\b)[^\n.;:!?()]{0,14}?(?:(?<!\w)(?:(?:à|au|a|de|par|chez|dans) (?:l'|la "
    r"|le )?|d'|l')|, | : |(?<=[LM][123]) )"
)
_SCHOOL_NAMED = re.compile(
    rf"{_STUDIES}(?P<name>[A-Z]{{3,7}}(?![\w'-])|(?:Notre-Dame|Sainte?-[A-ZÀ-Þ][\w-]+|Sacré-C(?:œ|oe)ur|Jeanne-d'Arc)"
    r"|[A-ZÀ-Þ][a-zà-ÿ]+ (?:1[0-3]|[1-9])(?![\w.,]?\d| (?:ans|mois|jours|h))|(?<=par )[A-Z][a-z]{3,})"
    rf"|(?<![\w-])(?P<acronym>[A-Z]{{3,7}}),? (?i:(?:première|deuxième|troisième|1re|2e|3e|dernière) année)"
)
"""Schools told by what is studied there: "L3 UPJV", "DEUG à Paris 13", "les filles sont à Sainte-Odile"."""
_SURE_BEFORE = re.compile(
    r"\b(?:boîte|entreprise|société|enseigne|intérim(?:aire)?|VRP|employeur(?: actuel| précédent)?"
    r"|de bus)\s?[,(:–-]?\s?$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r" (?:\d|1[0-3]|[IVX]{1,3})\b(?! ?(?:ans?|h|%|€|mois|à|[-–/.,]\d))")
_WINDOW = 60
_BRANDS = Phrases(
    line
    for line in Path(__file__).with_name("words").joinpath("employers.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
)


class OrganisationRecogniser(EntityRecognizer):
    """Finds the names of employers and schools."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        super().__init__(["EMPLOYEUR", "ECOLE"], name="employeurs et écoles", supported_language="fr")

    def load(self) -> None:
        """Nothing to load: the engine loads the model."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts) -> list[RecognizerResult]:
        """Find the names in a legible text."""
        page = page_of(text, nlp_artifacts, self._allowed)
        found = [
            (page.words[first].start, _numbered(text, page.words[last - 1].end, kind), kind)
            for kind, first, last in organisations(page)
            if kind in entities and last > first
        ]
        return [RecognizerResult(kind, start, end, 0.8) for start, end, kind in dict.fromkeys(found)]


def _numbered(text: str, end: int, kind: EntityType) -> int:
    """Take the number of a university with its name: "Lille 2"."""
    number = _NUMBER.match(text, end) if kind == "ECOLE" else None
    return number.end() if number else end


def organisations(page: Page) -> Iterator[tuple[EntityType, int, int]]:
    """Find the names, as ranges of words; they may overlap."""
    for at in range(len(page.words)):
        yield from _by_kind(page, at)
        yield from _after_work(page, at)
    yield from _in_several_words(page)
    for start, end in _BIG_SCHOOLS.spans(page.text):
        words = page.range_of(start, end)
        if words and page.words[words.start].capital and (page.text[start:end].isupper() or len(words) > 1):
            yield "ECOLE", words.start, words.stop
    for start, end in _BRANDS.spans(page.text):
        [at, *_] = [*page.range_of(start, end), -1]
        if at >= 0 and (page.words[at].capital or not page.words[at].common):
            stop = page.range_of(start, end).stop
            place = page.joined(stop - 1) and _lower_name(page, stop) if page.words[at].shape == "low" else 0
            yield "EMPLOYEUR", at, max(name_end(page, at), stop, place)


def name_end(page: Page, at: int) -> int:
    """Give where the organisation's name that begins with the word `at` ends; `at` when none does."""
    end = at
    while end < len(page.words) and end - at < LONGEST and (end == at or _goes_on(page, end - 1)):
        links = _links(page, end)
        after = end + links
        if after >= len(page.words) or not _proper(page, after):
            break
        end = after + 1
    return end


def _goes_on(page: Page, at: int) -> bool:
    return page.joined(at) or page.gap(at).strip() in ("&", "'")


def _links(page: Page, at: int) -> int:
    """Count the small words from `at` on: "de", "de la", "d'à"."""
    count = 0
    while count < 3 and at + count < len(page.words) and page.words[at + count].folded in LINKS:
        if (
            page.words[at + count].shape != "low"
            and count == 0
            and page.words[at].folded not in ("le", "la", "les")
            and not page.shouted(at)
        ):
            break
        if not page.joined(at + count):
            return 0
        count += 1
    return count


def _proper(page: Page, at: int) -> bool:
    word = page.words[at]
    if (
        word.folded in TITLES
        or not word.capital
        or len(word.text) < 2
        or (page.allowed[at] and word.shape == "upper")
    ):
        return False
    if word.folded in FUNCTION_WORDS - LINKS and (word.folded in PRONOUNS or word.begins):
        return False
    return not (word.shape == "upper" and word.common and page.shouted(at))


def _by_kind(page: Page, at: int) -> Iterator[tuple[EntityType, int, int]]:
    """Find a name after the word for what it is: "boulangerie Vasseur", "lycée professionnel Turgot"."""
    word = page.words[at]
    kind: EntityType | None = None
    if word.folded in SCHOOLS:
        kind = "ECOLE"
    elif word.folded in EMPLOYERS:
        kind = "EMPLOYEUR"
    if kind is None or not _goes_on(page, at) or (word.folded in INITIALS and word.shape != "upper"):
        return
    after = at + 1
    while after < len(page.words) - 1 and page.words[after].folded in ADJECTIVES and page.joined(after):
        after += 1
    if word.folded in (
        "fac",
        "faculte",
        "ufr",
        "ecole",
        "institut",
        "universite",
        "cfa",
        "campus",
    ) and page.words[after].folded in ("de", "des", "d'"):
        after = _subject(page, after)
    end = name_end(page, after)
    if end == after:
        end = _lower_name(page, after)
    if kind == "EMPLOYEUR" and page.allowed[min(after + _links(page, after), len(page.words) - 1)]:
        return  # "ateliers Excel et Word"
    if end > after and not (word.folded in SHORT and (after > at + 1 or _links(page, after))):
        article = at > 0 and page.words[at - 1].capital and page.words[at - 1].folded in ("le", "la", "les")
        yield kind, at - 1 if article and page.joined(at - 1) else at, end


def _has_two_words(page: Page, at: int) -> bool:
    """Tell whether a name goes on after its first word: "ID Logistics"."""
    return name_end(page, at) > at + 1


def _subject(page: Page, at: int) -> int:
    """Pass over what is taught: "fac de droit de Lille", "école de commerce de Lille"."""
    follows = at + 1
    if (
        follows < len(page.words) - 1
        and page.words[follows].shape == "low"
        and page.joined(at)
        and page.joined(follows)
    ):
        return follows + 1
    return at


def _lower_name(page: Page, at: int) -> int:
    """Give where a name in lower case ends: "boulangerie vasseur", "lycée jean moulin"."""
    word = page.words[at]
    if (
        word.shape != "low"
        or page.allowed[at]
        or word.folded in FUNCTION_WORDS | LINKS | VERBS | ADJECTIVES
        or len(word.text) < 4
    ):
        return at
    if word.first_name and word.folded not in HOMONYMS:
        return at + 2 if page.joined(at) and page.words[at + 1].shape == "low" else at + 1
    return at if word.common else at + 1


def _after_work(page: Page, at: int) -> Iterator[tuple[EntityType, int, int]]:
    """Find a name after what says that somebody works there: "chez Bonduelle", "ex-Camaïeu"."""
    word = page.words[at]
    if word.folded == "chez" and page.joined(at) and at + 1 < len(page.words):
        yield from _at_home_of(page, at + 1)
        return
    sure = word.capital and _SURE_BEFORE.search(page.text, max(0, word.start - 30), word.start) is not None
    if not word.capital or (word.begins and not sure and not _years_before(page, at)):
        return
    if page.allowed[at] or word.folded in TITLES | FUNCTION_WORDS | KIN | ROLES or page.labels[at] == "PER":
        return
    before = page.text[max(0, word.start - _WINDOW) : word.start]
    if not _BEFORE.search(before) or page.words[at].folded in SCHOOLS:
        return
    if page.labels[at] == "LOC" and not sure and not before.endswith(("ex-", ": ")):
        return
    if word.shape == "upper" and len(word.text) < 4 and not (sure or _has_two_words(page, at)):
        return
    end = name_end(page, at)
    if word.first_name and end - at > 1:
        return
    yield "EMPLOYEUR", at, end


def _years_before(page: Page, at: int) -> bool:
    return page.text[max(0, page.words[at].start - 3) : page.words[at].start].rstrip().endswith((":", "-"))


def _at_home_of(page: Page, at: int) -> Iterator[tuple[EntityType, int, int]]:
    word = page.words[at]
    end = name_end(page, at)
    lone = end <= at + 1
    home = word.first_name and (lone or page.labels[at] == "PER")
    if home or word.folded in UNIONS | TITLES:
        return  # a person's home
    if end > at and not (word.folded in OWNERS and lone):
        yield "EMPLOYEUR", at, end
    elif word.shape == "low" and word.folded not in FUNCTION_WORDS | OWNERS | KIN | ROLES | {
        "elles",
        "autrui",
        "soi",
        "particulier",
    }:
        more = page.joined(at) and at + 1 < len(page.words) and not page.words[at + 1].common
        unknown = (
            more and page.words[at + 1].shape == "low" and page.words[at + 1].folded not in FUNCTION_WORDS
        )
        yield "EMPLOYEUR", at, at + (2 if unknown and not page.allowed[at + 1] else 1)


def _in_several_words(page: Page) -> Iterator[tuple[EntityType, int, int]]:
    kinds: tuple[tuple[EntityType, re.Pattern[str]], ...] = (
        ("EMPLOYEUR", _SEVERAL_WORDS),
        ("ECOLE", _SCHOOLS_IN_TWO),
    )
    for kind, pattern in kinds:
        for match in pattern.finditer(page.text):
            words = page.range_of(match.start(), match.end())
            end = name_end(page, words.stop) if page.joined(words.stop - 1) else words.stop
            if words and end > words.stop:
                yield kind, words.start, end
    for match in _SCHOOL_NAMED.finditer(page.text):
        words = page.range_of(*match.span("name" if match["name"] else "acronym"))
        one = words and page.words[words.start]
        alone = (
            one and len(words) == 1 and "-" not in one.text and not page.text[one.end : match.end()].strip()
        )
        if one and not page.allowed[words.start] and not (alone and one.common):
            yield "ECOLE", words.start, max(words.stop, name_end(page, words.start))
