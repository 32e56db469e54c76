"""How French notes write addresses: pieces of patterns over the plain form of a text, which keeps its capitals.

Every repetition is bounded, so that no text, however hostile, takes more than its length's worth of time.
"""

SURE_KIND = (
    r"\b(?:rue|avenue|aven?\.|av\b\.?|ave\b\.?|boulevard|boul\.|bd\b\.?|bld\b\.?|blvd\b\.?|impasse|imp\."
    r"|allees?|all\.|chemin|chem\.|che?\."
    r"|route|rte\b\.?|quai|square|sq\.|sentier|faubourg|fbg\b\.?|fg\b\.?|venelle|ruelle|esplanade"
    r"|lotissement|hameau|lieu-?dit"
    r"|lieu dit|chaussee|chee\b\.?|rond-point|traverse|dreve|pl\.|grand-place|grand(?:e )?rue)"
)
POSTAL_KIND = (
    r"(?:(?-i:(?:ALL|BLD|CHE|CHEM|CHS|COR|CRS|DOM|ESP|GR|HAM|IMP|LD|LOT|MTE|PAS|PROM|QU|RLE|ROC|RPT|SEN|SQ|TRA"
    r"|VLA|R)\b\.?)|(?:all|bld|chem?|imp|lot|res|sq)\b\.?|(?:pl|r|dom|prom|tra|pas|ham|esp|crs)\.)"
)
"""Abbreviations of the post (NF Z 10-011), which are other words without a number before and a name after."""
DOUBTFUL_KIND = (
    r"(?:place|pl\b\.?|cours|cite|residence|res\.|villa|voie|promenade|montee|cote|mail|parvis|clos"
    r"|domaine|pavillon|carriere"
    r"|cour|zone|za\b|zac\b|zi\b|porte|ferme|contour|rang|coron|quartier|corniche|levee|pont|parc|passage"
    r"|galerie|r\.|sente)"
)
_PARTICLE = r"(?:de la|de l'|des?|du|d'|la|les?|l'|aux?|a la|a l'|a|sur|sous|en|et|saint|sainte|ste?)"
_PARTICLES = rf"(?i:(?:{_PARTICLE}(?:(?<=')|[ -]+)){{1,3}})"
_NO_STREET = (
    r"(?i:avec|chez|depuis|pour|mais|ils?|elles?|est|dans|sans|tel|tels|port|mail|mme|mr|m|monsieur"
    r"|madame|habite|et|ou|qui|car"
    r"|puis|bat|appt?|apt|bp|cedex|proche|pres|jusqu|loyer|permis|pas|ne|nee|identifiant|nir|ddn|age|agee"
    r"|a|au|aux|en|sur)(?![\w'-])"
)
_CAPITAL = rf"(?!{_NO_STREET})(?!\d{{5}})[A-Z0-9][\w'.-]{{0,30}}"
_WORD = rf"(?!{_NO_STREET})[a-z][\w'-]{{1,30}}"
_MONTHS = r"(?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)"
_DATED = rf"(?i:(?:du |de la |le )?\d{{1,2}}(?:er)?[ -]{_MONTHS}(?:[ -]\d{{4}}(?!\d))?)"
_PROPER_NAME = rf"(?:{_DATED}|{_PARTICLES}?(?=[A-Z]){_CAPITAL}(?:[ ]{_PARTICLES}?{_CAPITAL}){{0,5}})"
_STREET_NAME = (
    rf"(?:{_PROPER_NAME}|{_PARTICLES}?{_WORD}(?:[ ]{_PARTICLES}?{_WORD}){{0,2}}(?:[ ]{_CAPITAL}){{0,3}})"
)
_NUMBER = (
    r"(?<![\w/,.-])(?:n° ?)?\d{1,4}(?: ?(?:bis|ter|quater|[A-Da-d])\b)?(?: ?[-/,&] ?\d{1,4}(?: ?(?:bis|ter"
    r"|[A-D])\b)?)?[ ,]{1,3}"
)
_STREET = (
    rf"(?:(?i:\b(?:petite |grande |vieille |ancienne )?{SURE_KIND})[ ]{{1,2}}{_STREET_NAME}"
    rf"|(?i:\b{DOUBTFUL_KIND})[ ]{{1,2}}{_PROPER_NAME})"
)
_NUMBERED_STREET = (
    rf"(?:(?i:de la |de l'|du )?{_STREET}|(?i:{POSTAL_KIND})[ ]{_PROPER_NAME}"
    r"|(?i:grand-?e? ?rue|grand-?place)\b)"
)
_NUMBER_AFTER = (
    r"(?:,? ?(?:n° ?)?\d{1,3}(?: ?(?:bis|ter|[A-Da-d])\b)?"
    r"(?![\w/.]|[ ]\d| ?(?:ans|a|h|euros|km|mois|min|m2|enfants?|e|er)\b))?"
)

