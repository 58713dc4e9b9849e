"""Adapters to what lives outside the process. Driver errors are translated here, once, into `stores.errors`."""
