"""Routes of the sessions service."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Response

from deployments.kit.parameters import ClientAddress, CurrentPrincipal, CurrentWork
from deployments.kit.routes import service_router
from deployments.sessions import counting
from deployments.sessions.schemas import KeySet, Refresh, Revoked, Rotated, SessionList, SessionView, SignIn, Tokens
from deployments.sessions.service import SessionService, SignedIn
from stores.sessions import Session

router = service_router("/api/sessions")


async def _service(request: Request) -> SessionService:
    service = request.app.state.service
    assert isinstance(service, SessionService)
    return service


Sessions = Annotated[SessionService, Depends(_service)]


def _tokens(signed_in: SignedIn) -> Tokens:
    return Tokens(
        access_token=signed_in.access_token,
        expires_in=signed_in.expires_in,
        refresh_token=signed_in.refresh_token,
        session_id=signed_in.session.id,
        user_id=signed_in.session.user_id,
        role=signed_in.role,
    )


def _view(session: Session, current: UUID) -> SessionView:
    return SessionView(
        id=session.id,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
        user_agent=session.user_agent,
        address=session.address,
        current=session.id == current,
    )


@router.post("", status_code=201, summary="Sign in")
async def sign_in(
    body: SignIn,
    work: CurrentWork,
    sessions: Sessions,
    address: ClientAddress,
    response: Response,
    user_agent: Annotated[str, Header(max_length=1000)] = "",
) -> Tokens:
    response.headers["cache-control"] = "no-store"
    with counting.sign_in():
        signed_in = await sessions.sign_in(
            work, body.organisation, body.email, body.password, user_agent=user_agent, address=address
        )
    return _tokens(signed_in)


@router.post("/refresh", summary="Spend a refresh token for the next pair")
async def refresh(body: Refresh, work: CurrentWork, sessions: Sessions, response: Response) -> Tokens:
    response.headers["cache-control"] = "no-store"
    with counting.refresh():
        return _tokens(await sessions.refresh(work, body.refresh_token))


@router.get("", summary="One's own live sessions")
async def list_own(principal: CurrentPrincipal, sessions: Sessions) -> SessionList:
    found = await sessions.own(principal)
    return SessionList(items=[_view(session, principal.session_id) for session in found])


@router.delete("", summary="End all of one's own sessions")
async def revoke_all(principal: CurrentPrincipal, work: CurrentWork, sessions: Sessions) -> Revoked:
    return Revoked(revoked=await sessions.revoke_all(work, principal))


@router.delete("/current", status_code=204, summary="Sign out")
async def sign_out(principal: CurrentPrincipal, work: CurrentWork, sessions: Sessions) -> None:
    await sessions.revoke(work, principal, principal.session_id)


@router.get("/jwks.json", summary="The public keys of access tokens (RFC 7517)")
async def key_set(sessions: Sessions, response: Response) -> KeySet:
    response.headers["cache-control"] = "public, max-age=20"
    return KeySet(keys=await sessions.key_set())


@router.post("/keys/rotate", status_code=201, summary="Publish a new signing key")
async def rotate_keys(work: CurrentWork, sessions: Sessions) -> Rotated:
    return Rotated(kid=await sessions.rotate_keys(work))


@router.get("/users/{user_id}", summary="A person's live sessions")
async def list_of_person(
    user_id: UUID, principal: CurrentPrincipal, work: CurrentWork, sessions: Sessions
) -> SessionList:
    found = await sessions.of_person(work, user_id)
    return SessionList(items=[_view(session, principal.session_id) for session in found])


@router.delete("/users/{user_id}", summary="End all sessions of a person")
async def revoke_all_of_person(user_id: UUID, work: CurrentWork, sessions: Sessions) -> Revoked:
    return Revoked(revoked=await sessions.revoke_all_of(work, user_id))


@router.delete("/{session_id}", status_code=204, summary="End one of one's own sessions")
async def revoke(session_id: UUID, principal: CurrentPrincipal, work: CurrentWork, sessions: Sessions) -> None:
    await sessions.revoke(work, principal, session_id)
