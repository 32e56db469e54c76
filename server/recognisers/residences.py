"""Towns where somebody lives, told by the words before them: a text goes in, the town after them comes out.

`server.recognisers.addresses` reads addresses that have a street or a code; a town alone is one only where the notes
say that somebody lives there: "appart à Creil", "vient tous les jours de Caudry", "Commune : Carvin". No list of
towns is needed: any name there is one.
"""

import re
from collections.abc import Iterator

from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from server.recognisers.address_patterns import CODE_LINE, HOUSING, KIND_OF_PLACE
from server.recognisers.allowed import Allowed
from server.recognisers.folding import Plain, plain
from server.recognisers.names import FUNCTION_WORDS, KIN, ROLES, TITLES
from server.recognisers.page import Page, page_of
from server.recognisers.tokens import fold_name

LONGEST = 6
"""Words of a town's name."""

_NO_LINK = (
    r"(?:formations?|stages?|travail\w*|bosse\w*|boulot|postes?|emplois?|cherch\w*|recherch\w*|entretiens?|missions?"
    r"|permanences?|examens?|centres?|agences?|ateliers?|puis|mais|pour|cours|ecoles?|etudie|etudes|scolaris\w*"
    r"|salariee?s?"
    r"|cdi|cdd|interim|contrats?|usines?|magasins?|employee?s?|rdv|rendez-vous|nee?s?|originaires?|lycees?|fac"
    r"|inscrit\w*)\b"
)
_GAP = rf"(?:(?!{_NO_LINK})[^.;:\n!?]){{0,48}}?"
_SHORT_GAP = rf"(?:(?!{_NO_LINK})[^.,;:\n!?]){{0,26}}?"
_AT = (
    r"(?<![\w'])(?:a|au|aux|sur|dans|vers|en|pres de|pres d'|(?:du )?cote de|du cote d'|a cote de|autour de"
    r"|entre|pas loin de)(?<=[\w'])"
    r"(?:(?<=')| )(?:(?:la |le )?(?:ville|commune|region|banlieue|village|secteur|centre(?:-ville)?"
    r"|coin) (?:de |d'|du ))?"
)
_OF = r"(?<![\w'])(?:de |d'|du |des )"
_LIVES = (
    r"(?:habit(?:e|es|ent|ait|aient|ant|er|ee?)|vi(?:t|s|vent|vait|vant|vre)|resid(?:e|es|ent|ait|ant|er|ence)"
    r"|loge(?:e|es|s|ent|ait|r)?"
    r"|log(?:ent|eait)|reloge(?:e|es|s|r)?|heberg(?:e|ee|es|ees|ement|eait|ent)|accueillie?s?|domicili(?:e|ee"
    r"|es|ees|ation)"
    r"|demeur(?:e|ent|ant|ait)|install(?:e|ee|es|ees|er|ent|ation)|etablie?s?|demenag(?:e|ee|es|er|ement|ent|eait)"
    r"|emmenag(?:e|ee|es|er|ement|ent)|aterri|atterri|locataires?|colocataires?|proprietaires?"
    r"|(?:sous-)?lou(?:e|ent|ait)|squatt\w{1,4}|dort"
    r"|campe|cohabite\w{0,3}|posee?s?|basee?s?|creche)(?:\(e\)|[.·]e)?"
)
_MOVES_FROM = (
    r"(?:arriv(?:e|ee|es|ees|ent|ait)|vien(?:t|s|nent)|venue?s?|venait"
    r"|part(?:ent)?|repart|descend|debarque|fait la route|trajets?)"
)
_GOES_TO = (
    r"(?:rentr(?:e|ee|es|er|ent)|retourn(?:e|ee|er|ent)(?: vivre)?|reste(?:e|es|s|nt)?|revenue?s?|reparti(?:e"
    r"|s)?|acheter?|achet(?:e|es|ent)"
    r"|(?:fait|font|faire) construire|sans domicile|sdf)"
)
_THEIRS = (
    r"(?:parents|famille|mere|pere|soeur|frere|fils|fille|enfants?"
    r"|mari|femme|epouse|epoux|compagne|compagnon|conjointe?|copine?|amie?s?|tante|oncle|cousine?s?)"
)
_TOWN_OF = r"(?:ville|commune|village|localite)"

_STILL = (
    r"(?:(?:actuellement|maintenant|desormais|toujours|en fait|plus|encore|donc|aussi|seule?|aujourd'hui"
    r"|provisoirement|pour l'instant"
    r"|temporairement|finalement|dorenavant) ){0,2}"
)
_CAPITAL_NEXT = r"(?=(?-i:(?:(?:la|le|les) |l')?[A-Z]))"

