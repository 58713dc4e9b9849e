-- Conversations that are kept.

-- name: insert_of_person!
-- Nothing of somebody who was erased meanwhile; and whoever erases waits for this.
insert into llm_transcripts (id, org_id, user_id, key_id, model, sealed, created_at, expires_at)
select :id, current_org(), u.id, :key_id::uuid, :model, :sealed, :created_at, :expires_at
  from users u where u.id = :user_id and u.status <> 'erased' for key share of u;

-- name: insert_of_key!
insert into llm_transcripts (id, org_id, key_id, model, sealed, created_at, expires_at)
values (:id, current_org(), :key_id, :model, :sealed, :created_at, :expires_at);

-- name: page
select id, user_id, key_id, model, sealed, created_at, expires_at
  from llm_transcripts
 where (:user_id::uuid is null or user_id = :user_id) and (:after::uuid is null or id < :after) and expires_at > now()
 order by id desc limit :limit;

-- name: delete$
with gone as (
    delete from llm_transcripts where id = :id and (:user_id::uuid is null or user_id = :user_id) returning 1
)
select count(*) from gone;
