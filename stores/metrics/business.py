"""What the platform is there for: figures of all organisations together, as analytics has them."""

from __future__ import annotations

from collections.abc import Mapping

from stores.metrics.registry import gauge, total

REGISTRATIONS = total("azora_registrations_total", "People who joined")
ENROLLMENTS = total("azora_enrollments_total", "First enrolments of a learner in a course")
COMPLETIONS = total("azora_completions_total", "Courses completed")
DROPS = total("azora_drops_total", "Enrolments given up")
CERTIFICATES = total("azora_certificates_total", "Certificates issued")
REVENUE = total("azora_revenue_total", "Prices of the seats given, in units of whatever currency the courses name")
ENROLLED = gauge("azora_enrollments_by_status", "Enrolments as they stand", ("status",), mode="livemostrecent")
ACTIVE = gauge(
    "azora_active_learners",
    "Different learners within the last hour, day, 7 days (week) or 30 days (month)",
    ("window",),
    mode="livemostrecent",
)

AI_REQUESTS = total("azora_ai_requests_total", "Requests to language models")
AI_TOKENS = total("azora_ai_tokens_total", "Tokens of language models", ("direction",))
AI_COST = total("azora_ai_cost_dollars_total", "Cost of language models")

_TOTALS = {
    "registrations": REGISTRATIONS, "enrollments": ENROLLMENTS, "completions": COMPLETIONS, "drops": DROPS,
    "certificates": CERTIFICATES, "ai_requests": AI_REQUESTS,
}  # fmt: skip
_STATUSES = ("waitlisted", "active", "completed", "dropped", "expired")


def report(counters: Mapping[str, int]) -> None:
    """Report the platform's counters of all time, under the names that the aggregator gives them; absent is 0.

    Of all processes one at a time does this.
    """
    for name, metric in _TOTALS.items():
        metric.set(counters.get(name, 0))
    for status in _STATUSES:
        ENROLLED.labels(status).set(counters.get(status, 0))
    REVENUE.set(counters.get("revenue_cents", 0) / 100)
    AI_TOKENS.labels("input").set(counters.get("ai_input_tokens", 0))
    AI_TOKENS.labels("output").set(counters.get("ai_output_tokens", 0))
    AI_COST.set(counters.get("ai_cost_microdollars", 0) / 1_000_000)


def active_learners(window: str, learners: float) -> None:
    """Report how many different learners were active in the present window."""
    ACTIVE.labels(window).set(learners)
