"""The checks themselves: each finds what it looks for, in a step, a plan, a call or a text, and says where."""
