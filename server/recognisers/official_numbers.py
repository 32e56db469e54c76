"""Official numbers beside words that announce one, and numbers whose shape alone says that they identify something.

A text goes in, Presidio's results come out. `server.recognisers.identifiers` knows the numbers that have a form of
their own. What is numbered without being anybody's (offers, forms, laws, sessions, rooms) is left.
"""

import re

from presidio_analyzer import EntityRecognizer

from server.recognisers.rules import Rule, RuleRecogniser

COUNTED = r"(?:\b(?:n°|nº|n\.|n °|no\b|nr\b|num(?:ero)?s?\b\.?|ref(?:erence)?s?\b\.?|id\b|identifiant\b|code\b)|n°|#)"
_THING = (
    r"dossiers?|cartes?|titres?|ts|attestations?|autorisations?|recours|plaintes?|jugements?|rg|contrats?"
    r"|abonnements?"
    r"|abonnee?|compteurs?|pdl|societaire|polices?|pensions?|rentes?|dna|cnda|anef|parcoursup|matricule"
    r"|matr?\.?|badges?|ecrou"
    r"|alloc\w*\.?|adherente?|sejour|sej\.?|recepisse|passe?ports?|permis|diplomes?|actes?|cesu|pajemploi"
    r"|comptes?|crous|candidate?s?"
    r"|interimaires?|salariee?|agent|etudiante?s?|ine|rpps|adeli|finess|formule|certificats?|immatriculation"
    r"|cotisante?"
    r"|assuree?|mutuelle|sinistre|credit|pret|cheque|mandat|convocation|logement|inscription|ordre|urssaf"
    r"|carsat|cpam|caf|msa"
    r"|mdph|rsa|aah|ame|css|cmi|ofii|ofpra|consulat|visa|nationalite|naturalisation|bourse|stagiaire"
    r"|beneficiaire|client|client[e]"
    r"|dette|amende|pv|proces-verbal|huissier|surendettement|prud'hommes|tribunal|avis|impots?|fiscal|tva"
    r"|intracom|rcs|kbis|licence"
    r"|agrement|cnaps|vtc|taxi|conducteur|grise|vitale|securite|ordonnance|patient|ipp|hospitalisation"
    r"|formation|pass|navigo|ter|edf|engie"
    r"|th|retraite|caisse|rm|assr|asr|neph|eleve|college|lycee|tutelle|curatelle|aide juridictionnelle|spip"
    r"|probation|suivi"
)
_VALUE = (
    rf"(?!(?i:{_THING}|ft|pe|ss|nss|nir|secu|anpe|assedic|iae|naf|ape|de|ide|rib|iban|tel|port|fax|siae|cpf"
    rf"|sire[nt]|n|no|num)[ -])"
    r"(?!(?:\d{1,2}[/.\-]){2}(?:\d{4}|\d\d)(?!\d))(?!(?:19|20)\d\d(?![\w/-]| \d{4}))"
    r"(?=[A-Z]{0,6}[ -]?(?:[A-Z0-9]{1,4}[ -])?[A-Z0-9]{0,8}\d)"
    r"(?:[A-Z]{1,6}[ -]?)?[A-Z0-9]*\d[A-Z0-9]{0,19}(?:[ ./-][A-Z]{0,3}\d[A-Z0-9]{0,11}"
    r"|-[A-Z]{1,4}(?=-\d)){0,8}(?:[ -]?[A-Z](?![\w'.]))?"
)
_NO_UNIT = (
    r"(?![\w*])(?! ?(?:€|%|(?i:euros?|eur|h|heures?|ans?|mois|jours?|semaines?|km|m2|min|minutes?|places?"
    r"|pages?|points?|pix|personnes?"
    r"|postes?|offres?|trimestres?|candidat\w*|salaries?|brut|net|k)\b))(?![,.]\d)"
)
_BETWEEN = (
    r"(?:[^\w\n]{1,4}(?!(?i:de|depuis|en|a|jusqu|pour|avant|apres|sur|vers|obtenu|session)\b)"
    r"[A-Za-z'.]{1,18}(?!\w)){0,3}?[^\w\n]{0,5}"
)

