"""Who may do what: the one matrix.

`ROLES` says which permissions each role holds; `ROUTES` says which permission each route needs. A route that is not
in `ROUTES` cannot be registered (`deployments.kit.routes`). Holding a permission opens the route; which rows it
reaches (one's own, one's courses, one's organisation) is for the service's rules and for row-level security.
"""

from __future__ import annotations

from configs.errors import ConfigurationError

PUBLIC = "public"

_SELF = {
    "self.read", "self.write", "self.export", "self.erase", "sessions.own", "analytics.own", "analytics.write",
    "llm.use",
}  # fmt: skip
_LEARN = {
    "courses.read",
    "reviews.write",
    "enrollments.own",
    "enrollments.read",
    "tutor.ask",
    "agents.use",
    "agents.read",
    "predictions.own",
    "mastery.own",
    "paths.own",
}
_TEACH = {
    "courses.write", "courses.publish", "enrollments.course", "enrollments.manage", "submissions.grade",
    "analytics.courses", "agents.approve", "people.message",
    "constitution.read",
    "predictions.courses",
    "mastery.courses", "skills.write", "paths.courses",
}  # fmt: skip
_ADMINISTER = {
    "organisation.write",
    "people.read", "people.write", "people.roles", "people.invite", "people.import", "people.export", "people.erase",
    "people.sessions", "courses.any", "courses.assign", "enrollments.any", "enrollments.import",
    "analytics.organisation", "analytics.learners", "analytics.import",
    "llm.manage", "llm.usage", "llm.transcripts",
    "agents.any",
    "audit.read", "audit.export", "constitution.write", "constitution.activate", "decisions.read", "decisions.stop",
    "learning.read", "learning.manage",
}  # fmt: skip
_OPERATE = {"organisations.read", "organisations.write", "keys.rotate", "analytics.platform", "audit.platform"}
_AUDIT = {
    "people.read", "people.export", "courses.read", "courses.any",
    "enrollments.course", "enrollments.read", "enrollments.any",
    "analytics.courses", "analytics.organisation", "analytics.learners",
    "llm.usage", "llm.transcripts",
    "agents.any", "agents.read",
    "audit.read", "audit.export", "constitution.read", "decisions.read",
    "learning.read",
}  # fmt: skip

ROLES: dict[str, frozenset[str]] = {
    "student": frozenset(_SELF | _LEARN | {"organisation.read"}),
    "instructor": frozenset(_SELF | _LEARN | _TEACH | {"organisation.read"}),
    "org_admin": frozenset(_SELF | _LEARN | _TEACH | _ADMINISTER | {"organisation.read"}),
    "platform_admin": frozenset(_SELF | _LEARN | _TEACH | _ADMINISTER | _OPERATE | {"organisation.read"}),
    "auditor": frozenset(_SELF | _AUDIT | {"organisation.read"}),
}

