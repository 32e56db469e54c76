"""The steps of `server/assist.py`: the assistants' files, what they read, and what stands in for a model."""
