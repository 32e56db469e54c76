"""Build the sample organisation's documents: `content/*.md` goes in, `documents/<folder>/` comes out.

Each folder also gets a `metadonnees.csv`, as a spreadsheet exports it (UTF-8 with BOM, semicolons).
Run as `python sample/build.py`; a second run gives the same bytes.
"""

import csv
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from rendering.office import render_docx, render_odt, render_pptx
from rendering.pdf import render_columns, render_pdf
from rendering.scan import render_scan
from rendering.source import Source, read_source
from rendering.web import render_eml, render_html, render_md

HERE = Path(__file__).parent
CONTENT, DOCUMENTS = HERE / "content", HERE / "documents"
RENDERERS: dict[str, Callable[[Source], bytes]] = {
    "pdf": render_pdf,
    "pdf-colonnes": render_columns,
    "pdf-scan": render_scan,
    "docx": render_docx,
    "odt": render_odt,
    "pptx": render_pptx,
    "html": render_html,
    "md": render_md,
    "eml": render_eml,
}
COLUMNS = {
    "reference": "reference",
    "titre": "title",
    "date": "date",
    "valable_du": "valid_from",
    "valable_jusqu_au": "valid_to",
    "statut": "status",
    "remplace": "replaces",
    "remplace_par": "replaced_by",
    "groupes": "groups",
}


def main() -> None:
    folders: dict[str, list[Source]] = defaultdict(list)
    for path in sorted(CONTENT.glob("*.md")):
        source = read_source(path)
        folders[source.meta["folder"]].append(source)
    for name, sources in folders.items():
        write_folder(DOCUMENTS / name, sources)
    print(f"{sum(map(len, folders.values()))} documents dans {DOCUMENTS}")


def write_folder(folder: Path, sources: list[Source]) -> None:
    """Replace a folder by the rendered documents and their metadata."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in sources:
        (folder / source.file_name).write_bytes(RENDERERS[source.format](source))
    with (folder / "metadonnees.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["fichier", *COLUMNS])
        writer.writerows(
            [source.file_name, *(source.meta.get(key, "") for key in COLUMNS.values())] for source in sources
        )


if __name__ == "__main__":
    main()
