"""The commands of `python -m server`, beside starting it."""
