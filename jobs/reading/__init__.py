"""Tables of kinds that several jobs read, as the objects that they work with."""
