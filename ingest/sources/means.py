"""With what files are read here: limits go in, and what they change comes out, for fingerprints and new tries."""

import hashlib
from dataclasses import replace

from ingest.parse import Limits


def reads_scans(limits: Limits) -> bool:
    """Tell whether scanned pages become text: the OCR is asked for, and installed."""
    from ingest.parse.ocr import missing_ocr

    return limits.ocr and missing_ocr() is None


def means(limits: Limits) -> str:
    """Digest what a new try of a file that failed depends on: the limits of cost, the helper programs."""
    from ingest.parse.libreoffice import missing_office
    from ingest.parse.ocr import missing_ocr

    programs = (missing_ocr() is None, missing_office() is None)
    return hashlib.sha256(f"{replace(limits, patient=True)}\0{programs}".encode()).hexdigest()
