-- name: latest
-- The newest measure of each kind that has one.
select distinct on (kind) kind, measured_on, measured_at, decisions, verdict, report
  from decision_measures where org_id = :org_id order by kind, measured_on desc;

-- name: holding
select id, kind, stopped_at, stopped_by, reason, figures
  from decision_stops where org_id = :org_id and released_at is null;

-- name: measures
select kind, measured_on, measured_at, decisions, verdict, report
  from decision_measures
 where org_id = :org_id and kind = :kind and (:before::date is null or measured_on < :before::date)
 order by measured_on desc limit :limit;

-- name: stop^
insert into decision_stops (id, org_id, kind, stopped_by, reason, figures)
values (:id, :org_id, :kind, :by, :reason, '{}')
on conflict (org_id, kind) where released_at is null do nothing
returning id, kind, stopped_at, stopped_by, reason, figures;

-- name: release^
update decision_stops
   set released_at = now(), released_by = :by, release_note = :note
 where org_id = :org_id and kind = :kind and released_at is null
returning id, kind, stopped_at, stopped_by, reason, figures;
