"""Who is calling: tokens of the organisation's provider, API keys of machines, tickets of links."""