ROUTES: dict[str, str] = {
    # The front door
    "GET    /":                                                     PUBLIC,
    "GET    /docs":                                                 PUBLIC,
    "GET    /docs/assets/{name}":                                   PUBLIC,
    # Users
    "POST   /api/users/register":                                   PUBLIC,
    "GET    /api/users/me":                                         "self.read",
    "PATCH  /api/users/me":                                         "self.write",
    "GET    /api/users/me/sensitive":                               "self.read",
    "PUT    /api/users/me/sensitive":                               "self.write",
    "PUT    /api/users/me/password":                                "self.write",
    "GET    /api/users/me/export":                                  "self.export",
    "POST   /api/users/me/erase":                                   "self.erase",
    "POST   /api/users/password-resets":                            PUBLIC,
    "POST   /api/users/password-resets/confirm":                    PUBLIC,
    "GET    /api/users/invitations":                                "people.invite",
    "POST   /api/users/invitations":                                "people.invite",
    "DELETE /api/users/invitations/{invitation_id}":                "people.invite",
    "POST   /api/users/invitations/accept":                         PUBLIC,
    "GET    /api/users":                                            "people.read",
    "POST   /api/users":                                            "people.write",
    "POST   /api/users/messages":                                   "people.message",
    "POST   /api/users/imports":                                    "people.import",
    "GET    /api/users/{user_id}":                                  "people.read",
    "PATCH  /api/users/{user_id}":                                  "people.write",
    "PUT    /api/users/{user_id}/role":                             "people.roles",
    "POST   /api/users/{user_id}/deactivate":                       "people.write",
    "POST   /api/users/{user_id}/reactivate":                       "people.write",
    "GET    /api/users/{user_id}/export":                           "people.export",
    "POST   /api/users/{user_id}/erase":                            "people.erase",
    "GET    /api/users/organisation":                               "organisation.read",
    "PATCH  /api/users/organisation":                               "organisation.write",
    "GET    /api/users/organisations":                              "organisations.read",
    "POST   /api/users/organisations":                              "organisations.write",
    "GET    /api/users/organisations/{org_id}":                     "organisations.read",
    "PATCH  /api/users/organisations/{org_id}":                     "organisations.write",
    # Sessions
    "POST   /api/sessions":                                         PUBLIC,
    "POST   /api/sessions/refresh":                                 PUBLIC,
    "GET    /api/sessions":                                         "sessions.own",
    "DELETE /api/sessions":                                         "sessions.own",
    "DELETE /api/sessions/current":                                 "sessions.own",
    "DELETE /api/sessions/{session_id}":                            "sessions.own",
    "GET    /api/sessions/users/{user_id}":                         "people.sessions",
    "DELETE /api/sessions/users/{user_id}":                         "people.sessions",
    "GET    /api/sessions/jwks.json":                               PUBLIC,
    "POST   /api/sessions/keys/rotate":                             "keys.rotate",
    # Courses: catalogue
    "GET    /api/courses":                                          "courses.read",
    "GET    /api/courses/passages":                                 "courses.read",
    "GET    /api/courses/{course_id}":                              "courses.read",
    "GET    /api/courses/{course_id}/content":                      "courses.read",
    "GET    /api/courses/{course_id}/content/{unit_id}":            "courses.read",
    "GET    /api/courses/{course_id}/reviews":                      "courses.read",
    "PUT    /api/courses/{course_id}/reviews/mine":                 "reviews.write",
    "DELETE /api/courses/{course_id}/reviews/mine":                 "reviews.write",
    # Courses: authoring
    "POST   /api/courses":                                          "courses.write",
    "PATCH  /api/courses/{course_id}":                              "courses.write",
    "DELETE /api/courses/{course_id}":                              "courses.write",
    "PUT    /api/courses/{course_id}/instructor":                   "courses.assign",
    "GET    /api/courses/{course_id}/prerequisites":                "courses.read",
    "PUT    /api/courses/{course_id}/prerequisites":                "courses.write",
    "GET    /api/courses/{course_id}/draft":                        "courses.write",
    "POST   /api/courses/{course_id}/modules":                      "courses.write",
    "PATCH  /api/courses/{course_id}/modules/{module_id}":          "courses.write",
    "DELETE /api/courses/{course_id}/modules/{module_id}":          "courses.write",
    "POST   /api/courses/{course_id}/modules/{module_id}/units":    "courses.write",
    "GET    /api/courses/{course_id}/units/{unit_id}":              "courses.write",
    "PATCH  /api/courses/{course_id}/units/{unit_id}":              "courses.write",
    "DELETE /api/courses/{course_id}/units/{unit_id}":              "courses.write",
    "PUT    /api/courses/{course_id}/order":                        "courses.write",
    "POST   /api/courses/{course_id}/proposals":                    "courses.write",
    "POST   /api/courses/{course_id}/publish":                      "courses.publish",
    "POST   /api/courses/{course_id}/archive":                      "courses.publish",
    "GET    /api/courses/{course_id}/versions":                     "courses.write",
    "GET    /api/courses/{course_id}/versions/{number}":            "courses.write",
    # Enrolments: the learner's own
    "POST   /api/enrollments":                                      "enrollments.own",
    "GET    /api/enrollments":                                      "enrollments.own",
    "GET    /api/enrollments/{enrollment_id}":                      "enrollments.read",
    "POST   /api/enrollments/{enrollment_id}/drop":                 "enrollments.own",
    "POST   /api/enrollments/{enrollment_id}/upgrade":              "enrollments.own",
    "GET    /api/enrollments/{enrollment_id}/progress":             "enrollments.read",
    "PUT    /api/enrollments/{enrollment_id}/units/{unit_id}/completion":    "enrollments.own",
    "DELETE /api/enrollments/{enrollment_id}/units/{unit_id}/completion":    "enrollments.own",
    "GET    /api/enrollments/{enrollment_id}/units/{unit_id}/attempts":      "enrollments.own",
    "POST   /api/enrollments/{enrollment_id}/units/{unit_id}/attempts":      "enrollments.own",
    "GET    /api/enrollments/{enrollment_id}/units/{unit_id}/submissions":   "enrollments.own",
    "POST   /api/enrollments/{enrollment_id}/units/{unit_id}/submissions":   "enrollments.own",
    "GET    /api/enrollments/{enrollment_id}/certificate":          "enrollments.read",
    "GET    /api/enrollments/certificates/{code}":                  PUBLIC,
    # Enrolments: a course's, an organisation's
    "GET    /api/enrollments/courses/{course_id}":                  "enrollments.course",
    "GET    /api/enrollments/courses/{course_id}/summary":          "enrollments.course",
    "GET    /api/enrollments/courses/{course_id}/submissions":      "submissions.grade",
    "PUT    /api/enrollments/submissions/{submission_id}/grade":    "submissions.grade",
    "POST   /api/enrollments/submissions/{submission_id}/suggestion": "submissions.grade",
    "GET    /api/enrollments/submissions/{submission_id}/suggestion": "submissions.grade",
    "GET    /api/enrollments/courses/{course_id}/suggestions":     "submissions.grade",
    "GET    /api/enrollments/courses/{course_id}/agreement":       "submissions.grade",
    "POST   /api/enrollments/submissions/{submission_id}/appeals": "enrollments.own",
    "GET    /api/enrollments/submissions/{submission_id}/appeals": "enrollments.own",
    "POST   /api/enrollments/attempts/{attempt_id}/appeals":       "enrollments.own",
    "GET    /api/enrollments/attempts/{attempt_id}/appeals":       "enrollments.own",
    "GET    /api/enrollments/courses/{course_id}/appeals":         "submissions.grade",
    "POST   /api/enrollments/appeals/{appeal_id}/decision":        "submissions.grade",
    "DELETE /api/enrollments/appeals/{appeal_id}":                 "enrollments.own",
    "POST   /api/enrollments/manage":                               "enrollments.manage",
    "POST   /api/enrollments/imports":                              "enrollments.import",
    # Tutor
    "GET    /api/tutor/conversations":                              "tutor.ask",
    "POST   /api/tutor/conversations":                              "tutor.ask",
    "GET    /api/tutor/conversations/{conversation_id}":            "tutor.ask",
    "DELETE /api/tutor/conversations/{conversation_id}":            "tutor.ask",
    "POST   /api/tutor/conversations/{conversation_id}/turns":      "tutor.ask",
    # Learning
    "POST   /api/learning/models":                                  "learning.manage",
    "GET    /api/learning/models":                                  "learning.read",
    "POST   /api/learning/models/{model_id}/serve":                 "learning.manage",
    "POST   /api/learning/models/{model_id}/stop":                  "learning.manage",
    "GET    /api/learning/predictions":                             "predictions.own",
    "POST   /api/learning/courses/{course_id}/predictions":         "predictions.courses",
    "GET    /api/learning/courses/{course_id}/predictions":         "predictions.courses",
    "GET    /api/learning/courses/{course_id}/interventions":       "predictions.courses",
    "POST   /api/learning/predictions/{prediction_id}/interventions":    "predictions.courses",
    "PUT    /api/learning/interventions/{intervention_id}/outcome": "predictions.courses",
    "GET    /api/learning/bias-reports":                            "learning.read",
    "GET    /api/learning/mastery":                                 "mastery.own",
    "GET    /api/learning/courses/{course_id}/mastery":             "mastery.own",
    "GET    /api/learning/courses/{course_id}/learners":            "mastery.courses",
    "GET    /api/learning/courses/{course_id}/learners/{user_id}/mastery": "mastery.courses",
    "GET    /api/learning/courses/{course_id}/path":                "paths.own",
    "PUT    /api/learning/courses/{course_id}/goals":               "paths.own",
    "POST   /api/learning/courses/{course_id}/units/{unit_id}/reviews": "paths.own",
    "GET    /api/learning/courses/{course_id}/learners/{user_id}/path": "paths.courses",
    "GET    /api/learning/courses/{course_id}/skills":              "mastery.courses",
    "PUT    /api/learning/courses/{course_id}/skills":              "skills.write",
    "DELETE /api/learning/courses/{course_id}/skills":              "skills.write",
    "GET    /api/learning/courses/{course_id}/skills/{skill_id}/learners": "mastery.courses",
    # Analytics: figures
    "GET    /api/analytics/platform":                               "analytics.platform",
    "GET    /api/analytics/platform/trends":                        "analytics.platform",
    "GET    /api/analytics/organisation":                           "analytics.organisation",
    "GET    /api/analytics/organisation/trends":                    "analytics.organisation",
    "GET    /api/analytics/organisation/funnel":                    "analytics.organisation",
    "GET    /api/analytics/organisation/cohorts":                   "analytics.organisation",
    "GET    /api/analytics/trends":                                 "analytics.organisation",
    "GET    /api/analytics/top":                                    "analytics.organisation",
    "GET    /api/analytics/courses/{course_id}":                    "analytics.courses",
    "GET    /api/analytics/courses/{course_id}/trends":             "analytics.courses",
    "GET    /api/analytics/courses/{course_id}/funnel":             "analytics.courses",
    "GET    /api/analytics/courses/{course_id}/cohorts":            "analytics.courses",
    "GET    /api/analytics/learners":                               "analytics.learners",
    "GET    /api/analytics/learners/me":                            "analytics.own",
    "GET    /api/analytics/learners/me/trends":                     "analytics.own",
    "GET    /api/analytics/learners/{pseudonym}":                   "analytics.learners",
    "GET    /api/analytics/learners/{pseudonym}/trends":            "analytics.learners",
    # Analytics: as it happens
    "GET    /api/analytics/stream":                                 "analytics.own",
    "POST   /api/analytics/events":                                 "analytics.write",
    # Language models
    "GET    /v1/models":                                            "llm.use",
    "GET    /v1/models/{model}":                                    "llm.use",
    "POST   /v1/chat/completions":                                  "llm.use",
    "POST   /v1/embeddings":                                        "llm.use",
    # Language models: administration
    "GET    /api/llm/settings":                                     "llm.manage",
    "PUT    /api/llm/settings":                                     "llm.manage",
    "GET    /api/llm/keys":                                         "llm.manage",
    "POST   /api/llm/keys":                                         "llm.manage",
    "DELETE /api/llm/keys/{key_id}":                                "llm.manage",
    "GET    /api/llm/budgets":                                      "llm.usage",
    "POST   /api/llm/budgets":                                      "llm.manage",
    "PATCH  /api/llm/budgets/{budget_id}":                          "llm.manage",
    "DELETE /api/llm/budgets/{budget_id}":                          "llm.manage",
    "GET    /api/llm/usage":                                        "llm.usage",
    "GET    /api/llm/usage/mine":                                   "llm.use",
    "GET    /api/llm/transcripts":                                  "llm.transcripts",
    "GET    /api/llm/transcripts/mine":                             "llm.use",
    "DELETE /api/llm/transcripts/{transcript_id}":                  "llm.use",
    # Agents
    "GET    /api/agents/kinds":                                     "agents.use",
    "POST   /api/agents/tasks":                                     "agents.use",
    "GET    /api/agents/tasks":                                     "agents.read",
    "GET    /api/agents/tasks/{task_id}":                           "agents.read",
    "GET    /api/agents/tasks/{task_id}/stream":                    "agents.read",
    "POST   /api/agents/tasks/{task_id}/cancel":                    "agents.use",
    "POST   /api/agents/tasks/{task_id}/retry":                     "agents.use",
    "GET    /api/agents/approvals":                                 "agents.approve",
    "GET    /api/agents/approvals/{approval_id}":                   "agents.approve",
    "POST   /api/agents/approvals/{approval_id}/approve":           "agents.approve",
    "POST   /api/agents/approvals/{approval_id}/refuse":            "agents.approve",
    "POST   /api/agents/approvals/{approval_id}/edit":              "agents.approve",
    # Governance: the audit log
    "GET    /api/governance/audit/entries":                         "audit.read",
    "GET    /api/governance/audit/entries/{number}":                "audit.read",
    "GET    /api/governance/audit/head":                            "audit.read",
    "GET    /api/governance/audit/keys":                            PUBLIC,
    "GET    /api/governance/audit/export":                          "audit.export",
    "GET    /api/governance/audit/platform/entries":                "audit.platform",
    "GET    /api/governance/audit/platform/export":                 "audit.platform",
    # Governance: the constitution
    "GET    /api/governance/constitution":                          "constitution.read",
    "GET    /api/governance/constitution/checks":                   "constitution.read",
    "GET    /api/governance/constitution/versions":                 "constitution.read",
    "GET    /api/governance/constitution/versions/{number}":        "constitution.read",
    "POST   /api/governance/constitution/versions":                 "constitution.write",
    "POST   /api/governance/constitution/versions/{number}/trial":  "constitution.write",
    "POST   /api/governance/constitution/versions/{number}/activate": "constitution.activate",
    # Governance: automated decisions
    "GET    /api/governance/decisions":                             "decisions.read",
    "GET    /api/governance/decisions/measures":                    "decisions.read",
    "POST   /api/governance/decisions/stop":                        "decisions.stop",
    "POST   /api/governance/decisions/release":                     "decisions.stop",
}  # fmt: skip

_HEALTH = ("health", "ready", "openapi.json")
_BY_KEY = {tuple(route.split()): permission for route, permission in ROUTES.items()}


def permission_of(method: str, path: str) -> str:
    """The permission a route needs. Raises `ConfigurationError` where the matrix does not have the route."""
    if path.rsplit("/", 1)[-1] in _HEALTH and method in {"GET", "HEAD"}:
        return PUBLIC
    try:
        return _BY_KEY[method, path.replace(":path}", "}")]
    except KeyError:
        raise ConfigurationError(
            [f"{method} {path} declares no permission in deployments/kit/permissions.py"]
        ) from None