_SURE = re.compile(
    rf"(?i)(?:\b{_LIVES}\b{_GAP}{_AT}|\bhabit\w{{1,4}} {_STILL}"
    rf"|\b(?:habitante?s?|voisine?s? du quartier|residente?s?) {_OF}"
    rf"|\b(?:{_TOWN_OF}|lieu)(?: de (?:residence|domicile|vie)| d'habitation| du domicile)? ?[:=] ?"
    r"|\blieu (?:de (?:residence|domicile)|d'habitation) |\bresidence ?[:=] ?|\bdom(?:\.|icile) ?[:=] ?"
    r"|\bdom\. |\bhabitation ?[:=] ?"
    rf"){_CAPITAL_NEXT}"
    r"|(?i:\bhabit\w{1,4} )(?=[a-z]{4})"
)
_LIKELY = re.compile(
    rf"(?i)(?:\b{HOUSING}\b(?! de retraite){_SHORT_GAP}(?:{_AT}|{_OF})"
    rf"|\b{_MOVES_FROM}\b(?: (?:tous les \w+|chaque \w+|en \w+|a pied|a velo|\w+)){{0,3}} {_OF}"
    rf"|\bquitt(?:e|ent|er|ait|ee?)(?: definitivement| la ville de)? "
    rf"|\b{_GOES_TO}\b{_SHORT_GAP}(?<![\w'])(?:a|sur|au|vers) "
    rf"|\b{_LIVES}\b{_GAP}{_OF}"
    r"|\b(?:elle|il|ils|elles|toujours|encore|desormais|maintenant|actuellement|deja)(?: est| sont"
    r"| vivent)? (?:a|sur) "
    rf"|(?<![^\n])d'(?=[A-Z])|\b(?:elle|lui|monsieur|madame|dame|mr|mme)(?:,| est|, elle|, lui) {_OF}"
    rf"|\b(?:rejoindre|suivre|rejoint|suit|suivi|garde|gardee?s?)(?: \w+){{1,3}} (?:a|sur) "
    rf"|\b(?:ses|sa|son|leurs?|mes|les) {_THEIRS}(?: \w+)? (?:a|sur) "
    rf"|\bchez (?:elle|lui|moi|eux|(?:sa|son|ses|leurs?|une?|des) (?:[\w-]+ ){{0,2}}{_THEIRS})(?:, a |, | \("
    rf"| a | sur )"
    rf"|\bdepuis ){_CAPITAL_NEXT}"
)
_LEFT_FOR = re.compile(rf"(?i)\bquitt\w{{1,3}} [^\n.;:,]{{2,40}}? (?:pour|vers) {_CAPITAL_NEXT}")
_HOME = re.compile(
    rf"(?:(?<![^\n])(?i:au |a la |en )?|(?i:\b(?:{_LIVES}|{HOUSING})\b)[^.;:\n]{{0,40}}?(?<![\w-]))"
    r"(?P<home>(?i:foyer|chrs|cada|huda|cph|fjt|cph|residence(?: sociale| etudiante| universitaire| autonomie)?"
    r"|pension de famille"
    r"|maison relais|hotel(?: social| meuble)?|auberge|aire d'accueil|terrain(?: familial)?|parking"
    r"|cite(?: universitaire)?)"
    r" (?:(?i:de la |des |de l'|du |de |d')?(?=[A-Z]))[A-Z][^\n.;:()]{1,70})"
    rf"|(?i:\bdomicili(?:e|ee|es|ees|ation))[^.;\n]{{0,20}}?(?P<host>(?i:ccas|mairie|association"
    rf"|hotel de ville) [^\n.;:(),]{{2,40}})"
)
_CODE_LINE = re.compile(CODE_LINE)
_FIRST_WORDS = re.compile(rf"(?i:(?:le|la|les|au|aux) |l')?(?:[A-Z0-9]|{KIND_OF_PLACE})")
_FURTHER_WORDS = re.compile(rf"(?:L[ae]s? (?=[A-Z])|L'(?=[A-Z])|c/o |chez )|\d|{KIND_OF_PLACE}")
_BREAK = re.compile(r"[,\n;:(>]|\. | - ")
_BEGINS_INSIDE = re.compile(rf"(?<![\w'-])(?:{KIND_OF_PLACE}|\d|(?:L[ae]s? )?[A-Z])")
_GOES_ON = re.compile(
    rf",(?! ?(?:[A-Z][a-z]|[A-Z]{{5}}|\d|{KIND_OF_PLACE}))| (?:par|depuis|en|avec|pour|jusqu'|sans|et|mais|qui|car)\b"
)
_CODE = re.compile(r"(?i)\b(?:code ?postal|cp|c\.p\.)(?: ?/ ?ville)? ?[:=]? ?(?P<code>\d{2} ?\d{3})(?!\d)")
_TAIL = re.compile(
    r" ?\((?:\d{2,5}|2[AB]|[A-Z][^()\n]{1,25})\)|,? \d{5}(?!\d)| (?:\d{1,2}e(?:r|me)?(?: arr\w*\.?)?|cedex)\b"
)
_LINKS = frozenset(fold_name(word) for word in "de du des d' la le les l' sur sous lès en à au aux".split())
_ARTICLES = frozenset("la le les l'".split())
_NO_TOWN = frozenset(
    "chrs cada huda fjt hlm ccas cph rsa cdi cdd sdf qpv ehpad esat ime sessad cmp ite ase france europe hexagone"
    " metropole internet ft ars caf crous mas dom tom idf ok ap".split()
)


