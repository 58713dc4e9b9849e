-- Telling whoever remembers what was said that a conversation was deleted, by its learner or with them: the id of its
-- organisation and its own.
create function tutor_forgotten() returns trigger language plpgsql as $$
begin
    perform pg_notify('tutor_forgotten', format('%s:%s', old.org_id, old.id));
    return null;
end
$$;
create trigger tutor_forgotten after delete on tutor_conversations
    for each row execute function tutor_forgotten();
