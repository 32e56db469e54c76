"""Questions made of the organisation's own documents, for a person to accept or put aside."""
