"""Certificates: for their learner, and for whoever is shown one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path

from deployments.enrollments.endpoints.common import PREFIX, Service
from deployments.enrollments.repository.certificates import Certificate
from deployments.enrollments.schemas import CertificateView, Claims, VerificationView
from deployments.kit.parameters import CurrentPrincipal, CurrentWork
from deployments.kit.routes import service_router

router = service_router(PREFIX)
Code = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


@router.get("/certificates/{code}", summary="Verify a certificate")
async def verify(code: Code, work: CurrentWork, service: Service) -> VerificationView:
    found = await service.certifier.verify(work, code)
    return VerificationView(
        status=found.certificate.status,
        claims=Claims.model_validate(found.claims),
        token=found.certificate.token,
        jwk=found.jwk,
        issued_at=found.certificate.issued_at,
        revoked_at=found.certificate.revoked_at,
    )


@router.get("/{enrollment_id}/certificate", summary="The certificate of a completed course")
async def certificate(
    enrollment_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service
) -> CertificateView:
    return _view(await service.reading.certificate(work, principal, enrollment_id), service)


def _view(found: Certificate, service: Service) -> CertificateView:
    return CertificateView(
        code=found.code,
        token=found.token,
        link=service.certifier.link(found.code),
        issued_at=found.issued_at,
        status=found.status,
    )
