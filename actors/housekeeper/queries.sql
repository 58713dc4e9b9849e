-- name: lease_mails
update mails m
   set attempts = attempts + 1,
       not_before = now() + greatest(:lease::interval,
                                     least(interval '30 seconds' * power(2, least(attempts, 20)), :longest_wait::interval))
 where id in (select id from mails where not_before <= now() order by not_before limit :limit for update skip locked)
returning id, recipient, subject, body, created_at;

-- name: delete_mails!
delete from mails where id = any(:ids::uuid[]);

-- name: delete_old_mails$
with old as (select id from mails where created_at < now() - :age::interval limit :limit for update skip locked),
     gone as (delete from mails where id in (select id from old) returning 1)
select count(*) from gone;

-- name: delete_old_answers$
with old as (
         select org_id, actor, key from idempotency_keys
          where created_at < now() - :age::interval limit :limit for update skip locked
     ),
     gone as (delete from idempotency_keys where (org_id, actor, key) in (select * from old) returning 1)
select count(*) from gone;

-- name: delete_old_resets$
with old as (select id from password_resets where expires_at < now() - :age::interval limit :limit for update skip locked),
     gone as (delete from password_resets where id in (select id from old) returning 1)
select count(*) from gone;

-- name: delete_old_invitations$
with old as (select id from invitations where expires_at < now() - :age::interval limit :limit for update skip locked),
     gone as (delete from invitations where id in (select id from old) returning 1)
select count(*) from gone;
