"""How runs are told: what a run's folder holds goes in; a page of HTML, Markdown and JSON come out."""
