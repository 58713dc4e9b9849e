"""The rules of analytics, gathered: one part for each thing people come for."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.analytics.service.cohorts import Cohorts
from deployments.analytics.service.learners import Learners
from deployments.analytics.service.rankings import Rankings
from deployments.analytics.service.reporting import Reporting
from deployments.analytics.service.trends import Trends
from deployments.analytics.service.views import Views
from deployments.analytics.stream.hub import Hub


@dataclass(frozen=True, kw_only=True)
class AnalyticsService:
    """What the endpoints call."""

    views: Views
    trends: Trends
    rankings: Rankings
    cohorts: Cohorts
    learners: Learners
    reporting: Reporting
    hub: Hub
