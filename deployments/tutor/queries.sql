-- name: readable_version$
-- The rule of deployments.courses for a course's content: the version one is enrolled in, or else the published one where
-- one answers for the course. Whoever asks cannot be erased before the transaction ends.
with person as materialized (select id from users where id = :user_id and status <> 'erased' for key share),
     own as (
         select e.course_version_id
           from enrollments e join person p on p.id = e.user_id
          where e.course_id = :course_id and e.status in ('active', 'completed') and not overdue(e)
     )
select course_version_id from own
union all
select c.published_version_id
  from courses c cross join person p
 where c.id = :course_id and (:any::boolean or c.instructor_id = p.id) and c.published_version_id is not null
   and not exists (select from own);

-- name: course_is_published$
select status <> 'draft' from courses where id = :course_id;

-- name: instructor$
select instructor_id from courses where id = :course_id;

-- name: insert_conversation^
with written as (
    insert into tutor_conversations (id, org_id, user_id, course_id, version_id)
    values (:id, :org_id, :user_id, :course_id, :version_id)
    returning *
)
select w.*, c.title as course_title from written w join courses c on c.id = w.course_id;

-- name: conversation^
select t.*, c.title as course_title
  from tutor_conversations t join courses c on c.id = t.course_id
 where t.id = :id and t.user_id = :user_id;

-- name: lock_conversation^
-- People before what is theirs, as an erasure does.
with person as materialized (select id from users where id = :user_id and status <> 'erased' for key share)
select t.*, c.title as course_title
  from person p
  join tutor_conversations t on t.user_id = p.id and t.id = :id
  join courses c on c.id = t.course_id
   for no key update of t;

-- name: move_conversation!
update tutor_conversations set version_id = :version_id where id = :id;

-- name: conversations
select t.*, c.title as course_title
  from tutor_conversations t join courses c on c.id = t.course_id
 where t.user_id = :user_id and (:course_id::uuid is null or t.course_id = :course_id)
   and (:before::uuid is null or t.id < :before)
 order by t.id desc
 limit :limit;

-- name: delete_conversation$
delete from tutor_conversations where id = :id and user_id = :user_id returning true;

-- name: turns
select * from tutor_turns where conversation_id = :conversation_id order by number;

-- name: last_turns
select * from tutor_turns where conversation_id = :conversation_id order by number desc limit :limit;

-- name: hints$
select count(*) from tutor_turns where conversation_id = :conversation_id and quiz_question_id = :quiz_question_id;

-- name: insert_turn!
with counted as (
    update tutor_conversations set turns = :number, updated_at = now() where id = :conversation_id
)
insert into tutor_turns
       (id, org_id, conversation_id, number, question, reply, kind, quiz_question_id, sources, made_by, created_at)
values (:id, :org_id, :conversation_id, :number, :question, :reply, :kind, :quiz_question_id, :sources, :made_by,
        :created_at);

-- name: mastery
select m.skill_id, m.level, m.answers, m.right_answers as right
  from learner_mastery m
 where m.user_id = :user_id and m.course_id = :course_id;

-- name: content$
select content from course_versions where id = :version_id;

-- name: completed_units
select p.unit_id
  from enrollments e
  join unit_progress p on p.org_id = e.org_id and p.enrollment_id = e.id
 where e.user_id = :user_id and e.course_id = :course_id and p.completed_at is not null;

-- name: attempts_used
select a.unit_id, count(*) as used
  from enrollments e
  join quiz_attempts a on a.org_id = e.org_id and a.enrollment_id = e.id
 where e.user_id = :user_id and e.course_id = :course_id
 group by a.unit_id;