_NO_TOWN = (
    r"(?i:tel|tels|telephone|port|portable|mail|e-mail|mme|mr|mlle|m|monsieur|madame|ils?|elles?|permis"
    r"|nir|ddn|nee?|france"
    r"|identifiant|caf|rsa|projet|cherche|celibataire|mariee?|sans|avec|pas|bus|cedex|cv|rdv|age|agee"
    r"|mobile|vehicule|chrs|cada|huda|fjt|qpv|zrr|hlm|ccas|ehpad|esat|sdf|foyer|cph)(?![\w'-])"
)
_TOWN_LINK = r"(?i:sur|sous|les?|la|l'|en|de|des|du|d'|lez|et|aux?)"
_TOWN_CAPITAL = rf"(?:(?i:la|le|les) |(?i:l'))?(?!{_NO_TOWN})[A-Z][\w'-]{{1,30}}"
CAPITAL_TOWN = (
    rf"{_TOWN_CAPITAL}(?:[ -](?:{_TOWN_LINK}(?:(?<=')|[ -])){{0,2}}(?!{_NO_TOWN})[A-Z][\w'-]{{0,30}}){{0,4}}"
)
SMALL_TOWN = (
    rf"(?:(?:la|le|les|st|ste|saint|sainte)[ -]|l')?(?!{_NO_TOWN}|{_NO_STREET})[a-z][\w'-]{{2,30}}"
    r"(?:[ -](?:sur|sous|les?|la|en|de|lez|d'|du)[ -]?(?:(?:la|le|l') ?)?[a-z][\w'-]{2,30})?"
)
_CODE = r"(?:(?:[FB] ?- ?)?(?:\d{5}|\d\d \d{3})(?!\d))"
_CEDEX = r"(?:[ ,-]{1,3}(?i:cedex)(?: ?\d{1,2}(?!\d))?)?"
_CODE_TOWN = rf"{_CODE}[ ,\n-]{{1,3}}(?:{CAPITAL_TOWN}|{SMALL_TOWN}){_CEDEX}(?: ?\([^()\n]{{2,25}}\))?"
_TOWN_AFTER = (
    rf"(?:,? (?i:a|sur) (?:{CAPITAL_TOWN}|{SMALL_TOWN}(?=[ ]?[,.;)\n]|[ ]?$))|(?:, ?| - | / | \()"
    rf"{CAPITAL_TOWN}(?=[ ]?[-,.;)\n(]|[ ]?$)"
    rf"|[ ]{SMALL_TOWN}(?=[ ]?[,.;)\n]|[ ]?$)){_CEDEX}(?: ?\(?{_CODE}\)?|(?: ?\(\d\d\)))?"
)

