"""OpenAI's routes: the table of models, and the document of what `direct` answers."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Request, Response

from deployments.kit.parameters import CurrentPrincipal
from deployments.kit.routes import ServiceRoute
from deployments.llm.api import answers, errors, sse
from deployments.llm.api.answers import ChatCompletion, EmbeddingList, ModelList, ModelView
from deployments.llm.api.schemas import ChatCompletionRequest, EmbeddingsRequest
from deployments.llm.service import LlmService

PREFIX = "/v1"


class OpenAIRoute(ServiceRoute):
    """Refuses in OpenAI's form. Nothing here is done twice under one key: a model answers anew each time."""

    documented = staticmethod(errors.documented)
    repeatable: ClassVar[bool] = False


router = APIRouter(prefix=PREFIX, route_class=OpenAIRoute)


async def _service(request: Request) -> LlmService:
    service = request.app.state.service
    assert isinstance(service, LlmService)
    return service


Service = Annotated[LlmService, Depends(_service)]


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


@router.get("/models", summary="The models one may ask", response_model=ModelList)
async def models(principal: CurrentPrincipal, service: Service) -> Response:
    return _json(answers.models_body(await service.offered(principal.org_id), service.owner, service.created))


@router.get("/models/{model:path}", summary="One model", response_model=ModelView)
async def model(principal: CurrentPrincipal, service: Service, model: str) -> Response:
    found = await service.offer(principal.org_id, model)
    return _json(answers.model_body(found, service.owner, service.created))


_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The answer; as server-sent events where `stream` is true", "content": {sse.MEDIA_TYPE: {}}}
}
_UPSTREAM = errors.documented(502, 504)


@router.post(
    "/chat/completions",
    summary="Ask a model",
    response_model=ChatCompletion,
    responses={**_STREAMED, **_UPSTREAM},
)
async def chat(body: ChatCompletionRequest) -> Response:
    raise NotImplementedError("answered by deployments.llm.direct")


@router.post("/embeddings", summary="Turn texts into vectors", response_model=EmbeddingList, responses=_UPSTREAM)
async def embeddings(body: EmbeddingsRequest) -> Response:
    raise NotImplementedError("answered by deployments.llm.direct")
