-- A grade that an agent gave is not a person's decision on what had been suggested.
alter table grading_suggestions add column decided_by_agent boolean not null default false;
