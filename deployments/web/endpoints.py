"""Routes of the front door."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request, Response

from deployments.kit.errors import NotFound
from deployments.kit.health import Health, Readiness
from deployments.kit.routes import service_router
from deployments.web.service import FrontDoor

router = service_router("")
_PAGES = Path(__file__).with_name("static")
_SWAGGER = resources.files("fastapi_offline") / "static"
_ASSETS: dict[str, str] = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "browse.js": "text/javascript",
    "azora.css": "text/css",
}
# Pages load nothing from outside; Swagger UI sets styles inline.
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


async def _front_door(request: Request) -> FrontDoor:
    service = request.app.state.service
    assert isinstance(service, FrontDoor)
    return service


Front = Annotated[FrontDoor, Depends(_front_door)]


def _page(name: str) -> Response:
    return Response((_PAGES / name).read_bytes(), media_type="text/html", headers={"content-security-policy": _POLICY})


@router.get("/", include_in_schema=False)
async def home() -> Response:
    return _page("index.html")


@router.get("/docs", include_in_schema=False)
async def browse() -> Response:
    return _page("docs.html")


@router.get("/docs/assets/{name}", include_in_schema=False)
async def asset(name: str) -> Response:
    if name not in _ASSETS:
        raise NotFound()
    own = _PAGES / name
    content = own.read_bytes() if own.is_file() else (_SWAGGER / name).read_bytes()
    return Response(content, media_type=_ASSETS[name], headers={"cache-control": "public, max-age=86400"})


@router.get("/openapi.json", include_in_schema=False)
async def openapi(front: Front) -> Response:
    return Response(front.openapi(), media_type="application/json")


@router.get("/health", summary="Is the platform alive?")
async def health() -> Health:
    return Health(service="azora")


@router.get("/ready", summary="Is every service ready?", responses={503: {"model": Readiness}})
async def ready(front: Front, response: Response) -> Readiness:
    result = await front.readiness()
    if result.status != "ready":
        response.status_code = 503
        response.headers["retry-after"] = "1"
    return result