_COMPLEMENT = (
    r"(?i:bat(?:iment|\b\.?) ?[a-z0-9]{1,4}\b|esc(?:alier|\b\.?) ?\w{1,3}\b"
    r"|a(?:ppartement|ppart\b\.?|ppt?\b\.?|pt\b\.?) ?(?:n° ?)?(?:\w{0,2}\d\w{0,3}|[a-z])\b"
    r"|\d{1,2} ?(?:er|ere|nd|e|eme|ieme)? ?et(?:age|\b\.?)(?: ?(?:gauche|droite|face)\b)?"
    r"|(?:premier|deuxieme|second|troisieme|quatrieme|cinquieme|dernier) etage(?: ?(?:gauche|droite|face)\b)?"
    r"|rez[ -]de[ -](?:chaussee|jardin)|rdc\b|rdj\b|porte ?(?:n° ?)?(?:gauche|droite|face"
    r"|\w{0,2}\d\w{0,3}|[a-z]\b)"
    r"|b\.?p\.? ?\d{1,6}|cs ?\d{4,6}|tsa ?\d{4,6}|boite (?:postale |aux lettres )?(?:n° ?)?\d{1,6}"
    r"|bal ?\d{1,4}"
    r"|(?:hall|entree) ?\w{1,3}\b|(?:chambre|lot|logement|log\.|studio|villa|emplacement|allee|etage) ?"
    r"(?:n° ?)?\w?\d{1,4}\b"
    r"|\bT[1-6](?:bis)?\b|n° ?\d{1,4}\b|(?:digi)?code ?:? ?\w{4,7}\b|interphone [\w'-]{2,20}|(?:gauche"
    r"|droite)\b)"
)
_BUILDING = (
    r"(?i:\b(?:residence(?: sociale| etudiante| autonomie)?|res\.|resid\.|immeuble|imm\.|tour|batiment"
    r"|bat\.|lotissement|lot\."
    r"|lieu-?dit|lieu dit|hameau|quartier|villa|domaine|chateau|clos|foyer|ferme|mas|cite|zone|za|zi|zac"
    r"|camping|ccas|chrs|cada"
    r"|maison|square|parc|ecart|coron|hotel social|pension de famille|auberge|aire d'accueil|moulin|crous"
    r"|fjt|adoma|motel|hotel)(?!\w))"
)
_BUILDING_NAME = rf"(?:[ ]{_PARTICLES}?(?=[A-Z]){_CAPITAL}(?:[ ]{_PARTICLES}?{_CAPITAL}){{0,4}})"
_HOST = (
    r"\b(?i:chez|c/o) (?:(?i:m|mr|mme|mlle|monsieur|madame|famille)\b\.? )?[A-Z][\w'-]{1,25}"
    r"(?: [A-Z][\w'-]{1,25}){0,2}"
)
_HOUSE = r"\b(?:(?:Les?|La) |L')[A-Z][\w'-]{1,25}(?: [A-Z][\w'-]{1,25}){0,3}(?=,)"
_NAMED = rf"(?:{_HOUSE}|{_BUILDING}{_BUILDING_NAME}?(?: n° ?\d{{1,4}})?|{_HOST})"
_SEPARATOR = r"(?: ?[,;/–-][ \n]{0,2}| ?\n ?| )"
_ANY_COMPLEMENT = rf"\(?(?:{_COMPLEMENT}|{_NAMED})\)?"
_FOREIGN = rf"(?:(?:[A-Z]{{1,2}}-)?[1-9]\d{{3}} {CAPITAL_TOWN})"
_TAIL = (
    rf"(?:{_SEPARATOR}{_ANY_COMPLEMENT}){{0,6}}(?:(?:{_SEPARATOR}| ?\()(?:(?i:a|sur) )?(?:{_CODE_TOWN}|{_FOREIGN})|"
    rf"{_TOWN_AFTER})?"
)
_HEAD = rf"(?:{_ANY_COMPLEMENT}(?: ?[,;/–-][ \n]{{0,2}}| ?\n ?)){{0,3}}"

NUMBERED = rf"{_HEAD}(?:(?i:numero ))?{_NUMBER}{_NUMBERED_STREET}{_TAIL}"
"""A street with its number: "Résidence Les Glycines, 12 bis rue des Lilas, bât. C, 59000 Lille CEDEX 2"."""

NAMED = rf"{_HEAD}(?i:\b{SURE_KIND})[ ]{_PROPER_NAME}{_NUMBER_AFTER}{_TAIL}"
"""A street without its number, whose name has capitals: "rue Victor-Hugo à Roubaix"."""

WITH_CODE = rf"(?:{_COMPLEMENT}|{_NAMED})(?:{_SEPARATOR}{_ANY_COMPLEMENT}){{0,4}}{_SEPARATOR}{_CODE_TOWN}"
"""No street: "lieu-dit Kerguen, 29390 Scaër", "BP 40217, 59029 LILLE CEDEX"."""

LIVED_IN = rf"(?:{_HEAD}(?:{_NUMBER})?{_STREET}{_NUMBER_AFTER}|{_BUILDING}{_BUILDING_NAME}(?: n° ?\d{{1,4}})?){_TAIL}"
"""After words that say that someone lives there, also in lower case: "habite rue des lilas", "logé au foyer Adoma"."""

CODE_LINE = rf"(?P<between>, ?| [-–] |\n){_CODE}[ ]{CAPITAL_TOWN}{_CEDEX}"
"""The last line of an address, with what sets it apart from the line before."""

