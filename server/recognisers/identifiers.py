"""Numbers and addresses that point to one person: e-mail, telephone, NIR, France Travail, official numbers, IBAN,
number plates, accounts on the networks.

A text goes in, Presidio's results come out. A number whose key is wrong is kept: a typing error is still personal
data. A number that could be anything counts only beside the words that say what it is.
"""

import re

from presidio_analyzer import EntityRecognizer

from server.recognisers.identifier_iban import iban_rules
from server.recognisers.identifier_phones import phone_rules
from server.recognisers.rules import Rule, RuleRecogniser

_GAP = r"[ .\-/_]{0,2}"
_COUNTED = r"(?:\b(?:n°|nº|n\.|n °|n\b|no\b|nr\b|num(?:ero)?s?\b\.?)|#)"
_TLD = r"(?:fr|com|net|org|eu|be|ch|lu|re|gp|mq|nc|pf|io|me|pro|info|co|uk|de|es|it|pt|ma|dz|tn|sn|ca)\b"
_LABEL = r"[\w-]{1,63}"

_EMAIL = re.compile(
    rf"(?P<EMAIL>[\w.+%'-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+)"
    rf"|(?P<EMAIL_3>[\w.+%'-]{{1,64}} ?@ {_LABEL}(?:\.{_LABEL})+)"
    rf"|(?P<EMAIL_2>[\w.+%'-]{{1,64}} ?@ ?{_LABEL}(?:\.{_LABEL}){{0,3}}(?: ?[.,] ?(?i:{_TLD}))"
    rf"|[\w.+%'-]{{1,64}}@[\w-]{{2,63}})"
)
_POINT = r"(?: ?\. ?| (?:point|dot) )"
_EMAIL_SPOKEN = re.compile(
    rf"(?i:(?P<EMAIL>\b[\w+%-]{{1,40}}(?:(?:{_POINT}| (?:tiret|underscore|tiret du bas"
    rf"|plus) )[\w+%-]{{1,40}}){{0,4}}"
    rf"(?: ?[(\[<] ?(?:arobase?|arobace|at|a|@) ?[)\]>] ?| (?:arobase?|arobace) )"
    rf"[\w-]{{1,40}}(?:{_POINT}[\w-]{{2,20}}){{1,3}}))"
)

_NIR_BODY = (
    rf"[1-478]{_GAP}\d\d{_GAP}\d\d{_GAP}(?:\d\d|2[ABab]){_GAP}\d{{3}}{_GAP}\d{{3}}(?:[ .\-/_]{{0,3}}"
    rf"(?:\(\d\d\)|\d\d))?"
)
_NIR = re.compile(rf"(?<!\w)(?P<NIR>{_NIR_BODY})(?!\w)")
_NIR_SAID = re.compile(
    rf"(?i:\b(?:secu|nir|nss|n°? ?ss|securite sociale|assure(?:e)? sociale?|carte vitale"
    rf"|immatriculation ss)\b)"
    rf"[^\w\n]{{0,6}}(?:(?i:{_COUNTED}|est|le|sous|:)[^\w\n]{{0,4}}){{0,3}}"
    r"(?P<NIR>[1-478](?:[ .\-/_]{0,2}(?:\d|[ABab](?=[ .\-/_]{0,2}\d))){4,17})(?![\w])"
)

_FT_VALUE = r"\d{7} ?[A-Za-z](?!\w)|\d{8,11}(?!\w)"
_FT_SPACED = r"\d(?:[ .]?\d){6,10}(?:(?: |-)?[A-Z])?(?!\w)"
_FT_NAMED = (
    r"(?i:identifiants?|ident\.|demandeu(?:r|se)s?(?: d'emploi)?|kairos|\bide?\b\.?|n°? ?de\b)|\b(?:DE"
    r"|IDE|ID)\b"
    rf"|(?i:{_COUNTED}[^\w\n]{{0,2}}(?:d'inscription|inscription|ft\b|pe\b|france travail|pole emploi))"
)
_FT = re.compile(
    rf"(?:{_FT_NAMED})[^\d\n]{{0,40}}?(?<![\d+])(?P<IDENTIFIANT_FT>{_FT_VALUE})"
    r"|(?i:france travail|pole emploi|\bft\b|\bpe\b|inscrite?s?)[^\d\n]{0,40}?"
    rf"(?<![\d+])(?P<IDENTIFIANT_FT_2>(?!0[1-9]\d{{8}}(?!\d)){_FT_VALUE})"
    r"|(?<!\w)(?P<IDENTIFIANT_FT_3>\d{7}[A-Z])(?!\w)"
)
_FT_WITH_GAPS = re.compile(
    rf"(?:{_FT_NAMED}|(?i:france travail|pole emploi))[^\d\n]{{0,25}}?(?<![\d+])(?P<IDENTIFIANT_FT>"
    rf"{_FT_SPACED})"
)

