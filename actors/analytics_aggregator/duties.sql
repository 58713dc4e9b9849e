-- name: move_horizon^
-- Whole windows only. The times never go back, as what is gone stays gone.
update analytics_generation
   set minutes_from = greatest(minutes_from, date_trunc('minute', now() - :minutes_kept::interval)),
       hours_from = greatest(hours_from, date_trunc('hour', now() - :hours_kept::interval))
returning minutes_from, hours_from;

-- name: delete_windows$
with old as (
         select ctid from analytics_cells where grain = :grain and grain >= 2 and start < :before limit :limit
            for update skip locked
     ),
     gone as (delete from analytics_cells where ctid in (select ctid from old) returning 1)
select count(*) from gone;
