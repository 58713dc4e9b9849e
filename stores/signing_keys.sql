-- name: lock_keys!
-- One writer at a time; readers are not held up.
lock table signing_keys in share row exclusive mode;

-- name: has_key$
select exists (select from signing_keys where purpose = :purpose);

-- name: insert_key!
insert into signing_keys (kid, purpose, public_pem, private_sealed, activates_at)
values (:kid, :purpose, :public_pem, :private_sealed, :activates_at);

-- name: expire_keys!
update signing_keys set expires_at = :expires_at
 where purpose = :purpose and (expires_at is null or expires_at > :expires_at);

-- name: all_keys
select kid, private_sealed from signing_keys order by kid;

-- name: replace_sealed!
update signing_keys set private_sealed = :private_sealed where kid = :kid;

-- name: published_keys
select kid, purpose, public_pem, private_sealed, activates_at, expires_at
  from signing_keys
 where expires_at is null or expires_at > now();
