"""Smalltalk: greetings, thanks, what one asks an assistant about itself, insults.

A text goes in, whether it is nothing else comes out. What is smalltalk is taken out of the text; a question is what
is left: "Bonjour, quel est le délai…" is one.
"""

import re

from ingest.text import fold

MAX_WORDS = 14
"""A longer text asks or tells something."""

_PERSON = r"(?:t'es|tu es|es-tu|etes-vous|vous etes|est-ce que (?:tu es|vous etes|t'es)|c'est)"
_VERY = (
    r"(?:vraiment |tellement |trop |si |tres |un peu |completement |qu'un |qu'une |une? |vrai(?:e|ment)? )*"
)
_WHO = (
    r"(?:i\.?a\.?|robot|chatbot|bot|humaine?|machine|ordinateur|logiciel|programme|assistante?|personne|etre humain"
    r"|intelligence artificielle|chatgpt|homme|femme|vivante?|reel(?:le)?)"
)
_INSULT = (
    r"(?:nul(?:le)?|stupides?|idiote?s?|betes?|con(?:ne)?|debile|cretin|inutile|incompetente?|imbecile|mauvaise?"
    r"|naze|pourrie?|abrutie?)"
)
_SEE_YOU = (
    r"(?:bientot|demain|plus(?: tard)?|tout a l'heure|tout de suite|la prochaine(?: fois)?|lundi|mardi|mercredi|jeudi"
    r"|vendredi|la semaine prochaine)"
)

_SMALLTALK = (
    # greetings and leave-taking
    r"(?:re)?bonjour|bonsoir|salut|coucou|hello|hey|hi|yo|bienvenue|au revoir|adieu|bye|ciao|tchao",
    r"(?:bonne?|belle|excellente?) (?:journee|soiree|nuit|apres-midi|continuation|fin de journee|week-end|weekend"
    r"|semaine|annee|chance|vacances|dimanche|reception)",
    rf"(?:a|et a) {_SEE_YOU}",
    r"(?:comment )?(?:ca va|vas-tu|allez-vous|tu vas|vous allez)(?: bien)?(?: aujourd'hui)?|comment va",
    r"quoi de neuf|la forme|enchantee?|ravie?",
    # thanks and assent
    r"(?:un (?:grand|tres grand) |mille |grand )?mercis?(?: beaucoup| infiniment| bien| d'avance| a (?:toi|vous|tous))*"
    r"(?: pour (?:ton|ta|tes|votre|vos|cette|la|l'|tout)"
    r"(?: ?(?:aide|reponses?|travail|explications?|precisions?|temps))?)?",
    r"je (?:te|vous) remercie(?: beaucoup)?|c'(?:est|etait) (?:tres |vraiment |bien )?"
    r"(?:gentil|parfait|bien|bon|clair|note|super|genial|cool|top|sympa|utile|ca|tout(?! ?\?)|compris)",
    r"parfait|super|genial|excellent|top|cool|impeccable|nickel|bravo|bien joue|d'accord|ok(?:ay)?|entendu|compris"
    r"|j'ai compris|je comprends|note|tres bien|ca marche|pas de (?:souci|probleme)|oui|non|voila|tant pis|pas grave",
    r"desolee?|pardon|excuse[sz]?(?:-moi)?|je me suis trompee?|c'est une erreur|laisse(?:z)? tomber|oublie(?:z)?",
    r"ah|oh|euh|hum|lol|mdr|ha(?:ha)+|hihi",
    # about the assistant
    rf"{_PERSON} {_VERY}{_WHO}|{_PERSON} qui(?: toi| vous)?|qui (?:es-tu|etes-vous|tu es|vous etes)",
    r"comment (?:tu t'appelles|t'appelles-tu|vous appelez-vous|vous vous appelez)|(?:quel est |c'est quoi )?ton nom",
    r"(?:que|qu'est-ce que) (?:sais-tu|peux-tu|pouvez-vous|savez-vous|tu sais|tu peux|vous pouvez|vous savez) faire"
    r"|(?:tu|vous) (?:sais|peux|savez|pouvez) faire quoi|tu fais quoi",
    r"a quoi (?:tu sers|sers-tu|servez-vous|vous servez)|(?:tu sers|vous servez) a quoi"
    r"|comment (?:tu (?:marches|fonctionnes)|fonctionnes-tu|marches-tu|vous fonctionnez)",
    r"(?:par )?qui (?:t'a|vous a) (?:cree|fait|programme|concu|developpe|invente|fabrique)|quel age (?:as-tu|tu as)"
    r"|tu (?:m'aimes|dors|t'ennuies|es la|m'entends)|es-tu la",
    # insults
    rf"(?:{_PERSON} )?{_VERY}{_INSULT}|espece d(?:e |'){_INSULT}|(?:gros(?:se)?|sale|pauvre) {_INSULT}",
    r"tu (?:ne |n')?(?:comprends|sers|sais|reponds)(?: (?:vraiment|jamais))?(?: (?:a )?rien| n'importe quoi)"
    r"(?: du tout)?",
    r"ferme[ -]la|ta gueule|la ferme|va te faire \w+|degage|merde|putain|(?:tu )?fais chier|n'importe quoi"
    r"|connard|connasse",
)
_TALK = re.compile(rf"(?<![\w'-])(?:{'|'.join(_SMALLTALK)})(?![\w-])")

_FILLERS = frozenset(
    """
    a alors assistant aussi beaucoup bien bon bonne ca cher chere chers donc du encore enfin et exactement fanal hein
    juste la le les madame messieurs mon monsieur mesdames nous plait pour quand meme s stp svp te toi tous tout toute
    toutes tres tu un une vous vraiment monde fait jour
    """.split()
)


def is_smalltalk(text: str) -> bool:
    """Tell whether a text holds nothing but greetings, thanks, remarks about the assistant or insults."""
    folded = " ".join(fold(text).split())
    words = re.findall(r"\w+", folded)
    if not words or len(words) > MAX_WORDS:
        return False
    left, found = _TALK.subn(" ", folded)
    return found > 0 and all(word in _FILLERS for word in re.findall(r"\w+", left))
