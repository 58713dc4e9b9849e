"""Taking in events from front ends and other systems."""

from __future__ import annotations

from fastapi import Request, Response

from deployments.analytics.endpoints.common import PREFIX, Service
from deployments.analytics.reporting.documentation import BATCH, BODY_DOCUMENTATION, EITHER, ONE
from deployments.analytics.schemas import Receipt
from deployments.kit.errors import UnsupportedMedia
from deployments.kit.parameters import CurrentPrincipal, CurrentWork
from deployments.kit.routes import service_router

router = service_router(PREFIX)
_MAXIMUM_BODY_BYTES = 4_194_304
_BATCH_BY_MEDIA_TYPE = {ONE: False, BATCH: True, EITHER: None}
_DESCRIPTION = """CloudEvents 1.0 in JSON, one or up to 1,000. Events that are accepted are on disk before the answer
leaves. An event whose `source` and `id` came before is ignored. Broken events of a batch are named in `errors` and
keep none of the others out; where there is not one good event, the answer is 422."""


@router.post(
    "/events",
    status_code=202,
    summary="Report what happened",
    description=_DESCRIPTION,
    max_body_size=_MAXIMUM_BODY_BYTES,
    openapi_extra=BODY_DOCUMENTATION,
    response_model=Receipt,
)
async def report(request: Request, principal: CurrentPrincipal, work: CurrentWork, service: Service) -> Response:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _BATCH_BY_MEDIA_TYPE:
        raise UnsupportedMedia(f"Send {EITHER}, {ONE} or {BATCH}")
    body = await request.body()
    receipt = await service.reporting.take(work, principal, body, _BATCH_BY_MEDIA_TYPE[media_type])
    return Response(receipt.model_dump_json(), 202, media_type="application/json")
