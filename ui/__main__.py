"""`python -m ui`: start the page, with Streamlit's own options (`--server.port 8501`) or `STREAMLIT_…` variables.

`streamlit run ui/app.py` starts the same page where nobody signs in.
"""

import os
import sys
from pathlib import Path

from pydantic import ValidationError

from ui.settings import UiSettings, faults

SERVED = Path(__file__).resolve().parent / "served.py"


def main(options: list[str]) -> int:
    """Serve the page until it is stopped; gives 2 when a setting is wrong, which it says."""
    try:
        UiSettings()
    except ValidationError as error:
        print(f"Réglages à corriger :\n{faults(error)}", file=sys.stderr)
        return 2
    from streamlit.web import cli  # takes seconds: what is wrong with the settings is said at once

    os.environ.setdefault("STREAMLIT_SERVER_FILE_WATCHER_TYPE", "none")
    cli.main(["run", str(SERVED), *options])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
