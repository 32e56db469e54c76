"""The page « Qualité »: runs, trends, cases, comparisons, the feedback inbox and the organisation's own cases."""
