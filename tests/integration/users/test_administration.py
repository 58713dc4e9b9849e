"""What the command line does, without HTTP."""

from __future__ import annotations

import pytest

from deployments.kit.errors import Invalid, NotFound
from deployments.kit.passwords import Passwords
from deployments.users.administration import create_organisation, create_user, emails, reset_password
from deployments.users.errors import EmailTaken, OrganisationNotFound, SlugTaken
from stores.ids import new_id
from stores.sessions import SessionStore
from tests.integration.users.support import NEW_PASSWORD, events, refreshes, try_sign_in
from tests.platform import PASSWORD, Organisation, Platform

PERSON = {"email": "Top@example.org", "first_name": "To", "last_name": "P", "role": "platform_admin"}


async def _organisation(platform: Platform) -> Organisation:
    slug = f"cli-{new_id().hex[-12:]}"
    made = await create_organisation(platform.database, slug=slug, name="By hand")
    return Organisation(made.id, made.slug, platform)


async def test_a_first_platform_administrator(platform: Platform) -> None:
    org = await _organisation(platform)
    user = await create_user(platform.database, Passwords(4), organisation=org.slug, password=PASSWORD, **PERSON)
    top = await platform.sign_in(org, "top@example.org")
    assert (top.id, top.role) == (user.id, "platform_admin")
    assert (await top.http.get("/api/users/organisation")).json()["registration"] == "invitation"
    assert await events(platform, org, "organisation.created.v1", org.id)
    assert await events(platform, org, "user.created.v1", user.id)
    assert await emails(platform.database, org.slug) == {"top@example.org"}


async def test_refusals(platform: Platform) -> None:
    org, passwords = await _organisation(platform), Passwords(4)
    with pytest.raises(SlugTaken):
        await create_organisation(platform.database, slug=org.slug, name="Again")
    for slug, name, registration in (("No Slug", "X", "open"), ("ok", "", "open"), ("ok", "X", "ajar")):
        with pytest.raises(Invalid):
            await create_organisation(platform.database, slug=slug, name=name, registration=registration)
    person = {**PERSON, "password": PASSWORD}
    await create_user(platform.database, passwords, organisation=org.slug, **person)
    with pytest.raises(EmailTaken):
        await create_user(platform.database, passwords, organisation=org.slug, **person)
    with pytest.raises(OrganisationNotFound):
        await create_user(platform.database, passwords, organisation="nowhere-at-all", **person)
    with pytest.raises(Invalid):
        await create_user(platform.database, passwords, organisation=org.slug, **{**person, "password": "short"})
    with pytest.raises(Invalid, match="role"):
        await create_user(platform.database, passwords, organisation=org.slug, **{**person, "role": "king"})


async def test_resetting_a_password(platform: Platform) -> None:
    org = await platform.create_organisation()
    person, sessions = await org.person(fresh=True), SessionStore(platform.host.context.valkey, platform.settings)
    arguments = {"organisation": org.slug, "password": NEW_PASSWORD}
    await reset_password(platform.database, Passwords(4), sessions, email=f" {person.email.upper()}", **arguments)
    assert not await refreshes(platform, person)
    assert await try_sign_in(platform, org, person.email, NEW_PASSWORD) == 201
    assert await events(platform, org, "password.reset.v1", person.id)
    with pytest.raises(NotFound):
        await reset_password(platform.database, Passwords(4), sessions, email="nobody@example.org", **arguments)
