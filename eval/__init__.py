"""Quality figures: cases, metrics, the bench and its report."""