KIND_OF_PLACE = (
    rf"(?i:{SURE_KIND}|\b{DOUBTFUL_KIND}|{_BUILDING}|{_COMPLEMENT}"
    r"|\b(?:terrain|parking|aire|pk|rd|rn|d|cd)\b)"
)
"""What a line of an address begins with when it begins with no capital."""

CODE_AND_TOWN = rf"(?<![\w.,/-])(?<!\d ){_CODE}[ ]{CAPITAL_TOWN}{_CEDEX}|{CAPITAL_TOWN}[ ]?\({_CODE}\)"

_RELATIVE = (
    r"(?:(?:ses|leurs) (?:beaux-)?parents|(?:sa|son|un|une|des|ses|leur) (?:\w+-)?(?:mere|pere|soeur"
    r"|frere|amie?s?|tante|oncle"
    r"|cousine?s?|fille|fils|belle-mere|beau-pere|grand-mere|grand-pere|compagne|compagnon|conjointe?"
    r"|copine?|enfants?|mari|femme"
    r"|famille|tiers|particulier|connaissance|(?:deux|trois|quatre|cinq|[2-9]) enfants)(?: et (?:son|sa"
    r"|ses|leurs?) \w+)?)"
)
_MEANWHILE = (
    r"(?: (?:actuellement|maintenant|desormais|toujours|seule?|encore|provisoirement|temporairement"
    r"|aujourd'hui|en ce moment"
    rf"|depuis (?:\d{{1,2}}|un|deux|trois|peu|longtemps|quelques)(?: (?:ans?|mois|semaines?))?|(?:avec"
    rf"|chez) {_RELATIVE}|en (?:famille|couple|appartement"
    r"|maison|colocation|coloc|location|hlm|foyer|studio|chrs|caravane)|dans (?:un|une|son|sa) (?:petit "
    r"|petite |grand |grande )?[a-z]\w{2,15}))"
)
LIVES = (
    r"(?i:\b(?:habit(?:e|es|ent|ait|ant|er)|vi(?:t|s|vent|vait|vant|vre)|resid(?:e|es|ent|ait|ant|er)"
    r"|log(?:e|ee|es|ees|eait)"
    r"|heberge(?:e|s|es|ment)?|domicili(?:e|ee|es|ees|ation)|demeur(?:e|ent|ant|ait)|installee?s?"
    r"|demenage(?:e|es|r|ment)?"
    r"|emmenage(?:e|es|r)?|locataires?|proprietaires?|logement|domicile|adresse|basee?|loue(?:nt)?)"
    r"(?:\(e\)|[.·]e)?(?![\w'-])"
    rf"{_MEANWHILE}{{0,3}}(?:[ ]?[,:][ ]?| )(?:actuel |actuelle )?)"
)
LIVES_AT = (
    rf"{LIVES}(?P<at>(?i:(?:a la|a l'|aux?|a|sur|dans (?:la|les?)|dans|en|le|la|pres de)[ ]?(?<=[' ])"
    r"(?:(?:quartier|ville|commune) (?:de |d'|du |des ))?))?"
)
"""What comes before the town or the street where someone lives."""

LIVES_WITH = (
    r"(?i:\b(?:dort|loge(?:e|es)?|heberge(?:e|es)?|vit|habite|vivent|habitent) (?:chez|avec)(?: (?:m\."
    r"|[^.;:\n ]{1,25})){1,7}?,? a )"
)
HOUSING = (
    r"(?:app(?:ar)?t?(?:ement|\.)?s?|studio|maison(?! d[e'u]| medicale| france)|maisonnette|[TF][1-6](?:bis)?"
    r"|logements?"
    r"|coloc(?:ation)?|gite|caravane|camping(?:-car)?|tiny house|peniche|bateau|chalet|mobil[- ]?home|pavillon"
    r"|chambre(?! d[e'])|hlm|duplex|loft|meuble|bail|pied-a-terre|cabanon|yourte|squat|terrain familial)"
)
"""What somebody lives in."""
SHEET = (
    r"(?i:\b(?:adr(?:esse)?s?|domicile|habitation|domiciliation|lieu de vie)\b\.?(?: (?!mail|e-?mail"
    r"|web)[a-z]{2,16}){0,2}"
    r" ?:)[ ]?\n?"
)
"""What comes before the address on a sheet."""
