"""What a tutor says, and what it keeps to itself."""
