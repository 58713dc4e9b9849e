-- What is held on one person, part by part.

-- name: profile
select id, org_id, email, first_name, last_name, role, status, bio, locale, timezone, external_id, created_at,
       updated_at, password_changed_at
  from users where id = :user_id;

-- name: enrollments
select e.id, e.course_id, c.title as course, v.number as course_version, e.status, e.progress, e.score,
       e.waitlisted_at, e.enrolled_at, e.completed_at, e.dropped_at, e.expires_at, e.created_at, e.updated_at
  from enrollments e
  join courses c on c.org_id = e.org_id and c.id = e.course_id
  join course_versions v on v.org_id = e.org_id and v.id = e.course_version_id
 where e.user_id = :user_id order by e.created_at, e.id;

-- name: progress
select p.enrollment_id, p.unit_id, p.completed_at, p.score
  from unit_progress p join enrollments e on e.org_id = p.org_id and e.id = p.enrollment_id
 where e.user_id = :user_id order by p.enrollment_id, p.completed_at, p.unit_id;

-- name: attempts
select a.id, a.enrollment_id, a.unit_id, a.number, a.answers, a.result, a.points, a.maximum_points, a.score, a.passed,
       a.created_at
  from quiz_attempts a join enrollments e on e.org_id = a.org_id and e.id = a.enrollment_id
 where e.user_id = :user_id order by a.created_at, a.id;

-- name: submissions
select s.id, s.enrollment_id, s.unit_id, s.number, s.body, s.points, s.maximum_points, s.feedback, s.graded_at,
       s.created_at, s.updated_at
  from submissions s join enrollments e on e.org_id = s.org_id and e.id = s.enrollment_id
 where e.user_id = :user_id order by s.created_at, s.id;

-- name: suggested_grades
select g.id, g.submission_id, g.method, g.label, g.points, g.maximum_points, g.confidence, g.needs_person, g.concerns,
       g.criteria, g.feedback, g.made_by, g.status, g.decided_points, g.decided_at, g.created_at
  from grading_suggestions g join enrollments e on e.org_id = g.org_id and e.id = g.enrollment_id
 where e.user_id = :user_id order by g.id;

-- name: appeals
select a.id, a.submission_id, a.attempt_id, a.points, a.maximum_points, a.reason, a.status, a.decision, a.decided_at,
       a.new_points,
       a.created_at
  from grade_appeals a join enrollments e on e.org_id = a.org_id and e.id = a.enrollment_id
 where e.user_id = :user_id order by a.id;

-- name: reviews
select id, course_id, rating, body, created_at, updated_at
  from reviews where user_id = :user_id order by created_at, id;

-- name: certificates
select id, enrollment_id, course_id, code, token, issued_at, revoked_at
  from certificates where user_id = :user_id order by issued_at, id;

-- name: tutoring
select t.id, t.conversation_id, c.course_id, t.number, t.question, t.reply, t.kind, t.sources, t.made_by, t.created_at
  from tutor_conversations c join tutor_turns t on t.org_id = c.org_id and t.conversation_id = c.id
 where c.user_id = :user_id order by t.conversation_id, t.number;

-- name: predictions
select p.id, p.enrollment_id, p.course_id, p.probability, p.first_probability, p.level, p.reasons, p.suggestion,
       p.predicted_at, m.version as model_version, m.day,
       (select jsonb_agg(jsonb_build_object('kind', i.kind, 'note', i.note, 'made_at', i.made_at, 'outcome', i.outcome,
                                            'outcome_note', i.outcome_note) order by i.id)
          from learning_interventions i where i.prediction_id = p.id) as interventions
  from learning_predictions p join learning_models m on m.org_id = p.org_id and m.id = p.model_id
 where p.user_id = :user_id order by p.id;

-- name: mastery
select m.enrollment_id, m.course_id, m.skill_id, m.known, m.level, m.answers, m.right_answers, m.last_answer_at,
       coalesce(k.name, 'knowledge-default') as model, h.traced_at
  from learner_mastery m
  join learner_histories h on h.enrollment_id = m.enrollment_id
  left join knowledge_models k on k.org_id = h.org_id and k.id = h.model_id
 where m.user_id = :user_id order by m.enrollment_id, m.skill_id;

-- name: learning_goals
select enrollment_id, course_id, skill_ids, minutes, set_at
  from learning_goals where user_id = :user_id order by set_at;

-- name: unit_reviews
select id, enrollment_id, unit_id, rating, reviewed_at from unit_reviews where user_id = :user_id order by id;

-- name: advised_paths
select enrollment_id, course_id, minutes, minutes_back, advised_at
  from advised_paths where user_id = :user_id order by advised_at, enrollment_id;

-- name: courses_taught
select id, title, category, status, created_at, published_at
  from courses where instructor_id = :user_id order by created_at, id;

-- name: gradings
select id, unit_id, points, maximum_points, feedback, graded_at
  from submissions where graded_by = :user_id order by graded_at, id;

