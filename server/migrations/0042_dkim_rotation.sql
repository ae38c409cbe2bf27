-- Rotation of DKIM keys: keys that wait for DNS, keys that retire, and the end of private keys that nothing needs any more.
-- Lock impact: a short exclusive lock on dkim_selector (columns without a default, checks over a few rows for each domain, triggers).

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

-- Keys from before were made with their domain; without a default now, their rows are not written.
alter table dkim_selector add column created_at timestamptz;
alter table dkim_selector alter column created_at set default now();
alter table dkim_selector add column becomes text check (becomes in ('active', 'standby'));
alter table dkim_selector add column retire_at timestamptz;
alter table dkim_selector drop constraint dkim_selector_role_check;
alter table dkim_selector
  add constraint dkim_selector_role_check check (role in ('pending', 'standby', 'active', 'retiring', 'removable', 'gone')),
  add constraint dkim_selector_pending_becomes check ((role = 'pending') = (becomes is not null)),
  add constraint dkim_selector_retiring_until check (role not in ('retiring') or retire_at is not null);
comment on column dkim_selector.role is 'class: operational. pending: waits for its record in DNS; active: signs; standby: published, for an emergency; retiring: signs no more, still verifies mail under way; removable: its private key is destroyed, its record may go; gone: its record went.';
comment on column dkim_selector.created_at is 'class: operational. When the key was made; null: with its domain.';
comment on column dkim_selector.becomes is 'class: operational. What a pending key becomes once DNS shows its record.';
comment on column dkim_selector.retire_at is 'class: operational. When the private key of a retiring one is destroyed.';

create table dkim_disposal (
  key_id uuid primary key,
  workspace_id uuid not null,
  due_at timestamptz not null
);
create index dkim_disposal_due on dkim_disposal (due_at);
comment on table dkim_disposal is 'class: operational. Private DKIM keys that the keyring is to destroy: of retired selectors, of rotations that were called off, of domains that were removed. Kept: until destroyed.';
comment on column dkim_disposal.key_id is 'class: identifier. Of the private half, which only the keyring has.';
comment on column dkim_disposal.workspace_id is 'class: identifier.';
comment on column dkim_disposal.due_at is 'class: operational. From when on; while it is tried, when it is tried again.';
select engine.protect('dkim_disposal');
-- Its rows are written beside rows of dkim_selector, which is guarded, and destroying a key only takes away.
select engine.guard('dkim_disposal', 'sender-change', p_open => array['bulkhead_api', 'bulkhead_worker']);
grant select, insert, update, delete on dkim_disposal to bulkhead_engine;
grant update on dkim_selector to bulkhead_engine;

-- No way of removing a selector leaves its private key behind, also not one that nobody thought of.
create function engine.dispose_dkim() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if tg_op = 'UPDATE' and new.role <> 'retiring' then return null; end if;
  insert into dkim_disposal (key_id, workspace_id, due_at)
  values (old.key_id, old.workspace_id, case tg_op when 'UPDATE' then new.retire_at else now() end)
  on conflict (key_id) do update set due_at = least(dkim_disposal.due_at, excluded.due_at);
  return null;
end $$;

-- Takes keys whose time has come, of all workspaces, for p_hold_seconds, at most ten minutes.
create function engine.claim_dkim_disposals(p_limit integer, p_hold_seconds integer) returns table (workspace_id uuid, key_id uuid)
language sql security definer set search_path = public, engine, pg_temp as $$
  update dkim_disposal d
  set due_at = now() + make_interval(secs => least(greatest(p_hold_seconds, 1), 600))
  from (
    select c.key_id from dkim_disposal c where c.due_at <= now() order by c.due_at limit p_limit for update skip locked
  ) c
  where d.key_id = c.key_id
  returning d.workspace_id, d.key_id
$$;

-- Notes that a private key is no more, within the time for which it was taken. Answers the selector that had it, where that still stands with its domain.
create function engine.settle_dkim_disposal(p_workspace uuid, p_key uuid) returns table (domain_id uuid, selector text)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  delete from dkim_disposal d
  where d.workspace_id = p_workspace and d.key_id = p_key and d.due_at between now() and now() + interval '10 minutes';
  if not found then return; end if;
  return query
  update dkim_selector k set role = 'removable'
  where k.workspace_id = p_workspace and k.key_id = p_key and k.role = 'retiring'
  returning k.domain_id, k.selector;
end $$;

-- As in 0004, without keys whose private half is destroyed.
create or replace function engine.zone_selectors(p_after_domain uuid, p_after_selector text, p_limit integer)
returns table (domain_id uuid, selector text, algorithm text, public_key text)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select k.domain_id, k.selector, k.algorithm, k.public_key
  from dkim_selector k
  where (k.domain_id, k.selector) > (p_after_domain, p_after_selector) and k.role not in ('removable', 'gone')
  order by k.domain_id, k.selector
  limit p_limit
$$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('dispose_dkim', 'claim_dkim_disposals', 'settle_dkim_disposal', 'zone_selectors')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.claim_dkim_disposals, engine.settle_dkim_disposal, engine.zone_selectors to bulkhead_api;

create trigger dispose after update of role on dkim_selector for each row
  when (old.role is distinct from new.role) execute function engine.dispose_dkim();
create trigger dispose_removed after delete on dkim_selector for each row execute function engine.dispose_dkim();
revoke create on schema engine from bulkhead_engine;
