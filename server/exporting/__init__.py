"""The writers of `server/export.py`: one sheet, three formats."""