_BESIDE = re.compile(rf"\b(?i:{_THING})(?!\w){_BETWEEN}(?P<NUMERO>{_VALUE}){_NO_UNIT}")
_COUNTED = re.compile(
    rf"(?i:{COUNTED})(?:[^\w\n]{{0,3}}[A-Za-z'.]{{1,18}}(?!\w)){{0,4}}?[^\w\n]{{0,4}}(?P<NUMERO>{_VALUE}){_NO_UNIT}"
)
_MIXED = re.compile(
    r"(?<![\w/@.-])(?P<NUMERO>(?=[A-Z0-9]{0,12}\d)(?=[A-Z0-9]{0,12}[A-Z])(?=(?:[A-Z]{0,6}\d){4})[A-Z0-9]{7,18}"
    r"|[A-Z]{2,6}(?:-\d{1,8}){2,6}|\d{1,6}(?:-\d{2,8}){2,6}|\d{4}/\d{5,8})(?![\w/@-])"
)
_SPACED = re.compile(
    rf"(?<![\w.,€+-])(?P<NUMERO>\d{{1,4}}(?: \d{{2,10}}){{2,6}}|\d{{2,3}} \d{{7,12}}){_NO_UNIT}"
)
_NOBODY_S = re.compile(
    r"(?i)\b(?:rncp|rs|nda|sire[nt]|declaration d'activite|articles?|loi|decret|arrete|ordonnance|circulaire"
    r"|cerfa|formulaires?"
    r"|rome|offres?|idcc|naf|ape|uai|rna|habilitation|sessions?|certifications?|devis|factures?|marches?|convention"
    r"|fiches?|annonces?|pages?|chapitres?|salles?|bureau|lignes?|bus|annexes?|modules?|lots?|groupes?|etapes?"
    r"|codes? postal|cp|isbn"
    r"|l\.|d\.|r\.|norme|iso|version|caces|coefficient|echelon|niveau|indice|budget|salaire|smic)(?!\w)[^\n.;]{0,25}$"
)


def recognisers() -> list[EntityRecognizer]:
    """Give the recogniser, whose rules are tried in this order."""
    rules = [
        Rule(_BESIDE, 0.8, near=_DIGITS, holds=_has_enough),
        Rule(_COUNTED, 0.75, near=_DIGITS, holds=_has_enough),
        Rule(_MIXED, 0.6, near=_DIGITS, holds=_is_somebody_s),
        Rule(_SPACED, 0.6, near=_DIGITS, holds=_is_somebody_s),
    ]
    return [RuleRecogniser("numéros officiels", rules)]


_DIGITS = re.compile(r"\d[\dA-Z ./-]{2,40}")


def _is_somebody_s(match: re.Match[str]) -> bool:
    """Tell whether nothing before says that the number is an offer's, a form's or a law's."""
    before = match.string[max(0, match.start("NUMERO") - 45) : match.start("NUMERO")]
    digits = sum(character.isdigit() for character in match["NUMERO"])
    return digits >= (4 if re.search("[A-Z]", match["NUMERO"]) else 7) and _NOBODY_S.search(before) is None


def _has_enough(match: re.Match[str]) -> bool:
    """Three digits after a "n°", four with letters or a mark among them, five alone: "permis 2015" is no number."""
    value = match["NUMERO"]
    digits = sum(character.isdigit() for character in value)
    said = match.string[match.start() : match.start("NUMERO")]
    if re.search("[A-Z]", value) and sum(character.isalnum() for character in value) >= 8 and digits >= 2:
        digits = 4
    enough = 3 if re.search(rf"(?i){COUNTED}|mat\b|matr", said) else 5 if value.isdigit() else 4
    before = match.string[max(0, match.start("NUMERO") - 45) : match.start("NUMERO")]
    return digits >= enough and _NOBODY_S.search(before) is None and not re.fullmatch(_SHORT_YEARS, value)


_SHORT_YEARS = r"(?:19|20)\d\d ?[-/] ?(?:19|20)?\d\d"
"""School years, periods."""