_NUMBERED = (
    r"alloc(?:ataires?|\.)?|caf|msa|cpam|agdref|(?:numero|n°) etranger|titre de sejour|cartes? de sejour"
    r"|recepisse|aps"
    r"|carte de resident|passe?ports?|cartes? (?:nationale )?d'identite|cni|pieces? d'identite|permis"
    r"(?: de conduire)?"
    r"|mdph|maison departementale des personnes handicapees|matricule|(?:numero|n°) fiscal|spi|ref"
    r"(?:erence|\.)? fiscale"
    r"|adherente?|mutuelle|abonnee?|licence|ine|bea|badge|ofpra|beneficiaire|carte (?:pro"
    r"(?:fessionnelle)?|etudiante?)"
    r"|carte d'etudiante?|rpps|adeli|ecrou|dossier|client|contrat|recommande|rsa|demande|agefiph"
    r"|cap emploi|agent"
    r"|mission locale|urssaf|carsat|agirc|arrco|retraite|candidate?|bourse|crous|sinistre|bail|location"
    r"|stagiaire"
    r"|titre professionnel|carte vitale|carte mobilite inclusion|cmi|logement social|nud"
    r"|avis d'impot|avis d'imposition|imposition|ofii|(?:carte )?consulaire|agrement|rcs|kbis|pass iae"
    r"|taxi|livret de famille"
    r"|titre de voyage|cesu|matr\.|assr|carte th|compte formation|carte grise|attestation employeur|visa"
    r"|sejour|affaire|transitions pro"
)
_NUMBER = (
    r"(?!\d{1,2}[/.\-]\d{1,2}[/.\-](?:\d{4}|\d\d)\b)(?!(?:[A-Z]{1,6}[ -])?(?:19|20)\d\d(?![\w/-]))"
    r"(?:[A-Z]{1,6}[ -]?)?\d[A-Z0-9]{0,19}(?:[ .\-/][A-Z]{0,2}\d[A-Z0-9]{0,9}){0,6}(?:[ -]?[A-Z](?![\w'.]))?"
)
_NUMERO = re.compile(
    rf"\b(?i:{_NUMBERED})(?!\w)[^\w\n]{{0,5}}"
    r"(?:(?i:(?:caf|msa|mdph|rsa|b|n°|nº|n\.?|no|nr|num(?:ero)?|#|est|sous|le|la|du|de|d'|au|porte"
    r"|dossier|allocataire"
    r"|ref(?:erence)?|matricule|francaise?|agent|pole emploi|france travail|bac)\b|n°|nº|#)[^\w\n]{0,5}){0,5}"
    rf"(?P<NUMERO>{_NUMBER})(?!\w)(?! ?(?:€|(?i:euros?|eur|h|heures|ans)\b|%))"
)
_NUMERO_COUNTED = re.compile(
    rf"\b(?i:{_NUMBERED}|ref(?:erence)?)(?!\w)[^\n.;\d]{{0,30}}?(?i:{_COUNTED})[^\w\n]{{0,3}}(?P<NUMERO>"
    rf"{_NUMBER})(?!\w)"
)
_NUMERO_LONG = re.compile(
    r"(?<![\w.,€-])(?P<NUMERO>\d{9,20}[A-Z]?)(?![\w-])"
    rf"|(?i:n°|nº|\bnum(?:ero)?s?\b)[^\w\n]{{0,3}}(?P<NUMERO_2>{_NUMBER})(?!\w)"
)
_NOBODY_S = re.compile(
    r"(?i)(?:siret|siren|rncp|\brs\b|nda|declaration d'activite|article|loi|decret|arrete|ordonnance"
    r"|circulaire|cerfa"
    r"|rome|offre|idcc|naf|ape|uai|rna|habilitation|formation|session|certification|devis|facture|marche"
    r"|devis n°|convention|fiche|annonce|page|chapitre|salle|bureau|ligne|bus)\b[^\n.;]{0,25}$"
)
_SIRET = re.compile(
    r"(?i:(?:auto|micro)[ -]?entre(?:preneu(?:r|se)|prise)[^\n]{0,60}?|\b(?:son|mon|sa|ma) (?:numero "
    r"|n° ?)?(?:de )?)"
    r"(?i:sire[nt])[^\w\n]{0,4}(?:(?i:n°|numero|est|:)[^\w\n]{0,3}){0,2}"
    r"(?P<NUMERO>\d(?:[ .]?\d){8,13})(?!\w)"
)

