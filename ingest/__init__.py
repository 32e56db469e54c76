"""Ingestion: from an organisation's documents to passages that can be searched in Qdrant."""
