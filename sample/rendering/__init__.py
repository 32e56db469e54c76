"""Renderers of the sample organisation's documents: a `Source` goes in, the bytes of one file come out."""
