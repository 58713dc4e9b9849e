"""The session cache: follows revocations in Valkey and hands them to every replica."""
