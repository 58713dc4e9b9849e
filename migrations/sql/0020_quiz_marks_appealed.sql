-- Marks of quizzes can be appealed against, and a person can say that an answer is right which the key had wrong. What was
-- answered stays as it was.

alter table quiz_attempts add constraint quiz_attempts_org_id_id_key unique (org_id, id);
grant update (result, points, score, passed) on quiz_attempts to azora_app;

alter table grade_appeals alter column submission_id drop not null;
alter table grade_appeals add column attempt_id uuid;
alter table grade_appeals add foreign key (org_id, attempt_id) references quiz_attempts (org_id, id) on delete cascade;
alter table grade_appeals add check ((submission_id is null) <> (attempt_id is null));
create unique index grade_appeals_one_open_of_attempt on grade_appeals (attempt_id) where status = 'open';
create index grade_appeals_attempt on grade_appeals (attempt_id, id) where attempt_id is not null;