-- name: invitations
select i.id, i.email, i.role, i.expires_at, i.accepted_at, i.revoked_at, i.created_at
  from invitations i join users u on u.org_id = i.org_id and u.email = i.email
 where u.id = :user_id order by i.created_at, i.id;

-- name: agent_tasks
select t.id, t.kind, t.course_id, t.input, t.status, t.plan, t.result, t.error, t.tokens, t.cost_microdollars,
       t.deadline, t.created_at, t.started_at, t.ended_at,
       (select coalesce(jsonb_agg(jsonb_build_object(
                   'step', s.key, 'tool', s.tool, 'status', s.status, 'arguments', s.arguments, 'output', s.output
               ) order by s.position), '[]')
          from agent_steps s where s.task_id = t.id) as steps
  from agent_tasks t where t.user_id = :user_id order by t.created_at, t.id;

-- name: agent_tasks_about
-- What others' tasks read or did about the person. Without their outputs: those may hold other people's data too, and
-- what they say of this person is in the other files.
select t.id, t.kind, t.course_id, t.status, t.created_at, t.ended_at,
       (select coalesce(jsonb_agg(s.tool order by s.position), '[]') from agent_steps s
         where s.task_id = t.id and s.status = 'done') as tools
  from agent_tasks t where t.subjects @> array[:user_id::uuid] and t.user_id <> :user_id order by t.created_at, t.id;

-- name: agent_answers
select id, task_id, status, reason, decided_at
  from agent_approvals where decided_by = :user_id order by decided_at, id;

-- name: mails
-- Without their texts: a link in one opens the account, and whoever exports need not be the person.
select m.id, m.subject, m.created_at
  from mails m join users u on u.org_id = m.org_id and u.email = m.recipient
 where u.id = :user_id order by m.created_at, m.id;

-- name: events
-- Every event about a person is keyed by the person.
select event from outbox where key = :user_id::uuid::text order by xid, seq;

-- name: learning_days
select d.day, d.minutes
  from analytics_generation g
  join analytics_learner_days d on d.generation = g.current
  join analytics_pseudonyms p on p.org_id = d.org_id and p.pseudonym = d.learner
 where p.user_id = :user_id order by d.day, d.partition;

-- name: model_usage
select day, key_id, feature, model, provider, target, requests, failed, cached, input_tokens, output_tokens,
       microdollars
  from llm_usage where user_id = :user_id order by day, model, target, feature;

-- name: model_transcripts
-- As they are sealed; the service opens them.
select id, model, sealed, created_at, expires_at from llm_transcripts where user_id = :user_id order by id;

-- name: model_keys
-- The keys that the person made for the organisation.
select id, name, scopes, feature, created_at, expires_at, revoked_at, last_used_at
  from llm_api_keys where created_by = :user_id order by id;

-- Erasure. Each counts what it did.

-- name: hold_figures!
-- Until the transaction ends, analytics begins nothing that might find the person half erased; what it has begun is
-- waited for.
select pg_advisory_xact_lock(hashtext('azora.analytics.people'));

-- name: erase_user^
update users
   set email = 'erased-' || id || '@erased.invalid', password_hash = null, first_name = 'Erased', last_name = 'person',
       bio = '', locale = 'en', timezone = 'UTC', external_id = null, sensitive = null, sensitive_key_id = null,
       status = 'erased', erased_at = now()
 where id = :user_id
returning erased_at;

-- name: erase_reviews$
with done as (update reviews set body = '' where user_id = :user_id and body <> '' returning 1)
select count(*) from done;

-- name: erase_submissions$
with done as (
    update submissions s set body = '', feedback = null
      from enrollments e
     where e.org_id = s.org_id and e.id = s.enrollment_id and e.user_id = :user_id
    returning 1
)
select count(*) from done;

-- name: erase_suggested_grades$
-- The figures of a decision stay, for later suggestions are calibrated by them; the words go.
with done as (
    update grading_suggestions g set feedback = '', criteria = '[]',
           status = case when g.status = 'open' then 'replaced' else g.status end
      from enrollments e
     where e.org_id = g.org_id and e.id = g.enrollment_id and e.user_id = :user_id
    returning 1
)
select count(*) from done;

-- name: erase_appeals$
with done as (
    update grade_appeals a set reason = '', decision = '',
           status = case when a.status = 'open' then 'withdrawn' else a.status end
      from enrollments e
     where e.org_id = a.org_id and e.id = a.enrollment_id and e.user_id = :user_id
    returning 1
)
select count(*) from done;

-- name: erase_attempts$
-- The application may only append attempts; the function blanks those of erased people.
select blank_answers(:user_id);

-- name: erase_certificates$
-- The token is signed over the person's name, so it goes as a whole.
with done as (
    update certificates set token = '', revoked_at = coalesce(revoked_at, now()) where user_id = :user_id returning 1
)
select count(*) from done;

-- name: erase_invitations$
with done as (delete from invitations where email = :email returning 1) select count(*) from done;

-- name: erase_password_resets$
with done as (delete from password_resets where user_id = :user_id returning 1),
     asked as (delete from password_reset_requests where email = :email returning 1)
select (select count(*) from done) + (select count(*) from asked);

