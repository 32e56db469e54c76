"""Ages, apart from durations and from the thresholds of rules. Rules for `server.recognisers.dates`."""

import re

from server.recognisers.date_patterns import NUMBER_WORDS
from server.recognisers.rules import Rule

_COUNT = rf"(?:\d{{1,3}}|{NUMBER_WORDS})"
_YEARS = (
    rf"(?:{_COUNT}[ \n-]?(?:ans?|balais|piges|printemps)\b"
    rf"(?: (?:et demie?|passes?|1/2|et \d{{1,2}} mois|revolus(?= ?[),;]| ?$)))?)"
)
_THRESHOLD_BEFORE = (
    r"(?:(?:moins|plus|au-dela|au dela|a partir|a compter|jusqu'a l'age|jusque) (?:de |d'au moins |d'"
    r"|des )?(?:l'age de )?"
    r"|jusqu'a |jusqu'aux |les |des |entre |de plus de |de moins de |minimum |maximum |au moins |au plus "
    r"|avant |des l'age de "
    r"|etre age(?:e|s|es)?(?:\(e\))? (?:de |d'au moins )|avoir |etre majeur |(?:legal|retraite)"
    r"(?: de la retraite| a taux plein)? (?:de |a )|\d ?(?:a|et|-|/) ?)$"
)
_THRESHOLD = re.compile(_THRESHOLD_BEFORE)
_YEARS_SAID = re.compile(r"(?i)\bans?\b|balais|piges|printemps|\d ?a\b|\dans\b")
_CHILD_OR_YEARS = re.compile(r"(?i)\bans\b|enf|fils|fille|ados?\b|garcon")
_AGE_NEAR = re.compile(r"(?i)\bage")
_MONTHS_SAID = re.compile(r"(?i)\bmois\b")
_JUST_TURNED = re.compile(
    r"\b(?:vient|va|vas|vais|vient tout juste|allait|bientot) d?'?(?:bientot )?avoir (?:tout juste )?$"
)
_DURATION_BEFORE = re.compile(
    r"(?:\b(?:depuis|pendant|durant|apres|pour|sur|il y a|y a|ya|dans|d'ici|tous les|toutes les|contrat"
    r"|duree|experience"
    r"|exp|anciennete|formation|cdd|cdi|titre|carte|environ|bout|encore|deja|total|peine|sursis"
    r"|suspension|prison"
    r"|interdiction|periode|parcours|cursus|arret|absence|chomage|carriere|service|etudes|mariage"
    r"|vie commune|bail|pret"
    r"|credit|mandat|renouvele|renouvelee|valable|prolonge|garanti|soit|engagement|delai|apprentissage"
    r"|alternance|stage"
    r"|condamne|condamnee|ces|premieres?|derniere?s?|prochaine?s?|travaille|travaillait|bosse|tenu|tenue"
    r"|passe|reste|dure"
    r"|fait|mis|plan|projet|tient|occupe|occupee?|chaque|par|ferme|incarcere|incarceree|vecu|vacances)"
    r"(?: ?:| de| d'| a| au| en| plus| pres| plus de| presque| moins de| environ| les| ses)* ?)$"
)
_DURATION_AFTER = re.compile(
    r" ?(?:(?:d'|de |en |dans |chez |comme |plus (?:tard|tot)|apres|auparavant|avant|au sein|a temps"
    r"|minimum|maximum|et plus"
    r"|ou plus|et moins|ou moins|revolus|max\b|mini\b|fermes?\b|au (?:meme|poste|moins|plus|chomage)|a la"
    r"|a l'|aux |a ce|consecuti"
    r"|durant|pendant|sur le|renouvelable|sans |que |qu'|le mois prochain|dont|x |par |exp\b|en tant)"
    r"(?!(?:rupture|recherche|couple|situation|cdd|cdi|fin de|emploi|reconversion|emploi|permis|diplome"
    r"|qualification|enfant|travail))"
    r"|experience|anciennete|cdd|cdi)"
)
_OF_SOMEONE = re.compile(
    r"(?i)(?:\bage(?:e|s|es)?(?:\(e\)|\.e|·e)?s?,? ?(?:(?:de|d'|:|a peine|tout juste|environ|maintenant"
    r"|deja|actuellement) ?){0,3}"
    r"|\bl'age de |\bage ?: ?|\bses |\bson |\bbientot |\bpresque |\b(?:vient|va) (?:tout juste "
    r"|bientot )?(?:d')?avoir (?:tout juste )?"
    r"|\b(?:aura|avait|fete(?:ra)?|fete(?:ra)? ses|passe|passee|aux|eu|approche (?:de )?(?:ses|des)?|mes"
    r"|tes|vos|nos|leurs) )$"
)
_CHILD = re.compile(
    r"(?i)\b(?:enfants?|enf|fils|filles?|bebes?|jumeaux|jumelles|garcons?|petite?s?|aine|ainee|cadette?"
    r"|cadets?|benjamine?|freres?"
    r"|soeurs?|neveux?|niece|gamine?s?|gosses?|ados?|adolescente?s?|fillettes?|garconnet|nourrissons?|poupon"
    r"|bambins?)\b[^.;\n]{0,40}$"
)
_AFTER_A_NOUN = re.compile(
    r"\b(?!(?:femme|homme|dame|jeune|fille|garcon|personne|monsieur|madame|deja|maintenant|actuellement"
    r"|aujourd'hui|seulement"
    r"|environ|presque|bientot|mari|epoux|epouse|conjointe?|compagnon|compagne|pere|mere|oncle|tante|aine"
    r"|ainee|ages?|agees?) )"
    r"[a-z][a-z'-]{3,} $"
)
_TITLE = re.compile(r"\b(?:m|mr|mme|mlle|monsieur|madame|melle)\b\.?[^.;\n,\d]{0,40}$")
_AT_THE_AGE = re.compile(
    r"\b(?:arriv|rentr|venue?|plac|partie?|adopt|debut|orphelin|scolaris|quitt|deced|mariee?s?|pere|mere"
    r"|enceinte)[^.;\n]{0,40} a $"
)
_AGE_SAID = re.compile(
    r"(?i:\bage(?:e|s|es)?(?:\(e\)|\.e|·e)?s?\b ?(?:[:=] ?|(?:de|d'environ|actuel|actuel :) )?(?:"
    r"(?:tout juste|environ|bientot|presque|pres de) )?)"
    rf"(?P<AGE>(?i:{_YEARS}|(?<=[:=] )\d{{2}}(?!\d| ?/ ?\d)|(?<=[eE] )\d\d(?= ?[,;.)\n]|$)))"
)
_ANY_YEARS = re.compile(
    rf"(?i:(?<![\w,.\-/])(?P<AGE>{_YEARS}|\d\d ?a\.(?!\w)|(?-i:(?<=[FHM] )\d\d ?a\b)(?! \d)|"
    rf"(?<=homme )\d\d ?a\b|(?<=femme )\d\d ?a\b|(?<=approche des )\d\d\b(?! ?%)))"
)
_MONTHS = re.compile(rf"(?i:(?P<AGE>(?<!\w){_COUNT} mois)\b)")
_DECADE = re.compile(
    r"(?i:(?:\bla |\bsa |\bapproche (?:de )?la |\bpasse la )(?:petite |bonne |jeune )?(?P<AGE>(?:vingt"
    r"|trent|quarant|cinquant|soixant)aine)\b(?! d[e'u]))"
    r"|(?i:\b(?P<AGE_2>(?:trent|quarant|quadrag|quinquag|sexag|septuag|octog|nonag)enaires?|quadra\b"
    r"|quinqua\b))"
)
_PAIRED = re.compile(
    rf"(?i:(?:\blui|\belle|\bet|\bmari|\bfemme|\bepoux|\bepouse|\bconjointe?)[ ,:(]{{1,3}}"
    rf"{_YEARS}[ ,;]{{1,3}}(?:et )?(?:elle|lui|sa femme"
    rf"|son mari)[ ,:]{{1,2}}(?P<AGE>\d\d)(?! ?ans)\b)"
    rf"|(?i:\b(?:enfants?|fils|filles?|jumeaux)[^.;\n\d]{{0,20}}(?P<AGE_2>\d{{1,2}}"
    rf"(?:, ?\d{{1,2}}){{0,4}}) ?(?:et|&|/) ?(?P<AGE_3>\d{{1,2}} ?ans)\b)"
    r"|(?i:\b(?:enfants?|fils|filles?|ados?|garcons?|enf)\b[^.;\n\d(]{0,15}\((?P<AGE_4>\d{1,2})(?:, ?"
    r"(?P<AGE_5>\d{1,2}))?(?: et | ?& ?| ?/ ?)(?P<AGE_6>\d{1,2})\))"
)


