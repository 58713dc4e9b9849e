"""What a schema offers to the code that uses it, and in which ways a later one offers less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_OURS = """
    n.nspname = 'public' and not exists (select from pg_depend d where d.objid = {oid} and d.deptype = 'e')
"""
_COLUMNS = f"""
select c.relname || '.' || a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
       a.attnotnull and not a.atthasdef and a.attidentity = '' as required,
       a.atthasdef or a.attidentity <> '' as given
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v') and a.attnum > 0 and not a.attisdropped and {_OURS.format(oid="c.oid")}
"""
# Constraints, and unique indexes that are none: each with the columns that it is about. A unique one is relied on too.
_RULES = f"""
select c.relname || ': ' || pg_get_constraintdef(k.oid) as name, c.relname as relation,
       (select array_agg(c.relname || '.' || a.attname) from pg_attribute a
         where a.attrelid = c.oid and a.attnum = any(k.conkey)) as columns, k.contype in ('u', 'p') as unique
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where k.contype in ('c', 'f', 'u', 'x', 'p') and {_OURS.format(oid="c.oid")}
union all
select c.relname || ': ' || regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX \\S+ ON ', ' INDEX ON '), c.relname,
       (select array_agg(c.relname || '.' || a.attname) from pg_attribute a
         where a.attrelid = c.oid and a.attnum = any(i.indkey::smallint[])), true
from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
where i.indisunique and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
  and {_OURS.format(oid="c.oid")}
"""
_FUNCTIONS = f"""
select p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name,
       pg_get_function_result(p.oid) as result
from pg_proc p join pg_namespace n on n.oid = p.pronamespace where {_OURS.format(oid="p.oid")}
"""
# Who sees and writes which rows, and what happens besides: as much to be relied on as a column.
_POLICIES = f"""
select c.relname || ': policy ' || p.polname || ' ' || p.polcmd::text || ' ' || p.polpermissive || ' for '
       || (select string_agg(coalesce(r.rolname, 'public'), ', ' order by r.rolname)
             from unnest(p.polroles) role left join pg_roles r on r.oid = role)
       || ' using ' || coalesce(pg_get_expr(p.polqual, p.polrelid), '')
       || ' check ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') as name, c.relname as relation
from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
where {_OURS.format(oid="c.oid")}
union all
select c.relname || ': row security', c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relrowsecurity and {_OURS.format(oid="c.oid")}
"""
_TRIGGERS = f"""
select c.relname || ': ' || pg_get_triggerdef(t.oid) as name
from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
where not t.tgisinternal and t.tgparentid = 0 and {_OURS.format(oid="c.oid")}
"""
_RIGHTS = f"""
select r.rolname || ' may ' || kind || ' ' || c.relname as name
from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join unnest(array['select', 'insert', 'update', 'delete']) as kind
cross join (select rolname from pg_roles where rolname in ('azora_app', 'azora_system')) as r
where c.relkind in ('r', 'p', 'v') and has_table_privilege(r.rolname, c.oid, kind) and {_OURS.format(oid="c.oid")}
union all
select r.rolname || ' may execute ' || p.proname
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
cross join (select rolname from pg_roles where rolname in ('azora_app', 'azora_system')) as r
where has_function_privilege(r.rolname, p.oid, 'execute') and {_OURS.format(oid="p.oid")}
"""


@dataclass(frozen=True)
class Catalogue:
    """Columns by name with type, whether an insert must give them, and whether they get a value where it does not;
    rules with their relation, their columns and whether they are unique; and so on."""

    columns: Mapping[str, tuple[str, bool, bool]]
    rules: Mapping[str, tuple[str, frozenset[str], bool]]
    policies: Mapping[str, str]
    triggers: frozenset[str]
    functions: Mapping[str, str]
    rights: frozenset[str]

    @classmethod
    async def read(cls, connection: Any) -> Catalogue:
        return cls(
            columns={r["name"]: (r["type"], r["required"], r["given"]) for r in await connection.fetch(_COLUMNS)},
            rules={
                r["name"]: (r["relation"], frozenset(r["columns"] or ()), r["unique"])
                for r in await connection.fetch(_RULES)
            },
            policies={r["name"]: r["relation"] for r in await connection.fetch(_POLICIES)},
            triggers=frozenset(r["name"] for r in await connection.fetch(_TRIGGERS)),
            functions={r["name"]: r["result"] for r in await connection.fetch(_FUNCTIONS)},
            rights=frozenset(r["name"] for r in await connection.fetch(_RIGHTS)),
        )

    @property
    def relations(self) -> set[str]:
        return {name.partition(".")[0] for name in self.columns}


def taken_away(before: Catalogue, after: Catalogue) -> Iterator[str]:
    """What code that was written for `before` may do there and not in `after`."""
    yield from _columns(before, after)
    yield from _rules(before, after)
    for name, result in before.functions.items():
        if after.functions.get(name) != result:
            yield f"{name} returns {after.functions.get(name, 'nothing: it is gone')}"
    yield from (f"{trigger} is gone" for trigger in sorted(before.triggers - after.triggers))
    yield from (f"{right} no more" for right in sorted(before.rights - after.rights))


def _columns(before: Catalogue, after: Catalogue) -> Iterator[str]:
    for name, (type, required, given) in before.columns.items():
        if name not in after.columns:
            yield f"{name} is gone"
        elif after.columns[name][0] != type:
            yield f"{name} is {after.columns[name][0]} now"
        elif after.columns[name][1] and not required:
            yield f"{name} must be given now"
        elif given and not after.columns[name][2]:
            yield f"{name} has no default any more"
    known = before.relations
    for name, (_, required, _) in after.columns.items():
        if required and name not in before.columns and name.partition(".")[0] in known:
            yield f"{name} must be given now"


def _rules(before: Catalogue, after: Catalogue) -> Iterator[str]:
    known = before.relations
    for rule, (relation, columns, _) in after.rules.items():
        if rule not in before.rules and relation in known and (not columns or columns & before.columns.keys()):
            yield f"{rule} binds now"
    for rule, (relation, _, unique) in before.rules.items():
        if unique and rule not in after.rules and relation in after.relations:  # `on conflict` names it
            yield f"{rule} is gone"
    for policy, relation in after.policies.items():
        if policy not in before.policies and relation in known:
            yield f"{policy} binds now"
    yield from (f"{policy} is gone" for policy in sorted(before.policies.keys() - after.policies.keys()))
