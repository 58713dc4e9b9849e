"""Whoever owns the database but no data key can change nothing without being found out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from stores.audit.heads import Head
from tests.integration.audit.support import Chain

_AT = "where org_id = $1 and number ="


@pytest.fixture
async def filled(chain: Chain) -> Chain:
    await chain.filled(10, batches=2)
    assert (await chain.verify()).holds
    return chain


_LAST = f"delete from audit_log {_AT} 20"
_REWIND = "update audit_chains set number = 19, hash = (select hash from audit_log where org_id = $1 and number = 19)"
_APPEND = (
    "insert into audit_log (org_id, number, recorded_at, body, hash)"
    " select org_id, 21, now(), body, audit_hash(hash, 21, now(), org_id, body) from audit_log "
) + f"{_AT} 20"


@pytest.mark.parametrize(
    ("number", "statements"),
    [
        # One byte
        (7, [f"update audit_log set body = replace(body, '\"n\":6', '\"n\":7') {_AT} 7"]),
        (7, [f"update audit_log set recorded_at = recorded_at + interval '1 microsecond' {_AT} 7"]),
        (7, [f"update audit_log set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) {_AT} 7"]),
        # A row, the first, the last
        (7, [f"delete from audit_log {_AT} 7"]),
        (1, [f"delete from audit_log {_AT} 1"]),
        (20, [_LAST]),
        (20, [_LAST, f"{_REWIND} where org_id = $1"]),
        # A row gone and the rest moved up
        (7, [f"delete from audit_log {_AT} 7",
             *(f"update audit_log set number = {n - 1} {_AT} {n}" for n in range(8, 21))]),
        # Two rows swapped
        (7, [f"update audit_log set number = 1000 {_AT} 7", f"update audit_log set number = 7 {_AT} 8",
             f"update audit_log set number = 8 {_AT} 1000"]),
        # A tail of the forger's own, rightly chained, with and without the recorded end
        (21, [_APPEND]),
        (21, [_APPEND, "update audit_chains set number = 21, hash = (select hash from audit_log where org_id = $1"
                       " and number = 21) where org_id = $1"]),
        # Everything about the chain's end
        (20, ["update audit_chains set token = null where org_id = $1"]),
        (0, ["delete from audit_log where org_id = $1", "delete from audit_chains where org_id = $1"]),
        (10, ["update audit_checkpoints set token = 'x' where org_id = $1"]),
    ],
)  # fmt: skip
async def test_it_is_found(filled: Chain, number: int, statements: list[str]) -> None:
    remembered = await filled.remembered()
    await filled.tamper(*statements)
    report = await filled.verify([remembered])
    assert not report.holds
    if number:
        assert number in {problem.number for problem in report.problems}


async def test_a_sealer_that_begins_anew_goes_on_from_no_end_without_a_signature(filled: Chain) -> None:
    await filled.tamper("update audit_chains set token = null where org_id = $1")
    await filled.write(1)
    sealer = filled.fresh_sealer()
    await sealer.run()
    assert sealer.broken[filled.org_id] == "its end is not signed"


async def test_a_whole_chain_computed_anew_is_found(filled: Chain) -> None:
    await filled.tamper(
        "do $do$ declare e record; link bytea := decode(repeat('00', 32), 'hex'); begin"
        " for e in select * from audit_log where org_id = $1 order by number loop"
        "  link := audit_hash(link, e.number, e.recorded_at, e.org_id, replace(e.body, 'test', 'mine'));"
        "  update audit_log set body = replace(body, 'test', 'mine'), hash = link"
        "   where org_id = e.org_id and number = e.number; end loop;"
        " update audit_chains set hash = link where org_id = $1; end $do$"
    )
    report = await filled.verify()
    assert {problem.text for problem in report.problems} >= {"the recorded end is not signed by us"}


async def test_a_signature_by_a_key_put_in_place_of_ours_is_none(filled: Chain) -> None:
    forged = generate_private_key(65537, 2048)
    head = Head(filled.org_id, 20, (await filled.rows())[-1]["hash"])
    [key] = await _keys(filled)
    kid, before = key["kid"], key["public_pem"]
    public = forged.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    token = head.sign(kid, forged, datetime.now(UTC))
    await filled.tamper(
        f"update signing_keys set public_pem = '{public.decode()}' where kid = '{kid}'",
        f"update audit_chains set token = '{token}' where org_id = $1",
    )
    try:
        assert not (await filled.verify()).holds
    finally:
        await filled.tamper(f"update signing_keys set public_pem = '{before}' where kid = '{kid}'")


async def _keys(chain: Chain) -> list[dict[str, str]]:
    async with chain.system.transaction(None) as connection:
        return [dict(row) for row in await connection.fetch("select * from signing_keys where purpose = 'audit'")]


async def test_a_chain_rolled_back_to_a_signed_end_is_found_by_what_was_kept_elsewhere(filled: Chain) -> None:
    async with filled.system.transaction(None) as connection:
        token = await connection.fetchval("select token from audit_checkpoints where org_id = $1", filled.org_id)
    remembered = await filled.remembered()
    await filled.tamper(
        "delete from audit_log where org_id = $1 and number > 10",
        "update audit_chains set number = 10, hash = (select hash from audit_log where org_id = $1 and number = 10),"
        f" token = '{token}' where org_id = $1",
    )
    assert (await filled.verify()).holds  # nothing within the database tells
    report = await filled.verify([remembered])
    assert [problem.number for problem in report.problems] == [20]
    await filled.write(1)
    again = filled.fresh_sealer()
    await again.run()
    assert again.broken[filled.org_id] == "it was longer: 20 entries"


@pytest.mark.parametrize(
    "statements",
    [
        [_APPEND, "update audit_chains set number = 21 where org_id = $1"],
        [_LAST, f"{_REWIND} where org_id = $1"],
        ["update audit_chains set hash = set_byte(hash, 0, 1) where org_id = $1"],
        ["update audit_chains set token = null, number = 21 where org_id = $1", _APPEND],
    ],
)
@pytest.mark.parametrize("restarted", [True, False])
async def test_a_chain_that_was_tampered_with_is_not_continued(
    filled: Chain, statements: list[str], restarted: bool
) -> None:
    sealer = filled.fresh_sealer() if restarted else filled.sealer
    await filled.tamper(*statements)
    await filled.write(3)
    before = len(await filled.rows())
    await sealer.run()
    assert filled.org_id in sealer.broken
    assert len(await filled.rows()) == before
    assert (await filled.verify()).waiting == 3