_NUMERO_SHAPED = re.compile(r"(?<!\w)(?P<NUMERO>\d\d[A-Z]{2}\d{5})(?!\w)")
_NUMERO_DASHED = re.compile(
    r"(?<![\w-])(?P<NUMERO>[A-Z]{2,6}-(?:\d{2,4}-){1,2}\d{3,9}|\d{2}-(?:19|20)\d\d-\d{3,8})(?![\w-])"
    r"|\b(?i:rcs) (?P<NUMERO_2>[A-Z][\w-]{2,20} \d{3} ?\d{3} ?\d{3})(?!\d)|(?i:kbis)[^\n\d]{0,20}"
    r"(?P<NUMERO_3>\d{3} ?\d{3} ?\d{3})(?! ?\d)"
)
_NO_PLATE = r"(?!EUR|CDI|CDD|CPF|ETP|VAE|CEP|RSA|CAP|BEP|BTS|DE |ET |OU |EN |AU |LE |LA )"
_PLATE_LETTERS = "[A-HJ-NP-TV-Z]"
_PLAQUE = re.compile(
    rf"(?<![\w-])(?P<PLAQUE>{_PLATE_LETTERS}{{2}}(?:-\d{{3}}-| \d{{3}} |\d{{3}}){_PLATE_LETTERS}{{2}}"
    rf"|(?i:{_PLATE_LETTERS}{{2}}-\d{{3}}-{_PLATE_LETTERS}{{2}})"
    rf"|\d{{3,4}}[ -]?{_NO_PLATE}[A-Z]{{2,3}}[ -]?(?:0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-6]))(?![\w-])"
)
_PLAQUE_SAID = re.compile(
    r"(?i:immatricul(?:e|ee|ation)s?|\bplaques?)[^\d\n]{0,20}?(?<!\w)"
    r"(?P<PLAQUE>(?i:[a-z]{2}[ -]?\d{3}[ -]?[a-z]{2}|\d{1,4}[ -]?[a-z]{2,3}[ -]?(?:97\d|\d\d|2[ab])))(?!\w)"
)

_NETWORK = (
    r"linkedin|facebook|instagram|twitter|tiktok|snapchat|viadeo|github|gitlab|youtube|pinterest|behance"
    r"|dribbble|malt"
    r"|doyoubuzz|soundcloud|twitch|discord|telegram|mastodon|threads|vk|copainsdavant|fb|wa|t|about|linktr|x"
)
_HOSTED = (
    r"wixsite|wordpress|blogspot|over-blog|canalblog|free|github|jimdofree|jimdo|tumblr|webnode|e-monsite"
    r"|carrd|notion"
)
_COMPTE = re.compile(
    rf"(?i:(?P<COMPTE>(?:https?://)?\b(?:[\w-]{{1,30}}\.)?(?:"
    rf"{_NETWORK})\.[a-z]{{2,5}}/[^\s,;<>()\[\]\"]{{1,120}})"
    rf"|(?P<COMPTE_2>(?:https?://)?\b[\w-]{{2,40}}\.(?:{_HOSTED})\.[a-z]{{2,4}}"
    rf"(?:/[^\s,;<>()\[\]\"]{{0,120}})?))"
    r"|(?<![\w.@/])(?P<COMPTE_3>@[A-Za-z_](?:[\w.-]{0,30}\w))"
)
_HANDLE = r"@?[\w][\w.\-:#/+]{2,50}"
_COMPTE_SAID = re.compile(
    r"(?i:\b(?:insta(?:gram)?|snap(?:chat)?|skype|facebook|fb|twitter|tik ?tok|linked ?in|telegram"
    r"|discord|whats ?app"
    r"|messenger|viadeo|github|twitch|pseudo(?:nyme)?|login|mot de passe|mdp|compte x|teams|psn|steam)\b"
    r"(?: ?\((?:pro|perso)\))?(?: ?[( ](?:pseudo|sous le nom|sous le pseudo|au nom de|nom|est|id"
    r"|compte)){0,2}"
    r"(?: ?[:=] ?| (?=@)| (?=[a-z]{0,25}[\d_.]\w))(?P<COMPTE>(?!https?:|//)"
    rf"{_HANDLE})"
    r"|\b(?P<COMPTE_2>[A-Za-z][\w.-]{1,30}#\d{4})\b"
    r"|\b(?:pseudo(?:nyme)?|login) (?P<COMPTE_3>(?=[\w:]{0,30}[\d_.:]\w)[\w.:-]{3,40}))"
)
_OWN_PAGE = re.compile(
    r"(?i:\b(?:(?:son|sa|mon|ma|ses|mes|leur|un) (?:site|blog|portfolio|page|book|chaine|cv|profil)"
    r"|(?:site|page|blog) (?:perso|personnel(?:le)?|web perso)|portfolio|book en ligne|cv en ligne"
    r"|profil en ligne)\b"
    r"[^\n;]{0,40}?[ :(](?P<COMPTE>(?:https?://|www\.)[^\s,;<>()\[\]\"]{3,150}"
    rf"|[\w-]{{2,60}}(?:\.[\w-]{{2,40}}){{0,3}}\.{_TLD}(?:/[^\s,;<>()\[\]\"]{{0,120}})?))"
)

