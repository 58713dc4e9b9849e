-- name: partitions$
select partitions from event_log;
