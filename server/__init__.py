"""The API: search, cited answers and the ingestion service, over HTTP."""
