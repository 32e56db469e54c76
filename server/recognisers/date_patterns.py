"""How French notes write dates, numbers in words and places: pieces of patterns over the plain form of a text.

The pieces hold for both cases inside `(?i:…)`, except `PLACE`, which looks at capitals.
"""

MONTH = (
    r"(?:janv(?:ier|\b\.?)|jan\b\.?|f[ea]v(?:r(?:ier|\b\.?)|ier|\b\.?)|fevirer|mars?\b|avr(?:il|\b\.?)"
    r"|mai\b|juin\b"
    r"|jui(?:ll?et?|l\b\.?)|jullet|aout|aou\b|sept?(?:em?n?bre|\b\.?)|oct(?:obre|\b\.?)|nov(?:em?n?bre|\b\.?)"
    r"|dec(?:em?n?bre|\b\.?))"
)
NUMBER_WORD = (
    r"(?:zero|une?|premier|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze"
    r"|quinze|seize"
    r"|vingts?|trente|quarante|cinquante|soixante|septante|octante|huitante|nonante|cents?|mille?|et)"
)
NUMBER_WORDS = rf"(?:{NUMBER_WORD}(?:[ \n-]{{1,2}}{NUMBER_WORD}){{0,9}}\b)"
_DAY = rf"(?:\d{{1,2}}(?: ?(?:er|e|eme))?(?!\w)|{NUMBER_WORDS})"
_WEEKDAY = r"(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) {1,2})?"
_YEAR = (
    rf"(?:(?:18|19|20)\d\d(?!\d)|'?\d\d(?![\d/]|[ ]?(?:ans|h\b|euros|%))|(?:mille?|deux[ -]mille?){{1}}"
    rf"(?:[ \n-]{{1,2}}{NUMBER_WORD}){{0,8}}\b"
    r"|(?:trente|quarante|cinquante|soixante|septante|quatre[ -]vingt|nonante)"
    rf"(?:[ \n-]{{1,2}}{NUMBER_WORD}){{0,3}}\b)"
)
_GAP = r"[ \n]{1,3}"

WRITTEN = (
    rf"(?:{_WEEKDAY}{_DAY}{_GAP}(?:(?:et|ou){_GAP}{_DAY}{_GAP})?(?:de |du mois de |d')?{MONTH}"
    rf"(?:[ \n,]{{1,3}}(?:de l'annee |de l'an |en )?{_YEAR})?)"
)
NUMERIC = (
    r"(?:\d{1,2}(?:er|\?)? ?[/.\-] ?\d{1,2} ?[/.\-] ?(?:(?:18|19|20)\d\d|\d\d)(?!\d)"
    r"|\d{1,2}[ ./-](?:XI{0,2}|IX|IV|VI{0,3}|I{1,3})[ ./-](?:(?:18|19|20)\d\d|\d\d)(?!\d)|\d{1,2} \d{1,2} (?:(?:19"
    r"|20)\d\d|\d\d)(?!\d)"
    r"|\d{1,2} du \d{1,2} (?:de l'an )?(?:19|20)\d\d|(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}(?!\d))"
)
RUN_TOGETHER = r"(?:(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:(?:19|20)\d\d|\d\d)(?!\d))"
MONTH_AND_YEAR = (
    rf"(?:(?:{MONTH}|hiver|printemps|ete|automne){_GAP}(?:de )?{_YEAR}"
    rf"|(?:0?[1-9]|1[0-2]) ?[/.\-] ?(?:19|20)\d\d(?!\d))"
)
YEAR_ALONE = (
    rf"(?:(?:19|20)\d\d(?![\d-])|'?[3-9]\d\b(?! ?(?:ans|h\b|euros|%))|(?:mille?|deux[ -]mille?)"
    rf"(?:[ \n-]{{1,2}}{NUMBER_WORD}){{1,8}}\b)"
)
WHOLE_DATE = rf"(?:{NUMERIC}|{WRITTEN}|{RUN_TOGETHER})"
ANY_DATE = rf"(?:{NUMERIC}|{WRITTEN}|{RUN_TOGETHER}|{MONTH_AND_YEAR}|{YEAR_ALONE})"

_PARTICLE = r"(?:sur|sous|les?|la|l'|de|des|du|d'|en|aux?|lez|saint|sainte|st|ste|et)"
_STOP = (
    r"(?:le|en|et|elle|il|ils|je|a|au|mais|puis|marie|mariee|celibataire|divorce|divorcee|pacse|pacsee|ne"
    r"|nee|de|du|dans"
    r"|qui|est|vit|habite|arrive|arrivee|venu|venue|veuf|veuve|sans|avec|depuis|pere|mere|nationalite|tel"
    r"|demeurant"
    r"|domicilie|domiciliee|inscrit|inscrite|permis|adresse|identifiant|nir|ou|pour|par|sur|son|sa|ses"
    r"|parle|possede"
    r"|titulaire|suit|suivi|suivie|ancien|ancienne|cherche|souhaite|recherche|vient|reside|actuellement"
    r"|age|agee)"
)
_NAME = rf"(?!(?i:{_STOP})(?![\w'-]))[A-Z][\w'-]{{0,30}}"
PLACE = (
    rf"(?:(?:(?i:la|le|les) |(?i:l'))?{_NAME}(?: (?:(?i:{_PARTICLE}) ?){{0,2}}{_NAME}){{0,4}}"
    rf"|(?:(?i:la|le|les) |(?i:l'))?(?!(?i:{_STOP})(?![\w'-]))[a-z][\w'-]{{1,30}}"
    rf"(?: (?i:{_PARTICLE})(?: (?i:{_PARTICLE}))? (?!(?i:{_STOP})(?![\w'-]))[a-z][\w'-]{{2,30}})?)"
)
"""A place: words with capitals and the particles between them; in lower case, one word and what hangs on it."""

COUNTRY_AFTER = (
    rf"(?: ?\([^()\n]{{2,40}}\)|,? (?:(?i:au|aux|en) (?!(?i:france)\b){_NAME}(?:[ -]{_NAME}){{0,2}})|, ?(?:"
    rf"{_NAME}(?:[ -]{_NAME}){{0,2}})(?=[ ,.;)]|$))?"
)
"""The country or the department after the place: "(Algérie)", "(59)", "au Vietnam", ", Guinée"."""
