"""Where each key of a TOML stands: the same keys as `tomllib` reads, each on its own line, whatever is in the way."""

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sources.toml_lines import key_lines


def flat(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    members: Any = ()
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    for key, member in members:
        yield from flat(member, (*path, key))


AWKWARD = '''\
# [[source]] in a remark
top.sub."clé [x]" = 'a # b' # name = "c"
text = """
[[source]]
name = "in a text"
quoted \\""" and ""two"""" # end
raw = \'\'\'
[x] = \'\'\'

[[source]]   # first
name = "a"
list = [ # opening
  "x]", # ] in a remark
  { p = [1, 2], "q.r" = { s = "}" } }, 1979-05-27 07:32:00,
  [ [], [3] ],
]
[source.columns]
title = "T"
[[source]]
[source.columns.'x y']
d = 1_000
[other]
e = -inf
'''


def test_each_key_of_an_awkward_file_has_its_line() -> None:
    lines = key_lines(AWKWARD)
    assert set(lines) == set(flat(tomllib.loads(AWKWARD)))
    written_lines = AWKWARD.splitlines()
    for path, line in lines.items():
        if isinstance(path[-1], str) and path not in {("source",)}:
            assert path[-1] in written_lines[line - 1], path
    assert lines["source", 0] == 10
    assert lines["source", 0, "list", 1, "q.r", "s"] == 14
    assert lines["source", 0, "list", 3, 1] == 15
    assert (lines["source", 0, "columns"], lines["source", 1], lines["source", 1, "columns", "x y", "d"]) == (
        17,
        19,
        21,
    )


KEYS = st.text(alphabet="ab.\"' é#=[]-\\\n", min_size=1, max_size=5)
LEAVES = st.one_of(st.integers(), st.booleans(), st.dates(), st.text(alphabet="a\"'\\\n#]}é,= ", max_size=8))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def as_toml(value: Any) -> str:
    """Write a value, a list over several lines."""
    match value:
        case bool():
            return str(value).lower()
        case str() if "'''" not in value and not value.endswith("'"):
            return f"'''{value}'''"
        case str():
            return quoted(value)
        case list():
            return "[ # ]\n" + "".join(f"{as_toml(item)} ,# '\n" for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{quoted(k)} = {as_toml(v)}" for k, v in value.items()) + "}"
        case _:
            return str(value)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=4))
def test_the_keys_found_are_those_that_tomllib_reads(tables: list[dict[str, Any]]) -> None:
    rows = []
    for table in tables:
        rows += ["[[ source ]]", *(f"{quoted(key)}={as_toml(value)}" for key, value in table.items())]
    text = "\n\n# '''\n".join(rows)
    lines = key_lines(text)
    assert set(lines) == set(flat(tomllib.loads(text)))
    for path, line in lines.items():
        if len(path) == 3:
            assert text.splitlines()[line - 1].startswith(quoted(str(path[2])))