-- name: erase_agent_tasks$
-- The person's own, and what others' tasks hold of the person. What has not ended does so; that there was a task, of
-- which kind and with what outcome, stays.
with mine as (
         select id, user_id = :user_id as own from agent_tasks
          where user_id = :user_id or subjects @> array[:user_id::uuid]
            for update
     ),
     tasks as (
         update agent_tasks t
            set input = '{}', plan = null, result = null, error = null,
                subjects = array_remove(t.subjects, :user_id::uuid),
                status = case when t.due_at is null then t.status else 'cancelled' end, stage = 'ended',
                ended_at = coalesce(t.ended_at, now()), due_at = null, owner = null, epoch = t.epoch + 1
           from mine where t.id = mine.id
         returning t.id
     ),
     steps as (
         update agent_steps s set arguments = null, output = null, error = null from mine where s.task_id = mine.id
     ),
     approvals as (
         update agent_approvals a
            set draft = '[]', reason = case when a.reason is null then null else '' end,
                status = case when a.status = 'pending' then 'withdrawn' else a.status end
           from mine where a.task_id = mine.id
     ),
     answers as (
         update agent_approvals a set reason = '' where a.decided_by = :user_id and a.reason <> ''
            and not exists (select from mine where mine.id = a.task_id)
     )
select count(*) from tasks;

-- name: erase_mails$
with done as (delete from mails where recipient = :email returning 1) select count(*) from done;

-- name: erase_tutoring$
with done as (delete from tutor_conversations where user_id = :user_id returning 1) select count(*) from done;

-- name: erase_predictions$
-- With what was noted about them.
with done as (delete from learning_predictions where user_id = :user_id returning 1) select count(*) from done;

-- name: erase_mastery$
-- With the histories that it was traced from. Whoever traces holds the person's row, and finds it erased afterwards.
with done as (delete from learner_histories where user_id = :user_id returning 1) select count(*) from done;

-- name: erase_learning_goals$
with done as (delete from learning_goals where user_id = :user_id returning 1) select count(*) from done;

-- name: erase_unit_reviews$
with done as (delete from unit_reviews where user_id = :user_id returning 1) select count(*) from done;

-- name: erase_advised_paths$
with done as (delete from advised_paths where user_id = :user_id returning 1) select count(*) from done;

-- name: erase_learning_days$
-- In every generation of the figures that there can be. With the pseudonym nothing is left that tells whose share of a
-- figure was whose.
with link as (delete from analytics_pseudonyms where user_id = :user_id returning org_id, pseudonym),
     done as (
         delete from analytics_learner_days d using link, analytics_generation g
          where d.generation = any (array[g.current - 1, g.current, g.current + 1])
            and d.org_id = link.org_id and d.learner = link.pseudonym
         returning 1
     )
select count(*) from done;

-- name: erase_model_transcripts$
with done as (delete from llm_transcripts where user_id = :user_id returning 1) select count(*) from done;

-- name: erase_model_keys$
-- Whoever made a key has seen it. Its name is theirs.
with done as (
    update llm_api_keys set name = 'erased', revoked_at = coalesce(revoked_at, now())
     where created_by = :user_id
    returning 1
)
select count(*) from done;

-- name: erase_model_usage$
-- What was spent still counts, but for nobody.
with gone as (delete from llm_usage where user_id = :user_id returning *),
     kept as (
         insert into llm_usage as u
         select org_id, day, null, key_id, feature, model, provider, target, requests, failed, cached, input_tokens,
                output_tokens, microdollars
           from gone
         on conflict (org_id, day, user_id, key_id, feature, model, provider, target) do update
             set requests = u.requests + excluded.requests, failed = u.failed + excluded.failed,
                 cached = u.cached + excluded.cached, input_tokens = u.input_tokens + excluded.input_tokens,
                 output_tokens = u.output_tokens + excluded.output_tokens,
                 microdollars = u.microdollars + excluded.microdollars
     ),
     own as (delete from llm_budgets where user_id = :user_id)
select count(*) from gone;

-- name: erase_idempotency_answers$
-- Those the person got, and those about the person.
with done as (
    delete from idempotency_keys
     where actor = :user_id::uuid::text
        or position(convert_to(:user_id::uuid::text, 'UTF8') in body) > 0
        or position(convert_to('"' || :email::text || '"', 'UTF8') in body) > 0
    returning 1
)
select count(*) from done;

-- name: drop_enrollments
-- A seat that nobody will use is given up; what was finished stays as it is.
with held as (
    select id, status, progress from enrollments
     where user_id = :user_id and status in ('waitlisted', 'active')
     order by id for no key update
)
update enrollments e set status = 'dropped', dropped_at = now()
  from held b
 where e.id = b.id
returning e.id as enrollment_id, e.user_id, e.course_id, e.course_version_id, e.status, e.progress, e.score,
          b.status as previous_status, b.progress as previous_progress, e.enrolled_at;

-- name: insert_receipt^
insert into erasures (id, org_id, user_id, requested_by, summary)
values (:id, :org_id, :user_id, :requested_by, :summary)
returning id, user_id, created_at;