def age_rules() -> list[Rule]:
    """Give the rules of ages, the surest first."""
    return [
        Rule(_PAIRED, 0.85, near=_CHILD_OR_YEARS),
        Rule(_AGE_SAID, 0.9, near=_AGE_NEAR, holds=_is_no_threshold),
        Rule(_ANY_YEARS, 0.8, near=_YEARS_SAID, holds=_is_an_age),
        Rule(_MONTHS, 0.8, near=_MONTHS_SAID, holds=_is_a_baby_s),
        Rule(_DECADE, 0.85, words=("aine", "aire", "quadra", "quinqua")),
    ]


def _before(match: re.Match[str], length: int = 60) -> str:
    start = match.start("AGE")
    return match.string[max(0, start - length) : start].lower()


def _is_no_threshold(match: re.Match[str]) -> bool:
    before = _before(match)
    return _THRESHOLD.search(before) is None and not match.string[
        match.end() : match.end() + 12
    ].lower().startswith((" minimum", " au moins", " et plus", " ou plus", " a ", " revolus"))


def _is_an_age(match: re.Match[str]) -> bool:
    """Years are an age unless the words around make them a duration or a rule's threshold."""
    before, after = _before(match), match.string[match.end() : match.end() + 24].lower().replace("\n", " ")
    if _JUST_TURNED.search(before):
        return True
    if re.search(r"approche des $|\bnee? il y a $", before):
        return True
    if _THRESHOLD.search(before) or _DURATION_AFTER.match(after):
        return False
    if _OF_SOMEONE.search(before):
        return True
    count = re.match(r"\d+", match["AGE"])
    if _AT_THE_AGE.search(before):
        return True
    if _CHILD.search(before) and not _DURATION_BEFORE.search(before):
        return count is None or int(count.group()) < 60
    if _DURATION_BEFORE.search(before):
        return False
    if count is None:
        named = re.match(r" [A-Z][a-z]", match.string[match.end() : match.end() + 3])
        return not (named or match["AGE"].lower().startswith(("un ", "une "))) and bool(
            re.search(r"\ba $|\( ?$|^$", before)
        )
    written = match.string[max(0, match.start() - 40) : match.start()]
    if _AFTER_A_NOUN.search(written) and not _TITLE.search(before):
        return False
    return 14 <= int(count.group()) <= 99


def _is_a_baby_s(match: re.Match[str]) -> bool:
    before = _before(match)
    return bool(
        re.search(
            r"(?:bebe|nourrisson|jumeaux|jumelles|fils|fille|enfants?|petite?|garcon)[^.;\n,]{0,15}(?: de"
            r"|,| a|\() ?$",
            before,
        )
    )
