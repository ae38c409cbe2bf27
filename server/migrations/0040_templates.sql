-- Templates: what they say is sealed, what was published never changes, and what was active when can be read for as long as the template lives.
-- Lock impact: none on existing tables but the foreign keys to workspace.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table template (
  workspace_id uuid not null references workspace,
  id uuid not null,
  name text not null check (length(name) between 1 and 200),
  alias text check (length(alias) between 1 and 64),
  last_number integer not null default 0,
  created_at timestamptz not null default now(),
  created_by text not null,
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (workspace_id, id)
);
create unique index template_alias on template (workspace_id, alias) where alias is not null and deleted_at is null;
create index template_deleted on template (deleted_at) where deleted_at is not null;
comment on table template is 'class: business. Mail that is written once and filled with data. Kept: until 30 days after it was deleted.';
comment on column template.workspace_id is 'class: identifier.';
comment on column template.id is 'class: identifier.';
comment on column template.name is 'class: business. A label.';
comment on column template.alias is 'class: business. By which programs call it.';
comment on column template.last_number is 'class: operational. The highest number that a version has had.';
comment on column template.created_at is 'class: operational.';
comment on column template.created_by is 'class: audit. The actor.';
comment on column template.updated_at is 'class: operational. When it or a version of it was last changed.';
comment on column template.deleted_at is 'class: operational. Since then nothing is sent with it; it can be restored for 30 days.';
select engine.protect('template');
select engine.guard('template', 'write', p_open => array['bulkhead_worker']);
grant select, insert, update on template to bulkhead_api;
grant select, delete on template to bulkhead_engine;

create table template_version (
  workspace_id uuid not null,
  template_id uuid not null,
  number integer not null,
  id uuid not null,
  -- Dialects of other vendors are added here.
  dialect text not null constraint template_version_dialect check (dialect in ('liquid')),
  sealed_head bytea not null,
  sealed_content bytea not null,
  content_hash bytea not null,
  size_bytes integer not null,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  created_by text not null,
  updated_at timestamptz not null default now(),
  published_at timestamptz,
  primary key (workspace_id, template_id, number),
  foreign key (workspace_id, template_id) references template (workspace_id, id) on delete cascade
);
alter table template_version alter column sealed_content set storage external;
comment on table template_version is 'class: business. What a template says or said. A draft can be changed; a version that was published once cannot, until its template is erased.';
comment on column template_version.workspace_id is 'class: identifier.';
comment on column template_version.template_id is 'class: identifier.';
comment on column template_version.number is 'class: operational. From 1 within the template.';
comment on column template_version.id is 'class: identifier. For which its content is sealed.';
comment on column template_version.dialect is 'class: operational. The language that it is written in.';
comment on column template_version.sealed_head is 'class: personal, sealed (content). Subject and note: for lists.';
comment on column template_version.sealed_content is 'class: personal, sealed (content). HTML, text and sample data. Sealed for its row: who writes to the database cannot put other words into the mail of a workspace.';
comment on column template_version.content_hash is 'class: operational. SHA-256 of dialect, subject, html and text; records of acts hold it too.';
comment on column template_version.size_bytes is 'class: operational. Of subject, html and text.';
comment on column template_version.revision is 'class: operational. Counts changes of a draft, so that of two at a time one is refused.';
comment on column template_version.created_at is 'class: operational.';
comment on column template_version.created_by is 'class: audit. The actor.';
comment on column template_version.updated_at is 'class: operational.';
comment on column template_version.published_at is 'class: operational. When it was published first; null: a draft.';
select engine.protect('template_version');
select engine.guard('template_version', 'write', p_open => array['bulkhead_worker']);
grant select, insert, update, delete on template_version to bulkhead_api;

create table template_publication (
  workspace_id uuid not null,
  template_id uuid not null,
  sequence integer not null,
  number integer not null,
  published_at timestamptz not null default now(),
  published_by text not null,
  primary key (workspace_id, template_id, sequence),
  foreign key (workspace_id, template_id, number) references template_version (workspace_id, template_id, number) on delete cascade
);
create index template_publication_version on template_publication (workspace_id, template_id, number);
comment on table template_publication is 'class: audit. Which version was made the active one, when and by whom; the last one of a template is active. Only added to.';
comment on column template_publication.workspace_id is 'class: identifier.';
comment on column template_publication.template_id is 'class: identifier.';
comment on column template_publication.sequence is 'class: operational. From 1 within the template.';
comment on column template_publication.number is 'class: operational. Of the version.';
comment on column template_publication.published_at is 'class: audit.';
comment on column template_publication.published_by is 'class: audit. The actor.';
select engine.protect('template_publication');
select engine.guard('template_publication', 'sender-change', p_open => array['bulkhead_worker']);
grant select, insert on template_publication to bulkhead_api;

-- What went out under a number stays what that number says. Where the whole template is erased its row is gone before its versions.
create function engine.keep_published() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if old.published_at is not null
     and exists (select from template t where t.workspace_id = old.workspace_id and t.id = old.template_id) then
    raise exception 'a version that was published is never changed' using errcode = 'insufficient_privilege';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
create trigger keep_published before update or delete on template_version for each row execute function engine.keep_published();
alter table template_version enable always trigger keep_published;

-- Only what is published can be active.
create function engine.require_published() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if not exists (select from template_version v where v.workspace_id = new.workspace_id and v.template_id = new.template_id
                 and v.number = new.number and v.published_at is not null) then
    raise exception 'a draft is not active' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger require_published before insert on template_publication for each row execute function engine.require_published();
alter table template_publication enable always trigger require_published;

-- Erases templates that were deleted p_age ago, 30 days at least, with their versions.
create function engine.erase_templates(p_age interval, p_limit integer) returns bigint
language sql security definer set search_path = public, engine, pg_temp as $$
  with old as (
    select t.workspace_id, t.id from template t where t.deleted_at < now() - greatest(p_age, interval '30 days') order by t.deleted_at limit p_limit for update skip locked
  ), gone as (
    delete from template t using old where t.workspace_id = old.workspace_id and t.id = old.id returning 1
  )
  select count(*) from gone
$$;
grant select on template_version to bulkhead_engine;

alter function engine.keep_published() owner to bulkhead_engine;
alter function engine.require_published() owner to bulkhead_engine;
alter function engine.erase_templates(interval, integer) owner to bulkhead_engine;
revoke execute on function engine.keep_published, engine.require_published, engine.erase_templates from public;
grant execute on function engine.erase_templates to bulkhead_worker;

revoke create on schema engine from bulkhead_engine;
