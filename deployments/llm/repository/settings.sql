-- Settings of an organisation. Row-level security leaves one row at the most.

-- name: find^
select models, regions, cache_seconds, transcript_days, revision, updated_at from llm_settings;

-- name: policy^
select s.models, s.regions, s.cache_seconds, s.transcript_days,
       exists (select from llm_budgets b where b.org_id = current_org()) as budgets
  from (values (1)) one left join llm_settings s on s.org_id = current_org();

-- name: put^
insert into llm_settings (org_id, models, regions, cache_seconds, transcript_days)
values (current_org(), :models, :regions, :cache_seconds, :transcript_days)
on conflict (org_id) do update
    set models = excluded.models, regions = excluded.regions, cache_seconds = excluded.cache_seconds,
        transcript_days = excluded.transcript_days
returning models, regions, cache_seconds, transcript_days, revision, updated_at;

-- name: lock^
select revision from llm_settings for update;
