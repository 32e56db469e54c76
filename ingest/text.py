"""French words: from a text to the terms that the index, the questions and the extractive answers share.

Everything is folded (case and accents) before it is stemmed, so that a question typed without accents
meets the same terms as a document that has them.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-")
APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc\u2032\u00b4\u0060\uff07"), "'")
"""Translation tables of one character for one: offsets do not move."""

_FOLDED = {**DASHES, **APOSTROPHES, ord("œ"): "oe", ord("æ"): "ae"}
_MARKS = re.compile("[\u0300-\u036f]+")

STOP_WORDS = frozenset(
    """
    a afin ai aie ailleurs aimerais aimerait ainsi allez alors apres article articles as au aucun aucune
    aujourd aupres auquel aussi autre autres aux auxquels avaient avais avait avant avec avez avoir avons
    ayant beaucoup bien bon bonjour bonne bonnes bons bonsoir c car ce ceci cela celle celles celui
    cependant certain certaine certaines certains ces cet cette ceux chacun chacune chaque chez ci combien
    comme comment d dans de dehors deja depuis des desquelles desquels dessous dessus dire dis disent dit
    dites doit doivent donc dont du duquel durant e elle elles en encore ensuite entre envers es est et
    etaient etais etait etant etc ete etes etre eu eux faire fait faut font furent fut h hors hui ici il ils
    j je jusqu jusque l la laquelle le lequel les lesquelles lesquels leur leurs lorsqu lorsque lui m ma
    mais me meme memes merci mes moi moins mon n ne ni nos notre nous on ont or ou par parce parmi pas
    pendant peu peut peuvent peux plus plusieurs plutot pour pourquoi pourra pourrais pourrait pourriez
    pouvez pouvoir presque puis puisqu puisque qu quand que quel quelle quelles quelqu quelque quelques
    quels qui quoi quoiqu quoique s sa sans sauf savoir se selon sera serait seront sert ses si sinon soi
    soient sois soit sommes son sont souhaitais souhaite souhaiterais souhaiterait sous stp suis sur svp t
    ta tant te tel telle telles tels tes toi ton tous tout toute toutefois toutes tres tu un une va vais vas
    vers veulent veut veux voici voila vont vos votre voudrais voudrait voudriez vous vu y
    """.split()
)

_SPACE = "[ \t\u00a0\u202f\u2009]"
_GAP = "[ \t\n\u00a0\u202f\u2009.*]{0,4}"
"""What may stand between the letter and the number: "L. 6323-1", "R.*136-8"."""

# A hyphen may have a space on one side ("D 6323 -1"); on both it is punctuation ("L. 6323-1 - 12 heures").
_HYPHEN = f"(?:-{_SPACE}?|{_SPACE}-)"
_NUMBER = rf"\d{{3,4}}(?:{_HYPHEN}\d{{1,3}}){{1,5}}(?:-[A-Z](?![A-Za-z]))?(?!\d)"
_ARTICLE = re.compile(
    rf"(?<![\w-])(?:"
    rf"(?P<letter>(?i:l\.?o|[lrd])){_GAP}(?P<number>{_NUMBER})"
    # "il a 150-200 euros" is no article: A asks for its capital, and for a dot or no space.
    rf"|(?P<letter_a>A)(?:\.{_GAP})?(?P<number_a>{_NUMBER})"
    # A number without a hyphen ("article L. 1") is one only after the word: "en L1" is a year at university.
    rf"|(?i:art(?:icle)?s?){_GAP}(?P<letter_1>(?i:l\.?o|[lrda])){_GAP}"
    rf"(?P<number_1>\d{{1,4}}(?:{_HYPHEN}\d{{1,3}})*)(?![\d-])"
    rf")"
)
_WORD = re.compile(
    r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)"  # 1 500
    r"|[^\W\d_]{1,6}-?\d+(?:-\d+)*"  # PR-031, NS-2026-04, RNCP37948
    r"|\d+(?:[.,]\d+)?"
    r"|\w+"
)


@dataclass(frozen=True, slots=True)
class ArticleMention:
    """An article number in a text: `number` as codes write it ("L6323-17-1"), at `text[start:end]`."""

    number: str
    start: int
    end: int


def find_articles(text: str) -> list[ArticleMention]:
    """Find the article numbers of French codes in `text`, in order, however they are spaced and dashed."""
    return [_mention(match) for match in _ARTICLE.finditer(text.translate(DASHES))]


def article_numbers(text: str) -> list[str]:
    """List the article numbers in `text` without repeats: "L. 6323-1 et R.6313-7" gives L6323-1, R6313-7."""
    return list(dict.fromkeys(mention.number for mention in find_articles(text)))


def fold(text: str) -> str:
    """Lower the case, remove the accents, open the ligatures and unify the apostrophes and dashes."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_FOLDED))
    return _MARKS.sub("", plain).lower()  # again: "𝐀" has no lower case, its plain form has


def terms(text: str) -> list[str]:
    """Give the terms of `text` in order: stemmed words without stop words, numbers, article numbers whole."""
    return list(_terms(text))


def _terms(text: str) -> Iterator[str]:
    begin = 0
    for mention in find_articles(text):
        yield from _plain_terms(text[begin : mention.start])
        yield mention.number.lower()
        begin = mention.end
    yield from _plain_terms(text[begin:])


def _plain_terms(text: str) -> Iterator[str]:
    for match in _WORD.finditer(fold(text)):
        word = match.group()
        if word in STOP_WORDS:
            continue
        yield stem(word) if word.isalpha() else _code(word)


def _code(word: str) -> str:
    """Write a number or a reference one way: "1 500" is 1500 and "PR-031" is pr031."""
    joined = re.sub(r"\s", "", word)
    return re.sub(r"^([^\W\d]+)-", r"\1", joined)


class _Stemmer(Protocol):
    def stem(self, token: str) -> str: ...


@lru_cache(maxsize=1)
def _french_stemmer() -> _Stemmer:
    # nltk takes more than a second to import: only who stems pays for it.
    from nltk.stem.snowball import FrenchStemmer  # type: ignore[import-untyped]  # nltk ships no types

    stemmer: _Stemmer = FrenchStemmer()
    return stemmer


@lru_cache(maxsize=1 << 17)
def stem(word: str) -> str:
    """Stem a folded word: Snowball's French rules, and what they need once the accents are gone.

    Snowball (Porter 2001, snowballstem.org) knows "formée" but not "formee", keeps the s of "emplois", and
    ends "licencié" and "licencier" apart by an i: a rule each.
    """
    if len(word) <= 3:  # acronyms: "VAE" is not "va"
        return word.removesuffix("s")
    word = re.sub(r"ees?$", "e", word)
    word = re.sub(r"(?<!s)s$", "", word)
    stemmed = _french_stemmer().stem(word)
    return stemmed[:-1] if len(stemmed) > 4 and stemmed.endswith("i") else stemmed


def _mention(match: re.Match[str]) -> ArticleMention:
    letter = next(name for name in ("letter", "letter_a", "letter_1") if match[name])
    number = re.sub(r"\s", "", match[letter.replace("letter", "number")])
    star = "*" if "*" in match.group() else ""
    code = match[letter].replace(".", "").upper()
    return ArticleMention(f"{code}{star}{number}", match.start(letter), match.end())
