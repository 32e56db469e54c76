"""Special categories of personal data (article 9 RGPD) and judicial data (article 10), by word lists.

A text goes in, Presidio's results come out: health, handicap, religion, opinions, union, origin, sexual orientation,
convictions. The lists are files beside this module (`words/*.toml`). A trade is not its subject: "aide-soignante",
"référente handicap" or "surveillant pénitentiaire" say nothing of someone's health, handicap or past.
"""

import re
from collections.abc import Callable, Sequence

from presidio_analyzer import EntityRecognizer

from server.recognisers.folding import Plain, plain, spelt
from server.recognisers.rules import Rule, RuleRecogniser
from server.recognisers.sensitive_words import Clauses, WordList, read_clauses, read_word_lists

_FILES = ("sante", "handicap", "convictions", "origine", "orientation", "judiciaire")
_NO_QUOTES = str.maketrans({"«": None, "»": None, '"': None})
_SEEN_BEFORE = 60
_SEEN_AFTER = 40

_PERSON = (
    r"(?:parents?|peres?|meres?|mari|femmes?|epou(?:x|se)|conjointe?|compagnon|compagne|famile|homes?"
    r"|dames?|monsieur|jeunes?"
    r"|persones?|couple|soeurs?|freres?|files?|fils|garcons?|amie?|enfants?|public|grands? ?parents?"
    r"|maman|papa)"
)
_AROUND = re.compile(
    r"(?:(?:a|ai|ont|est|sont|suis|etait|etaient|etant|ete|avait|fut|se|s'est|dit|une?|le|la|les|l'|son"
    r"|sa|ses|mon|ma|leurs?|ele"
    rf"|il|toujours|actuelement|deja|aussi|tres|ouvertement|des|du|d'|issue?s?|{_PERSON})(?:(?<=')"
    rf"|[ \n-]{{1,2}}))+"
)
"""Words that say whom and how, not what: "est gay" is masked "est [SENSIBLE_1]", so that the sentence still reads."""


def recognisers() -> list[EntityRecognizer]:
    """Give two recognisers: one for words however they are spelt, one for acronyms in capitals."""
    lists = [words for name in _FILES for words in read_word_lists(name)]
    clauses = read_clauses()
    return [
        RuleRecogniser(
            "categories_particulieres",
            [*(rule for words in lists for rule in _rules(words)), *_attribute_rules(lists, clauses)],
            shape=_spelt,
        ),
        RuleRecogniser("sigles_particuliers", [rule for words in lists for rule in _acronym_rules(words)]),
    ]


def _spelt(text: str) -> Plain:
    return spelt(plain(text))


def _rules(words: WordList) -> list[Rule]:
    rules: list[Rule] = []
    if words.personal is not None:
        rules.append(
            Rule(words.personal, 0.9, holds=_unless(None, words.not_before), narrow=_without_words_around)
        )
    if words.topical is not None:
        rules.append(
            Rule(
                words.topical,
                0.8,
                holds=_unless(words.not_after, words.not_before),
                narrow=_without_words_around,
            )
        )
    return rules


def _attribute_rules(lists: Sequence[WordList], clauses: Clauses) -> list[Rule]:
    """After all the others: what a longer expression of another list holds is not taken from it."""
    return [
        Rule(words.attribute, 0.8, holds=_said_of_a_person(words, clauses), narrow=_without_words_around)
        for words in lists
        if words.attribute is not None
    ]


def _said_of_a_person(words: WordList, clauses: Clauses) -> Callable[[re.Match[str]], bool]:
    means_it = _unless(words.not_after, words.not_before)

    def holds(match: re.Match[str]) -> bool:
        before, after = _around(match)
        return (
            clauses.begins.search(before) is not None
            and clauses.ends.match(after) is not None
            and means_it(match)
        )

    return holds


def _acronym_rules(words: WordList) -> list[Rule]:
    if words.capitals is None:
        return []
    return [Rule(words.capitals, 0.85, holds=_unless(words.not_after, words.not_before, _spelt_text))]


def _without_words_around(value: str) -> tuple[int, int]:
    around = _AROUND.match(value)
    return (around.end() if around and around.end() < len(value) else 0), len(value)


def _spelt_text(text: str) -> str:
    return _spelt(text).text


def _unless(
    not_after: re.Pattern[str] | None, not_before: re.Pattern[str] | None, shape: Callable[[str], str] = str
) -> Callable[[re.Match[str]], bool]:
    """Tell of a match whether neither what comes before it nor what comes after makes it something else."""

    def holds(match: re.Match[str]) -> bool:
        before, after = map(shape, _around(match))
        return not (not_after and not_after.search(before)) and not (not_before and not_before.match(after))

    return holds


def _around(match: re.Match[str]) -> tuple[str, str]:
    """Give what is before a match and what is after it, without the quotation marks of what somebody said."""
    before = match.string[max(0, match.start() - _SEEN_BEFORE) : match.start()]
    after = match.string[match.end() : match.end() + _SEEN_AFTER]
    return _bare(before), _bare(after)


def _bare(text: str) -> str:
    return text.translate(_NO_QUOTES).replace("  ", " ")
