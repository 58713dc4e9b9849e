-- What events say from now on, worked out for those that were written before: every type stays at version 1.

-- Enrolments: the events of one are in order by seq, since each was written under its lock. The price of a first seat
-- is today's; what it was then nobody wrote down.
with told as (
    select seq, event ->> 'type' as type, event -> 'data' as data,
           event ->> 'type' in ('azora.enrollment.created.v1', 'azora.enrollment.activated.v1')
               and event -> 'data' ->> 'status' <> 'waitlisted' as seated,
           (event ->> 'time')::timestamptz as time
      from outbox
     where topic = 'enrollment_events'
), chained as (
    select seq, type, data, seated,
           lag(data ->> 'status') over life as previous_status,
           coalesce(lag(data ->> 'progress') over life, '0.00') as previous_progress,
           max(time) filter (where seated) over life as enrolled_at,
           count(*) filter (where seated) over life as seats
      from told
    window life as (partition by data ->> 'enrollment_id' order by seq)
)
update outbox o
   set event = jsonb_set(o.event, '{data}', n.data || jsonb_build_object(
           'previous_status', n.previous_status, 'previous_progress', n.previous_progress, 'enrolled_at', n.enrolled_at)
       || case when n.type in ('azora.enrollment.created.v1', 'azora.enrollment.activated.v1')
               then jsonb_build_object('price', case when n.seated and n.seats = 1 then c.price::text end)
               else '{}' end)
  from chained n
  left join courses c on c.id = (n.data ->> 'course_id')::uuid
 where n.seq = o.seq;

with graded as (
    select seq, lag(event -> 'data' ->> 'grade') over work as previous_grade
      from outbox
     where event ->> 'type' = 'azora.submission.graded.v1'
    window work as (partition by event -> 'data' ->> 'submission_id' order by seq)
)
update outbox o
   set event = jsonb_set(o.event, '{data,previous_grade}', coalesce(to_jsonb(g.previous_grade), 'null'))
  from graded g
 where g.seq = o.seq;

-- A deleted review is no longer there to be replaced.
with reviewed as (
    select seq, event ->> 'type' as type,
           lag(case event ->> 'type' when 'azora.review.written.v1' then event -> 'data' -> 'rating' end)
               over review as previous_rating
      from outbox
     where event ->> 'type' in ('azora.review.written.v1', 'azora.review.deleted.v1')
    window review as (partition by event -> 'data' ->> 'course_id', event -> 'data' ->> 'user_id' order by seq)
)
update outbox o
   set event = jsonb_set(o.event, '{data,previous_rating}', coalesce(r.previous_rating, 'null'))
  from reviewed r
 where r.seq = o.seq and r.type = 'azora.review.written.v1';

update outbox o
   set event = jsonb_set(o.event, '{data}', o.event -> 'data'
           || jsonb_build_object('role', u.role, 'registered_at', u.created_at))
  from users u
 where o.event ->> 'type' = 'azora.session.started.v1' and u.id = (o.event -> 'data' ->> 'user_id')::uuid;
