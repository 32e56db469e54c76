"""The steps of `server/draft.py`: from masked notes to sentences that each rest on the notes."""
