"""One file a command of `python -m eval`: `HELP`, `add_arguments(parser)`, `run(options) -> exit status or None`.

What a command needs is imported inside `run`: `--help` is quick.
"""