_DIGITS = re.compile(r"\d[\d ./_-]{2,40}")
_THREE_DIGITS = re.compile(r"\d{3}")
_AT_SIGN = re.compile("@")
_AT_SIGN_OR_SITE = re.compile(
    r"@|\.[a-z]{2,5}/|(?i:\.(?:wixsite|wordpress|blogspot|over-blog|canalblog|free|github|jimdo|tumblr"
    r"|webnode|e-monsite|carrd|notion))"
)


def recognisers() -> list[EntityRecognizer]:
    """Give the recogniser of identifiers, whose rules are tried in this order: the surest shapes first."""
    return [
        RuleRecogniser("identifiants", [*_contact_rules(), *iban_rules(), *_number_rules(), *_other_rules()])
    ]


def _contact_rules() -> list[Rule]:
    return [
        Rule(_EMAIL, 1.0, near=_AT_SIGN),
        Rule(_EMAIL_SPOKEN, 0.95, words=("arobas", "arobac", "(at", "[at", "( at", "(a)", "(@", "[@")),
        Rule(_COMPTE, 0.95, near=_AT_SIGN_OR_SITE),
        Rule(_OWN_PAGE, 0.9, words=("site", "blog", "portfolio", "page", "book", "chaine", "cv", "profil")),
    ]


def _number_rules() -> list[Rule]:
    return [
        Rule(_NIR, 1.0, near=_DIGITS),
        Rule(_NIR_SAID, 0.95, words=("secu", "nir", "nss", "ss", "vitale", "assure")),
        Rule(_NUMERO, 0.9, near=_DIGITS, holds=_has_enough_digits),
        Rule(_NUMERO_COUNTED, 0.85, near=_DIGITS, holds=_has_enough_digits),
        Rule(_FT, 0.95, near=_DIGITS),
        *phone_rules(),
        Rule(_FT_WITH_GAPS, 0.85, near=_DIGITS),
        Rule(_SIRET, 0.9, words=("siret", "siren")),
        Rule(_NUMERO_SHAPED, 0.8),
        Rule(_NUMERO_DASHED, 0.75, near=_DIGITS, holds=_is_somebody_s),
        Rule(_NUMERO_LONG, 0.7, near=_DIGITS, holds=_is_somebody_s),
    ]


def _other_rules() -> list[Rule]:
    return [
        Rule(_PLAQUE_SAID, 0.95, words=("immatricul", "plaque")),
        Rule(_PLAQUE, 0.85, near=_THREE_DIGITS),
        Rule(_COMPTE_SAID, 0.85),
    ]


def _is_somebody_s(match: re.Match[str]) -> bool:
    """A long number with nothing to say what it is may be a person's; a company's, a law's or an offer's is not."""
    value = next(value for value in match.groups() if value)
    before = match.string[max(0, match.start() - 40) : match.start()]
    return sum(character.isdigit() for character in value) >= 6 and _NOBODY_S.search(before) is None


def _has_enough_digits(match: re.Match[str]) -> bool:
    """Four digits after a "n°", five after the word alone: "permis 2015" is no number."""
    value: str = match["NUMERO"]
    digits = sum(character.isdigit() for character in value)
    before = match.string[match.start() : match.start("NUMERO")]
    return digits >= (
        4 if re.search(r"(?i)n°|nº|num|\bno\b|#|matricule|taxi", before) or not value.isdigit() else 5
    )
