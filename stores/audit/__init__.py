"""The audit log: entries written with what they tell of, chained by one sealer, verified by anybody who may read it."""

from stores.audit.appending import append
from stores.audit.catalogue import ACTIONS, AUDITED
from stores.audit.entries import PLATFORM, Entry, UnknownAction

__all__ = ["ACTIONS", "AUDITED", "PLATFORM", "Entry", "UnknownAction", "append"]
