"""Figures about the platform itself, for Prometheus.

Each module declares the metrics of one subject and offers what the code that knows them calls. Nothing has a label
with a tenant, a person or anything else that grows with use: dashboards of tenants are the analytics service's work.

Processes keep their figures in files of `PROMETHEUS_MULTIPROC_DIR` (prometheus_client's multi-process mode), and one
of them answers scrapes for the whole machine (`exporter`). Without the variable the figures stay in the process.
"""
