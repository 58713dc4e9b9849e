"""The live stream: one reader per replica and watched scope, and any number of clients that see what it finds."""
