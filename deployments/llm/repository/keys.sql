-- Keys of an organisation.

-- name: find_key^
select id, org_id, digest, scopes, feature, expires_at from llm_api_key(:id);

-- name: insert^
insert into llm_api_keys (id, org_id, name, digest, scopes, feature, created_by, expires_at)
values (:id, current_org(), :name, :digest, :scopes, :feature, :created_by, :expires_at)
returning id, name, scopes, feature, created_by, expires_at, revoked_at, last_used_at, created_at;

-- name: page
select id, name, scopes, feature, created_by, expires_at, revoked_at, last_used_at, created_at
  from llm_api_keys where :after::uuid is null or id < :after
 order by id desc limit :limit;

-- name: revoke^
update llm_api_keys set revoked_at = coalesce(revoked_at, now()) where id = :id
returning id, name, scopes, feature, created_by, expires_at, revoked_at, last_used_at, created_at;
