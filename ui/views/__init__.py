"""One module a page; each has a function that draws it with the client it is given."""
