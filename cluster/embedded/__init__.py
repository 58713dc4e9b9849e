"""PostgreSQL and Valkey as child processes, for where no address is configured.

async with EmbeddedServers(Home.from_environment(), on_event=print) as servers:
    connect(servers.postgres_url, servers.valkey_url)
    await servers.wait_until(stop)
"""

from cluster.embedded.errors import EmbeddedServerError, HomeInUseError
from cluster.embedded.events import Event, EventHook, EventKind
from cluster.embedded.home import Home
from cluster.embedded.postgres import EmbeddedPostgres
from cluster.embedded.servers import EmbeddedServers
from cluster.embedded.supervisor import Supervisor
from cluster.embedded.valkey import EmbeddedValkey

__all__ = [
    "EmbeddedPostgres",
    "EmbeddedServerError",
    "EmbeddedServers",
    "EmbeddedValkey",
    "Event",
    "EventHook",
    "EventKind",
    "Home",
    "HomeInUseError",
    "Supervisor",
]
