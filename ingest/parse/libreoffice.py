"""Formats that only LibreOffice reads: the bytes of a DOC, PPT, XLS, ODS or ODP go in, a DOCX, PPTX or XLSX comes out.

Each conversion has a profile of its own, thrown away with it, and two at a time do not meet. The profile turns off
macros and links to other files, and its proxy is a closed port: a document that names a picture of the network
has nothing fetched. Where the system lets it, LibreOffice runs without a network at all.
"""

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from ingest.errors import UnreadableFile
from ingest.parse.detect import Format
from ingest.parse.parsed import Limits

_CONVERSIONS = {
    Format.DOC: ("doc", "docx"),
    Format.PPT: ("ppt", "pptx"),
    Format.XLS: ("xls", "xlsx"),
    Format.ODS: ("ods", "xlsx"),
    Format.ODP: ("odp", "pptx"),
}
_SHARE_OF_TIME = 0.9  # of the file's: what is converted is still to be read
_SIGNALLED = 128
_OPTIONS = ("--headless", "--norestore", "--nolockcheck", "--nodefault", "--nologo")
_CLOSED_PORT = 9
_NEVER, _NEVER_IN_CALC = 0, 1
_SETTINGS: dict[str, dict[str, object]] = {
    "Office.Common/Security/Scripting": {"MacroSecurityLevel": 3, "DisableMacrosExecution": "true"},
    # `BlockUntrustedRefererLinks` does nothing without a window: what it should block fails at this proxy.
    "Inet/Settings": {
        "ooInetProxyType": 1,
        "ooInetNoProxy": "",
        **{f"ooInet{protocol}ProxyName": "127.0.0.1" for protocol in ("HTTP", "HTTPS", "FTP")},
        **{f"ooInet{protocol}ProxyPort": _CLOSED_PORT for protocol in ("HTTP", "HTTPS", "FTP")},
    },
    "Office.Writer/Content/Update": {"Link": _NEVER},
    "Office.Calc/Content/Update": {"Link": _NEVER_IN_CALC},
}


@cache
def missing_office() -> str | None:
    """Tell why LibreOffice cannot run here, in French; None when it can. Asked once a process."""
    if shutil.which("soffice") is not None:
        return None
    return (
        "LibreOffice n'est pas installé (paquets libreoffice-writer-nogui, libreoffice-calc-nogui"
        " et libreoffice-impress-nogui)"
    )


def convert(data: bytes, format_: Format, limits: Limits) -> tuple[bytes, str]:
    """Convert a file to the format in which it is read.

    Args:
        data: the whole file.
        format_: what it is; one of those of this module.
        limits: its time and the size of what may come out.

    Returns:
        The converted file and its name.

    Raises:
        UnreadableFile: LibreOffice is not installed, or could not open the file, or took too long.
    """
    before, after = _CONVERSIONS[format_]
    if reason := missing_office():
        raise UnreadableFile(
            f"un fichier {format_} se lit avec LibreOffice, et {reason} :"
            f" installez-le, ou enregistrez le document au format {after.upper()}"
        )
    with tempfile.TemporaryDirectory(prefix="fanal-libreoffice-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / f"document.{before}").write_bytes(data)
        _run(folder, f"document.{before}", after, _SHARE_OF_TIME * limits.max_seconds)
        converted = folder / f"document.{after}"
        if not converted.is_file() or converted.stat().st_size > limits.max_bytes:
            raise UnreadableFile(
                f"LibreOffice n'a pas pu convertir ce fichier {format_}, endommagé ou protégé par un mot de"
                f" passe : ouvrez-le et enregistrez-le au format {after.upper()}"
            )
        return converted.read_bytes(), converted.name


def _run(folder: Path, name: str, target: str, seconds: float) -> None:
    profile = folder / "profil"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_profile(), encoding="utf-8")
    # `timeout` kills all that soffice starts, in a group of its own; a signal to soffice alone leaves its child
    # running. It is told to by the end of this process too, however it ends.
    limit = ("setpriv", "--pdeathsig", "TERM", "timeout", "--signal=KILL", "--kill-after=1", f"{seconds:g}")
    office = ("soffice", *_OPTIONS, f"-env:UserInstallation={profile.as_uri()}")
    done = subprocess.run(
        [*limit, *_without_network(), *office, "--convert-to", target, "--outdir", str(folder), name],
        cwd=folder,
        env=os.environ | {"TMPDIR": str(folder)},
        capture_output=True,
        check=False,
    )
    if done.returncode < 0 or done.returncode > _SIGNALLED:
        raise UnreadableFile(
            f"LibreOffice n'a pas converti ce fichier en {seconds:g} secondes : découpez-le ou simplifiez-le,"
            " ou allongez ce délai dans les réglages"
        )


@cache
def _without_network() -> tuple[str, ...]:
    """The command that takes the network from the one that follows; none where the system refuses. Asked once."""
    command = ("unshare", "--net", "--map-root-user")
    try:
        refused = subprocess.run([*command, "true"], capture_output=True, check=False).returncode
    except FileNotFoundError:
        return ()
    return () if refused else command


def _profile() -> str:
    """What LibreOffice reads at its start, in place of its defaults."""
    items = (
        f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}"><value>{value}</value></prop></item>'
        for path, properties in _SETTINGS.items()
        for name, value in properties.items()
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">{"".join(items)}</oor:items>
"""
