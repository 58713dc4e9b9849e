"""Ray's autoscaler on one machine, with the provider that Ray brings for that: its decisions are real, its nodes are
processes of the same machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from cluster.several.shape import Shape
from configs import placement

_HEAD_ID = "f" * 51 + "00000"  # how the provider knows the head (ray.autoscaler._private.fake_multi_node)
_HEAD_TYPE = "ray.head.default"

# What the head must find in its environment besides.
ENVIRONMENT = {
    "RAY_FAKE_CLUSTER": "1",
    "RAY_enable_autoscaler_v2": "1",
    "RAY_CLOUD_INSTANCE_ID": _HEAD_ID,
    "RAY_OVERRIDE_NODE_ID_FOR_TESTING": _HEAD_ID,
    "AUTOSCALER_UPDATE_INTERVAL_S": "1",
}


def configuration(shape: Shape) -> dict[str, Any]:
    """The autoscaler's configuration: a head that takes nothing, and workers as in production."""
    resources = placement.node_resources((placement.SERVICES, placement.ACTORS))
    return {
        "cluster_name": "azora",
        "max_workers": shape.autoscaled_to,
        "upscaling_speed": 1.0,
        "idle_timeout_minutes": shape.idle_seconds / 60,
        "provider": {
            # By module and not by its own name, for which Ray 2.60's wheel lacks the defaults.
            "type": "external",
            "module": "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider",
            "use_node_id_as_ip": True,
            "disable_node_updaters": True,
            "disable_launch_config_check": True,
            "launch_multiple": True,
            "head_node_id": _HEAD_ID,
        },
        "available_node_types": {
            _HEAD_TYPE: {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
            "azora.services": {
                "resources": {"CPU": shape.worker_cpus, **{name: int(amount) for name, amount in resources.items()}},
                "node_config": {},
                "min_workers": 0,
                "max_workers": shape.autoscaled_to,
            },
        },
        "head_node_type": _HEAD_TYPE,
        "auth": {},
        "file_mounts": {},
        "cluster_synced_files": [],
        "file_mounts_sync_continuously": False,
        "rsync_exclude": [],
        "rsync_filter": [],
        "initialization_commands": [],
        "setup_commands": [],
        "head_setup_commands": [],
        "worker_setup_commands": [],
        "head_start_ray_commands": [],
        "worker_start_ray_commands": [],
    }


def write_configuration(path: Path, shape: Shape) -> Path:
    """Write it, and say where."""
    path.write_text(yaml.safe_dump(configuration(shape)))
    return path
