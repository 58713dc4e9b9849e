-- What a work was given first, and when: a prediction from a day of an enrolment knows the marks that were there by then,
-- whatever became of them on appeal. Null where it was graded once, or only by code from before.

alter table submissions
    add column first_points decimal(8,2),
    add column first_graded_at timestamptz;

-- Right answers that win a question back count, and a seat on another version is traced anew: what was traced before this
-- has neither.
insert into courses_to_trace (course_id, org_id)
select distinct course_id, org_id from learner_histories
    on conflict (course_id) do update set requested_at = clock_timestamp(), attempts = 0, not_before = now();
