"""One file a step; each says which one it follows. A step that was released never changes."""
