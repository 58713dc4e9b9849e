"""Users: organisations, registration, profiles, roles, and what privacy law asks for."""
