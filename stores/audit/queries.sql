-- name: chains_to_seal
select org_id, number, hash, token, checkpoint, checkpoint_at from audit_chains_to_seal(:limit);

-- name: seal^
select number, hash from seal_audit(:org_id, :from_number, :from_hash, :limit);

-- name: end_chain!
select end_audit_chain(:org_id, :number, :hash, :token, :keep);

-- name: hash_at$
select hash from audit_log where org_id = :org_id and number = :number;

-- name: waiting^
select count(*) as entries, coalesce(extract(epoch from now() - min(recorded_at)), 0)::double precision as seconds
  from audit_pending;

-- name: waiting_of^
select count(*) as entries, coalesce(extract(epoch from now() - min(recorded_at)), 0)::double precision as seconds
  from audit_pending where org_id = :org_id;

-- name: chains
-- Every organisation of which anything is kept; steps over the log from one to the next.
with recursive logged as (
    (select org_id from audit_log order by org_id limit 1)
    union all
    select (select l.org_id from audit_log l where l.org_id > g.org_id order by l.org_id limit 1)
      from logged g where g.org_id is not null
)
select known.org_id, coalesce(c.number, 0) as number
  from (select org_id from logged where org_id is not null
        union select org_id from audit_chains
        union select org_id from audit_checkpoints) as known
  left join audit_chains c on c.org_id = known.org_id
 order by known.org_id;

-- name: chain^
select number, hash, token from audit_chains where org_id = :org_id;

-- name: checkpoints
select number, token from audit_checkpoints where org_id = :org_id order by number;

-- name: accept!
-- As the owner: the application's roles cannot.
insert into audit_chains (org_id, number, hash, token, sealed_at) values (:org_id, :number, :hash, :token, now())
    on conflict (org_id) do update set number = :number, hash = :hash, token = :token, sealed_at = now();