class ResidenceRecogniser(EntityRecognizer):
    """Finds the towns where persons live."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        super().__init__(["ADRESSE"], name="communes de résidence", supported_language="fr")

    def load(self) -> None:
        """Nothing to load: the engine loads the model."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts) -> list[RecognizerResult]:
        """Find the towns in a legible text."""
        if "ADRESSE" not in entities:
            return []
        page = page_of(text, nlp_artifacts, self._allowed)
        found = dict.fromkeys(_towns(page, plain(text)))
        return [RecognizerResult("ADRESSE", start, end, 0.8) for start, end in found]


def _towns(page: Page, written: Plain) -> Iterator[tuple[int, int]]:
    for match in _CODE.finditer(written.text):
        yield written.span(*match.span("code"))
    for match in _CODE_LINE.finditer(written.text):
        begin = _first_line(written.text, match.start())
        if begin < match.start():
            yield written.span(begin, match.end())
    for match in _HOME.finditer(written.text):
        start, end = match.span("home" if match["home"] else "host")
        other = _GOES_ON.search(written.text, start, end)
        yield written.span(start, other.start() if other else end)
    for pattern, sure in ((_SURE, True), (_LIKELY, False), (_LEFT_FOR, False)):
        for match in pattern.finditer(written.text):
            words = _words_after(page, written.offsets[match.end()])
            end = _town_end(page, words.start, sure=sure) if words else 0
            if words and end > words.start:
                stop = page.words[end - 1].end
                tail = _TAIL.match(page.text, stop)
                yield page.words[words.start].start, tail.end() if tail else stop


def _first_line(text: str, end: int) -> int:
    """Give where the lines of an address before the one that begins at `end` begin; `end` when there is none."""
    first = begin = end
    pattern = _FIRST_WORDS
    for _ in range(3):
        breaks = list(_BREAK.finditer(text, max(0, end - 150), begin))
        start = breaks[-1].end() if breaks else 0
        line = text[start:begin]
        if begin - start > 60 or not line.strip() or "@" in line or line.count(" ") > 8:
            break
        start += len(line) - len(line.lstrip())
        if not pattern.match(text, start):
            inside = _BEGINS_INSIDE.search(text, start, begin) if first == end else None
            return inside.start() if inside else first
        first = start
        if not breaks or breaks[-1].group() != ",":
            break
        begin, pattern = breaks[-1].start(), _FURTHER_WORDS
    return first


def _words_after(page: Page, start: int) -> range:
    """Give the word that begins at a place, or the one after an article in lower case."""
    words = page.range_of(start, start + 1)
    if words and page.words[words.start].folded in _ARTICLES and page.words[words.start].shape == "low":
        return page.range_of(page.words[words.start].end, page.words[words.start].end + 2)
    return words


def _town_end(page: Page, at: int, *, sure: bool) -> int:
    """Give where the town that begins with the word `at` ends; `at` when none does.

    Args:
        sure: the words before leave no doubt: a common word or lower case may be a town then.
    """
    begin = at
    if (
        page.words[at].folded in _ARTICLES
        and page.words[at].capital
        and at + 1 < len(page.words)
        and page.words[at + 1].capital
    ):
        begin = at + 1
    if not _may_begin(page, begin, sure=sure):
        return at
    end = begin + 1
    while end - at < LONGEST and end < len(page.words) and page.joined(end - 1):
        after = end
        while (
            after - end < 2
            and after < len(page.words) - 1
            and page.words[after].folded in _LINKS
            and page.joined(after)
        ):
            after += 1
        word = page.words[after]
        if not word.capital or word.folded in FUNCTION_WORDS | TITLES or page.allowed[after]:
            break
        if word.shape == "upper" and page.shouted(after) and word.common:
            break
        end = after + 1
    return end


def _may_begin(page: Page, at: int, *, sure: bool) -> bool:
    word = page.words[at]
    blocked = FUNCTION_WORDS | TITLES | KIN | ROLES | _NO_TOWN
    if word.folded in blocked or page.allowed[at] or len(word.text) < 2:
        return False
    if not word.capital:
        known = page.labels[at] == "LOC" or not (word.common or word.first_name)
        return sure and known and word.shape == "low" and len(word.text) > 2 and page.pronounceable(at)
    if word.shape == "upper" and not page.shouted(at) and (len(word.text) < 4 or not page.pronounceable(at)):
        return False
    if sure or page.labels[at] == "LOC":
        return not (word.common and word.shape == "upper" and page.shouted(at))
    return word.rare and not word.first_name
