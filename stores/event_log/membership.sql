-- name: attend$
-- Null where nobody knows the consumer (any more).
insert into event_members (consumer, member, seen_at)
select name, :member, clock_timestamp() from event_consumers where name = :consumer
on conflict (consumer, member) do update set seen_at = excluded.seen_at
returning true;

-- name: live
select member from event_members
 where consumer = :consumer and seen_at > clock_timestamp() - :stale_after::interval;

-- name: partitions$
select partitions from event_log;

-- name: leave!
delete from event_members where consumer = :consumer and member = :member;

-- name: forget_the_dead!
delete from event_members
 where (consumer, member) in (select consumer, member from event_members
                               where consumer = :consumer and seen_at < now() - interval '1 day'
                                 for update skip locked);

-- name: retire$
-- Its positions, claims and dead letters go with it. False while a member has been heard of lately.
with gone as (
         delete from event_consumers c
          where c.name = :consumer
            and not exists (select 1 from event_members m
                             where m.consumer = c.name and m.seen_at > clock_timestamp() - :stale_after::interval)
        returning 1
     )
select exists (select 1 from gone);
