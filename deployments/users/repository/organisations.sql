-- name: by_slug^
select id, slug, name, registration, status from organisation_by_slug(:slug);

-- name: enter^
-- What finds the organisation makes it the transaction's tenant.
select id, slug, name, registration, status, set_config('azora.org_id', id::text, true)
  from organisation_by_slug(:slug);

-- name: organisation^
select * from organisations where id = :org_id;

-- name: locked_organisation^
-- Serialises what depends on all of an organisation's people; rows that refer to it are not held up.
select * from organisations where id = :org_id for no key update;

-- name: page
select * from organisations_page(:after, :limit);

-- name: insert_organisation^
insert into organisations (id, slug, name, registration, locale)
values (:id, :slug, :name, :registration, :locale)
returning *;

-- name: change_organisation^
update organisations
   set name = :name, registration = :registration, locale = :locale, status = :status
 where id = :org_id
returning *;
