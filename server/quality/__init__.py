"""What quality teams read: runs that `eval` wrote, comparisons, the organisation's own cases."""
