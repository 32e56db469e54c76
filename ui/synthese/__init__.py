"""The page « Synthèse », one module a step: a template and an agreement, notes, masks, the draft, its review."""
