-- Contacts and static lists: whom a workspace knows, found by blind index, with an opt-out that outlives them.
-- Lock impact: a short exclusive lock on suppression (a trigger each for insert, update and delete); none else on existing tables but the
-- foreign keys to workspace.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

-- No index on what changes often, and room on each page: most updates stay on their page (HOT).
create table contact (
  workspace_id uuid not null references workspace,
  id uuid not null,
  address_index bytea not null check (length(address_index) = 32),
  sealed bytea not null check (get_byte(sealed, 0) = 1 and length(sealed) >= 45),
  opted_out_at timestamptz,
  opted_out_by uuid,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (workspace_id, id)
) with (fillfactor = 85);
create unique index contact_address on contact (workspace_id, address_index);
comment on table contact is 'class: personal. People whom a workspace writes to. Kept: until deleted.';
comment on column contact.workspace_id is 'class: identifier.';
comment on column contact.id is 'class: identifier. Who somebody is: an address can change, this does not.';
comment on column contact.address_index is 'class: blind index. Of the address; once in a workspace.';
comment on column contact.sealed is 'class: personal, sealed (content). JSON: address, names and attributes.';
comment on column contact.opted_out_at is 'class: operational. Since then no broadcast goes there; null: it may.';
comment on column contact.opted_out_by is 'class: identifier. The suppression that says so; null: the workspace said it.';
comment on column contact.version is 'class: operational. Counts changes of what is sealed, so that of two at a time one is done anew.';
comment on column contact.created_at is 'class: operational.';
comment on column contact.updated_at is 'class: operational.';
select engine.protect('contact');
-- As for suppressions: what a recipient asks for is written whoever is contained, what a member writes is refused.
select engine.guard('contact', 'write', p_open => array['bulkhead_sender', 'bulkhead_smtp', 'bulkhead_worker'], p_check => 'guard_suppressions');
grant select, insert, update, delete on contact to bulkhead_api;
grant select, update on contact to bulkhead_engine;

create table contact_list (
  workspace_id uuid not null references workspace,
  id uuid not null,
  name text not null check (length(name) between 1 and 200),
  description text check (length(description) <= 1000),
  members integer not null default 0 check (members >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (workspace_id, id)
);
create index contact_list_deleted on contact_list (deleted_at) where deleted_at is not null;
comment on table contact_list is 'class: business. Contacts that were put together by hand. Kept: until deleted; its members go in the background.';
comment on column contact_list.workspace_id is 'class: identifier.';
comment on column contact_list.id is 'class: identifier.';
comment on column contact_list.name is 'class: business. A label.';
comment on column contact_list.description is 'class: business. A label.';
comment on column contact_list.members is 'class: operational. How many there are, by its trigger.';
comment on column contact_list.created_at is 'class: operational.';
comment on column contact_list.updated_at is 'class: operational. When name or description was last changed.';
comment on column contact_list.deleted_at is 'class: operational. Since then it is gone for everybody.';
select engine.protect('contact_list');
select engine.guard('contact_list', 'write', p_open => array['bulkhead_worker']);
grant select, insert, update on contact_list to bulkhead_api;
grant select, update, delete on contact_list to bulkhead_engine;

create table contact_list_member (
  workspace_id uuid not null,
  list_id uuid not null,
  contact_id uuid not null,
  added_at timestamptz not null default now(),
  primary key (workspace_id, list_id, contact_id),
  foreign key (workspace_id, list_id) references contact_list (workspace_id, id) on delete cascade,
  foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade
);
-- The lists of a contact. Without it the planner reads whole lists (measured: anchors/marketing.md 7.1).
create index contact_list_member_contact on contact_list_member (workspace_id, contact_id, list_id);
comment on table contact_list_member is 'class: pseudonymous. Which contact is on which list.';
comment on column contact_list_member.workspace_id is 'class: identifier.';
comment on column contact_list_member.list_id is 'class: identifier.';
comment on column contact_list_member.contact_id is 'class: identifier.';
comment on column contact_list_member.added_at is 'class: operational.';
select engine.protect('contact_list_member');
select engine.guard('contact_list_member', 'write', p_open => array['bulkhead_worker']);
grant select, insert, delete on contact_list_member to bulkhead_api;
grant select, delete on contact_list_member to bulkhead_engine;

-- Counts members as they come and go, those too that go with their contact. Lists are locked in one order, so that two statements that
-- touch the same ones wait for each other and no more.
create function engine.count_list_members() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_sign integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform from contact_list l
  where (l.workspace_id, l.id) in (select r.workspace_id, r.list_id from touched r)
  order by l.id for no key update;
  update contact_list l set members = l.members + v_sign * r.n
  from (select t.workspace_id, t.list_id, count(*)::integer as n from touched t group by 1, 2) r
  where l.workspace_id = r.workspace_id and l.id = r.list_id;
  return null;
end $$;
create trigger count_members_insert after insert on contact_list_member referencing new table as touched
  for each statement execute function engine.count_list_members();
create trigger count_members_delete after delete on contact_list_member referencing old table as touched
  for each statement execute function engine.count_list_members();

-- Whoever is suppressed as somebody who unsubscribed (by a link, a mail, an import, a member) is unsubscribed as a contact too, and stays
-- so when the entry becomes one for another reason. Only the end of that same entry, while it still says "unsubscribe", takes it back.
create function engine.opt_out_contacts() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    update contact c set opted_out_at = null, opted_out_by = null, updated_at = now()
    from gone g
    where g.reason = 'unsubscribe' and c.workspace_id = g.workspace_id and c.address_index = g.address_index and c.opted_out_by = g.id;
  else
    update contact c set opted_out_at = now(), opted_out_by = f.id, updated_at = now()
    from fresh f
    where f.reason = 'unsubscribe' and c.workspace_id = f.workspace_id and c.address_index = f.address_index and c.opted_out_at is null;
  end if;
  return null;
end $$;
create trigger opt_out_insert after insert on suppression referencing new table as fresh
  for each statement execute function engine.opt_out_contacts();
create trigger opt_out_update after update on suppression referencing new table as fresh
  for each statement execute function engine.opt_out_contacts();
create trigger opt_out_delete after delete on suppression referencing old table as gone
  for each statement execute function engine.opt_out_contacts();

-- Takes members off lists that were deleted, then the lists. Answers how many rows went.
create function engine.end_contact_lists(p_limit integer) returns bigint
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_members bigint;
  v_lists bigint;
begin
  delete from contact_list_member m
  using (
    select x.workspace_id, x.list_id, x.contact_id
    from contact_list l
    join contact_list_member x on x.workspace_id = l.workspace_id and x.list_id = l.id
    where l.deleted_at is not null limit p_limit
  ) d
  where m.workspace_id = d.workspace_id and m.list_id = d.list_id and m.contact_id = d.contact_id;
  get diagnostics v_members = row_count;
  delete from contact_list l
  where (l.workspace_id, l.id) in (select c.workspace_id, c.id from contact_list c where c.deleted_at is not null and c.members = 0 limit 100);
  get diagnostics v_lists = row_count;
  return v_members + v_lists;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('count_list_members', 'opt_out_contacts', 'end_contact_lists')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.end_contact_lists(integer) to bulkhead_worker;
revoke create on schema engine from bulkhead_engine;
