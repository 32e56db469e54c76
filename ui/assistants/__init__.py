"""The page « Assistants »: a form made of an assistant's inputs, its masks, and its answer with what it rests on."""
