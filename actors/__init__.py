"""Stateful Ray actors: for each a thin shell (`actor`), a pure state machine (`state`) and its storage (`store`)."""
