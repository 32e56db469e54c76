"""The prompts, in French and versioned."""
