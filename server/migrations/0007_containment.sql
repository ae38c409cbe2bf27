-- Containment: what is cut off, for whom, until when and why; guards on every tenant table that enforce it.
-- Lock impact: short exclusive locks on each tenant table while its triggers are made.
--
-- How it holds under concurrency. Every guarded write takes the guard lock shared before it touches a row and keeps it to the end of its
-- transaction; contain() takes it exclusively. So when contain() returns, every write that had not seen the containment is committed
-- or gone, and every later one sees it: a guard reads with a snapshot of its own, taken after it has the lock. A transaction above
-- READ COMMITTED would read with an old snapshot and is refused.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;
grant usage on schema engine to bulkhead_staff, bulkhead_keyring;

create table containment (
  id uuid primary key,
  workspace_id uuid references workspace,
  scope text not null check (scope in ('installation', 'workspace', 'member', 'credential')),
  subject text check (length(subject) <= 200),
  actor_class text not null check (actor_class in ('api', 'smtp', 'sender', 'worker', 'any')),
  capabilities text[] not null check (cardinality(capabilities) > 0 and capabilities <@ array[
    'send', 'send:critical', 'send:transactional', 'send:bulk', 'send:internal',
    'deliver', 'deliver:critical', 'deliver:transactional', 'deliver:bulk', 'deliver:internal',
    'read', 'write', 'sender-change', 'credential', 'webhook']),
  reason_code text not null check (reason_code in ('security_hold', 'policy', 'billing', 'abuse')),
  reason text not null check (length(reason) between 1 and 2000),
  incident text check (length(incident) between 1 and 200),
  evidence text check (length(evidence) between 1 and 2000),
  until timestamptz not null,
  origin text not null check (origin in ('workspace', 'staff')),
  made_by text not null,
  made_at timestamptz not null default clock_timestamp(),
  state text not null default 'active' check (state in ('active', 'lift_requested', 'lifted', 'expired')),
  ended_at timestamptz,
  check (until > made_at and until <= made_at + interval '30 days'),
  check ((scope = 'installation') = (workspace_id is null)),
  check ((scope in ('member', 'credential')) = (subject is not null)),
  check ((state in ('lifted', 'expired')) = (ended_at is not null))
);
-- Guards ask for what is in force at every write; history does not make that slower.
create index containment_live on containment (workspace_id) where state in ('active', 'lift_requested');
create index containment_listing on containment (workspace_id, id);
comment on table containment is 'class: operational. What is cut off: for whom, what, until when, why. Rows are never deleted.';
comment on column containment.id is 'class: operational. UUIDv7.';
comment on column containment.workspace_id is 'class: operational. Null for the whole installation.';
comment on column containment.scope is 'class: operational. How wide it is.';
comment on column containment.subject is 'class: operational. The one actor that it binds: api_key:…, smtp_credential:… or member:… with a UUID.';
comment on column containment.actor_class is 'class: operational. The kind of process (session_user) that it binds; any: all, the owner and superusers too.';
comment on column containment.capabilities is 'class: operational. What is cut off.';
comment on column containment.reason_code is 'class: operational. Kind of reason.';
comment on column containment.reason is 'class: operational. What the blocked party is told.';
comment on column containment.incident is 'class: operational. Name or number of the incident.';
comment on column containment.evidence is 'class: operational. Link to the evidence.';
comment on column containment.until is 'class: operational. When it ends by itself; at most 30 days.';
comment on column containment.origin is 'class: operational. Who may lift it: the workspace what it made itself, staff only what staff made.';
comment on column containment.made_by is 'class: operational. Actor.';
comment on column containment.made_at is 'class: operational. Only actors older than this may lift it.';
comment on column containment.state is 'class: operational. active, lift_requested (still in force), lifted, expired.';
comment on column containment.ended_at is 'class: operational. When it was lifted or ran out.';
select engine.protect('containment');
grant select, insert, update on containment to bulkhead_engine;

create table containment_approval (
  containment_id uuid not null references containment,
  step text not null check (step in ('request', 'approval')),
  workspace_id uuid,
  actor text not null,
  reason text not null check (length(reason) between 1 and 2000),
  at timestamptz not null default clock_timestamp(),
  primary key (containment_id, step),
  -- Two people: the database refuses the same actor twice.
  unique (containment_id, actor)
);
create index containment_approval_workspace on containment_approval (workspace_id, containment_id);
comment on table containment_approval is 'class: operational. The two people of a lift: who asked and who approved.';
comment on column containment_approval.containment_id is 'class: operational. Which containment.';
comment on column containment_approval.step is 'class: operational. request or approval.';
comment on column containment_approval.workspace_id is 'class: operational. As of the containment.';
comment on column containment_approval.actor is 'class: operational. Who.';
comment on column containment_approval.reason is 'class: operational. Why.';
comment on column containment_approval.at is 'class: operational. When.';
select engine.protect('containment_approval');
grant select, insert on containment_approval to bulkhead_engine;

-- The advisory lock that guards share and contain() takes alone.
create function engine.guard_lock() returns bigint
language sql immutable parallel safe
return 4812637105523018241::bigint;
grant execute on function engine.guard_lock() to public;

-- The actor class is the process's database role and not a setting, which a process could make up. Roles that are no class of
-- their own (owner, superuser, staff) are bound by 'any' only.
create function engine.actor_class(p_role name) returns text
language sql immutable parallel safe
return case p_role
  when 'bulkhead_api' then 'api' when 'bulkhead_smtp' then 'smtp'
  when 'bulkhead_sender' then 'sender' when 'bulkhead_worker' then 'worker' else 'none' end;
grant execute on function engine.actor_class(name) to public;

create function engine.active_containments() returns table (
  id uuid, scope text, workspace_id uuid, subject text, actor_class text, capabilities text[], reason_code text, reason text,
  incident text, until timestamptz
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select c.id, c.scope, c.workspace_id, c.subject, c.actor_class, c.capabilities, c.reason_code, c.reason, c.incident, c.until
  from containment c
  where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()
$$;

-- What blocks one of these workspaces, or null: DETAIL of the refusal. p_workspaces null: only what binds the whole installation.
-- The narrowest containment is named, because it is the one whose reason concerns the caller most.
create function engine.blocking(p_class text, p_workspaces uuid[], p_actor text, p_capabilities text[]) returns text
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
declare v_detail text;
begin
  select jsonb_build_object(
    'containment', c.id,
    'capability', (select x from unnest(p_capabilities) x where x = any(c.capabilities) limit 1),
    'reasonCode', c.reason_code, 'reason', c.reason, 'incident', c.incident,
    'until', to_char(c.until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text
  into v_detail
  from containment c
  where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()
    and (c.workspace_id is null or c.workspace_id = any(p_workspaces))
    and (c.subject is null or c.subject = p_actor)
    and c.actor_class in ('any', p_class)
    and c.capabilities && p_capabilities
  order by c.subject is null, c.workspace_id is null
  limit 1;
  return v_detail;
end $$;

create function engine.refuse_contained(p_detail text) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if p_detail is not null then
    raise exception using errcode = 'BH423', message = 'contained', detail = p_detail,
      hint = 'docs/containment.md says how to appeal.';
  end if;
end $$;

-- Before a statement: takes the guard lock, before any row is locked, so that a writer that waits for a contain() in progress holds
-- nothing that another writer, for which the contain() waits, could need. It reads nothing, and so needs nobody's rights and no search
-- path of its own: both cost more than all that it does. The lock answers void, which is not null.
create function engine.guard_enter() returns trigger
language plpgsql as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' or pg_advisory_xact_lock_shared(engine.guard_lock()) is null then
    raise exception using errcode = '0A000', message = 'guarded tables are written at READ COMMITTED only',
      detail = 'An older snapshot would not see a containment.';
  end if;
  return null;
end $$;

-- As guard_enter, and refuses when the installation is contained. For tables whose rows are only written beside a row that is
-- checked itself. Arguments: capability of an insert, capability of updates and deletes.
create function engine.guard_whole() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' or pg_advisory_xact_lock_shared(engine.guard_lock()) is null then
    raise exception using errcode = '0A000', message = 'guarded tables are written at READ COMMITTED only',
      detail = 'An older snapshot would not see a containment.';
  end if;
  if exists (select from containment c where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()) then
    perform engine.refuse_contained(engine.blocking(engine.actor_class(session_user), null, null,
      array[case tg_op when 'INSERT' then tg_argv[0] else tg_argv[1] end]));
  end if;
  return null;
end $$;

-- After a statement: were there contained rows among the written ones? Arguments: capability of an insert, capability of updates
-- and deletes.
create function engine.guard_rows() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_workspaces uuid[];
  v_capabilities text[] := array[case tg_op when 'INSERT' then tg_argv[0] else tg_argv[1] end];
begin
  if not exists (select from containment c where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()) then
    return null;
  end if;
  if tg_table_name = 'workspace' then
    if tg_op = 'INSERT' then select array_agg(f.id) into v_workspaces from fresh f;
    elsif tg_op = 'DELETE' then select array_agg(g.id) into v_workspaces from gone g;
    else select array_agg(x.id) into v_workspaces from (select f.id from fresh f union select g.id from gone g) x;
    end if;
  elsif tg_op = 'INSERT' then
    select array_agg(distinct f.workspace_id) into v_workspaces from fresh f;
  elsif tg_op = 'DELETE' then
    select array_agg(distinct g.workspace_id) into v_workspaces from gone g;
  elsif tg_table_name in ('api_key', 'smtp_credential') then
    -- Using and revoking a credential stay open; a revoked one does not come back.
    select array_agg(distinct g.workspace_id) into v_workspaces
    from gone g
    left join fresh f on f.id = g.id
    where (to_jsonb(g) - '{last_used_at,revoked_at}'::text[]) is distinct from (to_jsonb(f) - '{last_used_at,revoked_at}'::text[])
       or g.revoked_at is not null and f.revoked_at is distinct from g.revoked_at;
  else
    select array_agg(x.workspace_id) into v_workspaces
    from (select f.workspace_id from fresh f union select g.workspace_id from gone g) x;
    if tg_table_name = 'webhook_endpoint' then
      -- A new secret is a new credential.
      if exists (select from fresh f join gone g on g.id = f.id where f.secret <> g.secret) then
        v_capabilities := v_capabilities || 'credential'::text;
      end if;
    end if;
  end if;
  if v_workspaces is not null then
    perform engine.refuse_contained(engine.blocking(
      engine.actor_class(session_user), v_workspaces, nullif(current_setting('bulkhead.actor', true), ''), v_capabilities));
  end if;
  return null;
end $$;

-- Messages carry their lane and their actor in the row.
create function engine.guard_messages() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_detail text;
begin
  if not exists (select from containment c where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()) then
    return null;
  end if;
  if tg_op = 'INSERT' then
    select engine.blocking(engine.actor_class(session_user), array[x.workspace_id], x.actor, array['send', 'send:' || x.lane])
    into v_detail
    from (select distinct f.workspace_id, f.actor, f.lane from fresh f) x
    where engine.blocking(engine.actor_class(session_user), array[x.workspace_id], x.actor, array['send', 'send:' || x.lane]) is not null
    limit 1;
  elsif tg_op = 'UPDATE' then
    select engine.blocking(engine.actor_class(session_user), array_agg(distinct g.workspace_id),
      nullif(current_setting('bulkhead.actor', true), ''), array['write'])
    into v_detail from gone g having count(*) > 0;
  else
    select engine.blocking(engine.actor_class(session_user), array_agg(distinct g.workspace_id),
      nullif(current_setting('bulkhead.actor', true), ''), array['write'])
    into v_detail from gone g having count(*) > 0;
  end if;
  perform engine.refuse_contained(v_detail);
  return null;
end $$;

create function engine.guard_truncate() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  perform pg_advisory_xact_lock_shared(engine.guard_lock());
  perform engine.refuse_contained(engine.blocking(engine.actor_class(session_user), array(select w.id from workspace w), null, array['write', 'send']));
  return null;
end $$;

-- Makes the guard of a table: p_capability is what its updates and deletes need, p_on_insert its inserts (the same unless given).
-- p_open: database roles whose writes stay open, because they are bookkeeping or stand beside a row that is checked; for them the
-- triggers are not even called. p_check: the function that looks at the rows; null: no row is looked at, and only what binds the whole
-- installation is refused. Triggers fire always, also where session_replication_role is replica.
create function engine.guard(
  target regclass, p_capability text, p_on_insert text default null, p_open name[] default '{}', p_check text default 'guard_rows'
) returns void
language plpgsql as $$
declare
  v_arguments text := format('%L, %L', coalesce(p_on_insert, p_capability), p_capability);
  v_when text := case when p_open = '{}' then '' else format('when (session_user <> all (%L::name[]))', p_open) end;
  v_event text;
begin
  execute format('create trigger guard_enter before insert or update or delete on %s for each statement %s execute function engine.%I(%s)',
    target, v_when, case when p_check is null then 'guard_whole' else 'guard_enter' end, v_arguments);
  execute format('alter table %s enable always trigger guard_enter', target);
  execute format('create trigger guard_truncate before truncate on %s for each statement execute function engine.guard_truncate()', target);
  execute format('alter table %s enable always trigger guard_truncate', target);
  if p_check is null then return; end if;
  foreach v_event in array array['insert', 'update', 'delete'] loop
    execute format(
      'create trigger guard_%s after %s on %s referencing %s for each statement %s execute function engine.%I(%s)',
      v_event, v_event, target,
      case v_event when 'insert' then 'new table as fresh' when 'delete' then 'old table as gone'
        else 'new table as fresh old table as gone' end,
      v_when, p_check, v_arguments);
    execute format('alter table %s enable always trigger guard_%s', target, v_event);
  end loop;
end $$;
revoke execute on function engine.guard(regclass, text, text, name[], text) from public;

-- Ends the transactions of p_pid that hold the guard lock still, as the owner of the roles (the engine may not signal).
-- p_transaction: their virtual transaction ids, so that a later transaction of the same session is left alone. Who has the lock alone
-- for that long is no guard and no contain() at work, whatever its transaction is called: nobody else writes until it goes.
do $$
declare role text;
begin
  foreach role in array array['bulkhead_api', 'bulkhead_smtp', 'bulkhead_sender', 'bulkhead_worker', 'bulkhead_staff', 'bulkhead_audit'] loop
    -- Only a role that has another's privileges may end its sessions; who made the roles may give them to itself.
    execute format('grant %I to current_user with inherit true', role);
  end loop;
end $$;
create function engine.end_stragglers(p_pid integer[], p_transaction text[]) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_pid integer;
  v_ended integer := 0;
begin
  for v_pid in
    select distinct l.pid from pg_locks l join unnest(p_pid, p_transaction) as x(pid, transaction)
      on x.pid = l.pid and (x.transaction = l.virtualtransaction or l.mode = 'ExclusiveLock')
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
      and l.database = (select d.oid from pg_database d where d.datname = current_database())
      and (l.classid::bigint << 32) + l.objid::bigint = engine.guard_lock()
      and l.pid <> pg_backend_pid()
  loop
    begin
      if pg_terminate_backend(v_pid) then v_ended := v_ended + 1; end if;
    exception when insufficient_privilege then
      null; -- A superuser's session: the caller is told that it is unfinished.
    end;
  end loop;
  return v_ended;
end $$;
revoke execute on function engine.end_stragglers(integer[], text[]) from public;
grant execute on function engine.end_stragglers(integer[], text[]) to bulkhead_engine;

-- Those who hold the guard lock now, shared or alone.
create function engine.guard_holders() returns table (pid integer, transaction text)
language sql volatile security definer set search_path = public, engine, pg_temp as $$
  select distinct l.pid, l.virtualtransaction from pg_locks l
  where l.locktype = 'advisory' and l.granted and l.objsubid = 1
    and l.database = (select d.oid from pg_database d where d.datname = current_database())
    and (l.classid::bigint << 32) + l.objid::bigint = engine.guard_lock()
    and l.pid <> pg_backend_pid()
$$;

-- When an actor came into being, null for one that is not known: only who was there before a containment may lift it.
-- Revoked credentials are nobody.
create function engine.actor_since(p_actor text) returns timestamptz
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
declare
  v_kind text := split_part(p_actor, ':', 1);
  v_id uuid;
  v_since timestamptz;
begin
  if substring(p_actor from position(':' in p_actor) + 1) !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then return null; end if;
  v_id := substring(p_actor from position(':' in p_actor) + 1)::uuid;
  if v_kind = 'api_key' then
    select k.created_at into v_since from api_key k
    where k.id = v_id and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp());
  elsif v_kind = 'staff' and to_regclass('staff.member') is not null then
    execute 'select m.created_at from staff.member m where m.id = $1 and m.revoked_at is null' into v_since using v_id;
  end if;
  return v_since;
end $$;

-- One record of an act, in the act's transaction.
create function engine.record_containment(p_workspace uuid, p_actor text, p_action text, p_target uuid, p_detail jsonb) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), p_workspace, p_actor, p_action, p_target::text, p_detail)
$$;

-- Tells the workspace's endpoints, in the act's transaction. A row that somebody else holds is no reason to wait: the act goes first.
create function engine.tell_containment(p_workspace uuid, p_containment uuid) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if p_workspace is null then return; end if;
  perform set_config('lock_timeout', '100ms', true);
  perform engine.enqueue_webhooks(
    array[p_workspace], array[p_containment], array[null::uuid], array[null::integer], array['containment.changed'::text]);
exception when lock_not_available then
  null;
end $$;

-- Cuts something off. Where it answers unfinished = 0, no guarded write that it forbids is in flight: they are committed, or ended by force
-- where they did not end within 300 ms. `ended` counts the latter. Otherwise it did not get the lock alone: a superuser's session would not
-- go, or hijacked ones took turns behind it. The containment holds for everything new all the same, and engine.drain_guards, called after
-- the commit, ends what was open. Roles: api for its own workspace and in the name of a key of it, staff for anything.
create function engine.contain(
  p_scope text, p_workspace uuid, p_subject text, p_actor_class text, p_capabilities text[], p_reason_code text, p_reason text,
  p_incident text, p_evidence text, p_until timestamptz, p_actor text
) returns table (id uuid, made_at timestamptz, ended integer, unfinished integer)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_id uuid := engine.new_event_id(gen_random_uuid());
  v_made_at timestamptz;
  v_origin text := case session_user when 'bulkhead_api' then 'workspace' else 'staff' end;
  v_holders integer[];
  v_transactions text[];
  v_ended integer := 0;
  v_unfinished integer := 0;
  v_lock_timeout text := current_setting('lock_timeout');
begin
  if v_origin = 'workspace' and (p_scope = 'installation' or p_workspace is distinct from engine.current_workspace()) then
    raise exception using errcode = 'BH403', message = 'a workspace contains itself and nobody else';
  end if;
  if v_origin = 'workspace' then
    if not exists (select from api_key k where p_actor = 'api_key:' || k.id and k.workspace_id = p_workspace) then
      raise exception using errcode = 'BH403', message = 'only a key of the workspace may contain it';
    end if;
    -- Every process keeps a copy of all that is in force: nobody may make it as large as he likes.
    if (select count(*) from containment c
        where c.workspace_id = p_workspace and c.origin = 'workspace' and c.state in ('active', 'lift_requested')
          and c.until > clock_timestamp()) >= 100
      or (select count(*) from (select from containment c where c.origin = 'workspace' and c.state in ('active', 'lift_requested')
          and c.until > clock_timestamp() limit 10000) x) >= 10000 then
      raise exception using errcode = 'BH409', message = 'too many containments are in force; lift one, make a wider one or ask staff';
    end if;
  elsif session_user = 'bulkhead_staff' and p_actor !~ '^(staff|operator):' then
    raise exception using errcode = 'BH403', message = 'staff act as staff';
  end if;
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = '0A000', message = 'contain runs at READ COMMITTED only';
  end if;
  if p_scope = 'credential' and not exists (
    select 1 from api_key k where p_subject = 'api_key:' || k.id and k.workspace_id = p_workspace
    union all
    select 1 from smtp_credential s where p_subject = 'smtp_credential:' || s.id and s.workspace_id = p_workspace
  ) then
    raise exception using errcode = 'BH404', message = 'the workspace has no such credential';
  end if;

  for v_try in 1..2 loop
    -- Who holds the lock now has 300 ms; whoever comes later is young, waits for us and is left alone.
    select array_agg(h.pid), array_agg(h.transaction) into v_holders, v_transactions from engine.guard_holders() h;
    begin
      perform set_config('lock_timeout', '300ms', true);
      perform pg_advisory_xact_lock(engine.guard_lock());
      v_unfinished := 0;
      exit;
    exception when lock_not_available then
      v_ended := v_ended + engine.end_stragglers(v_holders, v_transactions);
      -- At least 1: the lock was not had, so somebody may be writing whom this cannot see any more.
      v_unfinished := greatest(1, (select count(*) from engine.guard_holders() h));
    end;
  end loop;

  v_made_at := clock_timestamp();
  insert into containment (id, workspace_id, scope, subject, actor_class, capabilities, reason_code, reason, incident, evidence,
                           until, origin, made_by, made_at)
  values (v_id, p_workspace, p_scope, p_subject, p_actor_class, array(select distinct x from unnest(p_capabilities) x order by x),
          p_reason_code, p_reason, p_incident, p_evidence, p_until, v_origin, p_actor, v_made_at);
  perform engine.record_containment(p_workspace, p_actor, 'containment.contained', v_id, jsonb_build_object(
    'scope', p_scope, 'subject', p_subject, 'actorClass', p_actor_class, 'capabilities', p_capabilities, 'reasonCode', p_reason_code,
    'reason', p_reason, 'incident', p_incident, 'until', p_until, 'ended', v_ended, 'unfinished', v_unfinished));
  perform engine.tell_containment(p_workspace, v_id);
  perform set_config('lock_timeout', v_lock_timeout, true);
  perform pg_notify('bulkhead_containment', v_id::text);
  return query select v_id, v_made_at, v_ended, v_unfinished;
end $$;

-- Second half of contain() where that answered unfinished > 0, in a transaction after its commit. The row is visible from here on, so
-- whoever takes the guard lock now meets it, and only those that hold it at this moment are waited for: 300 ms, then they are ended. Nobody
-- can be let in behind it, which a lock alone cannot say. For containments of the last minute, the api process for its own workspace.
create function engine.drain_guards(p_containment uuid) returns table (ended integer, unfinished integer)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_holders integer[];
  v_transactions text[];
  v_until timestamptz;
  v_ended integer := 0;
  v_left integer;
begin
  if not exists (
    select from containment c
    where c.id = p_containment and c.made_at > clock_timestamp() - interval '1 minute'
      and (session_user <> 'bulkhead_api' or c.workspace_id = engine.current_workspace())
      and (pg_current_xact_id_if_assigned() is null or c.xmin <> pg_current_xact_id_if_assigned()::xid)
  ) then
    raise exception using errcode = 'BH404', message = 'there is no such containment of the last minute, committed';
  end if;
  select array_agg(h.pid), array_agg(h.transaction) into v_holders, v_transactions from engine.guard_holders() h;
  for v_try in 1..2 loop
    v_until := clock_timestamp() + interval '300 milliseconds';
    loop
      v_left := (select count(*) from engine.guard_holders() h join unnest(v_holders, v_transactions) as x(pid, transaction)
                 on x.pid = h.pid and x.transaction = h.transaction);
      exit when v_left = 0 or clock_timestamp() > v_until;
      perform pg_sleep(0.01);
    end loop;
    exit when v_try = 2;
    -- Also where all are gone: one that has the lock alone is ended whatever its transaction is called.
    v_ended := engine.end_stragglers(v_holders, v_transactions);
  end loop;
  return query select v_ended, v_left;
end $$;

-- The containment, locked, if p_actor may take part in lifting it; raises BH404, BH409 or BH403 otherwise.
create function engine.liftable(p_containment uuid, p_actor text) returns containment
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_found containment;
  v_since timestamptz := engine.actor_since(p_actor);
begin
  select * into v_found from containment c where c.id = p_containment for update;
  if not found or session_user = 'bulkhead_api' and v_found.workspace_id is distinct from engine.current_workspace() then
    raise exception using errcode = 'BH404', message = 'there is no such containment';
  end if;
  if v_found.state in ('lifted', 'expired') or v_found.until <= clock_timestamp() then
    raise exception using errcode = 'BH409', message = 'the containment has ended already';
  end if;
  if (v_found.origin = 'workspace') <> (session_user = 'bulkhead_api') then
    raise exception using errcode = 'BH403', message = case v_found.origin
      when 'staff' then 'what staff contained only staff may lift' else 'what the workspace contained only the workspace may lift' end;
  end if;
  if v_since is null or v_since >= v_found.made_at then
    raise exception using errcode = 'BH403', message = 'only who was there before the containment was made may lift it';
  end if;
  if v_found.origin = 'workspace' and not exists (
    select from api_key k where p_actor = 'api_key:' || k.id and k.workspace_id = v_found.workspace_id
  ) then
    raise exception using errcode = 'BH403', message = 'only a key of the workspace may lift it';
  end if;
  if p_actor = v_found.subject then
    raise exception using errcode = 'BH403', message = 'a contained credential does not lift its own containment';
  end if;
  return v_found;
end $$;

-- First of the two people of a lift. The containment stays in force.
create function engine.request_lift(p_containment uuid, p_actor text, p_reason text) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_found containment := engine.liftable(p_containment, p_actor);
begin
  if v_found.state <> 'active' then
    raise exception using errcode = 'BH409', message = 'a lift was requested already; another person approves it';
  end if;
  insert into containment_approval (containment_id, step, workspace_id, actor, reason)
  values (v_found.id, 'request', v_found.workspace_id, p_actor, p_reason);
  update containment c set state = 'lift_requested' where c.id = v_found.id;
  perform engine.record_containment(v_found.workspace_id, p_actor, 'containment.lift_requested', v_found.id, '{}');
  return 'lift_requested';
end $$;

-- Second of the two: approves, and the containment ends with the commit. Contain changed nothing else, so all is as it was before.
create function engine.lift(p_containment uuid, p_actor text, p_reason text) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_found containment := engine.liftable(p_containment, p_actor);
begin
  if v_found.state <> 'lift_requested' then
    raise exception using errcode = 'BH409', message = 'nobody has requested this lift; it takes two people';
  end if;
  if exists (select from containment_approval a where a.containment_id = v_found.id and a.actor = p_actor) then
    raise exception using errcode = 'BH403', message = 'who requested a lift does not approve it; it takes two people';
  end if;
  insert into containment_approval (containment_id, step, workspace_id, actor, reason)
  values (v_found.id, 'approval', v_found.workspace_id, p_actor, p_reason);
  update containment c set state = 'lifted', ended_at = clock_timestamp() where c.id = v_found.id;
  perform engine.record_containment(v_found.workspace_id, p_actor, 'containment.lifted', v_found.id, '{}');
  perform engine.tell_containment(v_found.workspace_id, v_found.id);
  perform pg_notify('bulkhead_containment', v_found.id::text);
  return 'lifted';
end $$;

-- Notes what ran out. It is out of force at its instant, whether or not this has run.
create function engine.expire_containments(p_limit integer) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_found containment;
  v_count integer := 0;
begin
  for v_found in
    select * from containment c
    where c.state in ('active', 'lift_requested') and c.until <= clock_timestamp()
    order by c.until limit p_limit for update skip locked
  loop
    update containment c set state = 'expired', ended_at = c.until where c.id = v_found.id;
    perform engine.record_containment(v_found.workspace_id, 'worker', 'containment.expired', v_found.id, '{}');
    v_count := v_count + 1;
  end loop;
  if v_count > 0 then perform pg_notify('bulkhead_containment', ''); end if;
  return v_count;
end $$;

-- Guards. Settling, expiry, bounces' suppressions and upkeep are never refused: the ledger must be told the truth.
select engine.guard('workspace', 'write');
select engine.guard('api_key', 'credential');
select engine.guard('smtp_credential', 'credential');
select engine.guard('sending_domain', 'sender-change');
select engine.guard('dkim_selector', 'sender-change');
select engine.guard('sender', 'sender-change');
select engine.guard('suppression', 'write', p_open => array['bulkhead_sender']);
select engine.guard('webhook_endpoint', 'write', 'credential', array['bulkhead_worker', 'bulkhead_sender']);
select engine.guard('captured', 'write', p_open => array['bulkhead_smtp', 'bulkhead_worker']);
select engine.guard('message', 'write', 'send', array['bulkhead_sender', 'bulkhead_worker'], 'guard_messages');
-- Bodies are large, and a transition table would copy them. Body, recipient, queue row, outcome and idempotency key are written by
-- functions of the engine in the transaction of their message, which is looked at row by row; settling is never refused.
do $$
declare v_processes name[] := array['bulkhead_api', 'bulkhead_smtp', 'bulkhead_sender', 'bulkhead_worker'];
begin
  perform engine.guard('body', 'write', 'send', v_processes, null);
  perform engine.guard('recipient', 'write', 'send', v_processes, null);
  perform engine.guard('outcome', 'write', 'send', v_processes, null);
  perform engine.guard('event', 'write', 'write', v_processes, null);
  perform engine.guard('idempotency', 'send', 'send', v_processes, null);
end $$;
-- A person's cancellation takes rows from the queue, beside no message. A new time updates the message too.
create trigger guard_enter before insert on queue for each statement
  when (session_user <> all ('{bulkhead_api,bulkhead_smtp,bulkhead_sender,bulkhead_worker}'::name[]))
  execute function engine.guard_whole('send', 'write');
create trigger guard_change before update on queue for each statement
  when (session_user <> all ('{bulkhead_sender,bulkhead_worker}'::name[])) execute function engine.guard_whole('send', 'write');
create trigger guard_take before delete on queue for each statement
  when (session_user <> all ('{bulkhead_sender,bulkhead_worker}'::name[])) execute function engine.guard_enter();
create trigger guard_delete after delete on queue referencing old table as gone for each statement
  when (session_user <> all ('{bulkhead_sender,bulkhead_worker}'::name[])) execute function engine.guard_rows('send', 'write');
create trigger guard_truncate before truncate on queue for each statement execute function engine.guard_truncate();
alter table queue enable always trigger guard_enter;
alter table queue enable always trigger guard_change;
alter table queue enable always trigger guard_take;
alter table queue enable always trigger guard_delete;
alter table queue enable always trigger guard_truncate;

-- Events are what happened, so their deliveries are always written; what a person does to one afterwards is a write.
do $$
declare v_event text;
begin
  create trigger guard_enter before update or delete on webhook_delivery
    for each statement when (session_user <> all ('{bulkhead_sender,bulkhead_worker}'::name[])) execute function engine.guard_enter();
  create trigger guard_update after update on webhook_delivery referencing new table as fresh old table as gone
    for each statement when (session_user <> all ('{bulkhead_sender,bulkhead_worker}'::name[]))
    execute function engine.guard_rows('write', 'write');
  create trigger guard_delete after delete on webhook_delivery referencing old table as gone
    for each statement when (session_user <> all ('{bulkhead_sender,bulkhead_worker}'::name[]))
    execute function engine.guard_rows('write', 'write');
  create trigger guard_truncate before truncate on webhook_delivery for each statement execute function engine.guard_truncate();
  foreach v_event in array array['enter', 'update', 'delete', 'truncate'] loop
    execute format('alter table webhook_delivery enable always trigger guard_%s', v_event);
  end loop;
end $$;

-- What the work of a class has to leave out: everything, whole workspaces, single actors. The caller holds the guard lock.
create function engine.contained_for(p_class text, p_capabilities text[])
returns table (everything boolean, workspaces uuid[], actors text[])
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select coalesce(bool_or(c.workspace_id is null), false),
         coalesce(array_agg(c.workspace_id) filter (where c.subject is null and c.workspace_id is not null), '{}'),
         array_agg(c.subject) filter (where c.subject is not null)
  from containment c
  where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()
    and c.actor_class in ('any', p_class) and c.capabilities && p_capabilities;
end $$;

-- As in 0003, and it leaves out what is contained. Workspaces are left out after the scan that skips from one to the next, so that a
-- contained backlog is passed over in one step. A contained credential's rows are looked at one by one, only while there is one.
drop function engine.claim(lane, bigint, integer, uuid, bigint[]);
create function engine.claim(
  p_lane lane, p_lease bigint, p_limit integer, p_after uuid, p_avoid bigint[]
) returns table (
  message_id uuid, number integer, workspace_id uuid, destination bigint, attempts integer, due timestamptz,
  expires_at timestamptz, created_at timestamptz, size_bytes integer, sensitive boolean, from_domain text, summary bytea, address bytea,
  address_index bytea, suppressed boolean, actor text
)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_everything boolean;
  v_blocked uuid[] := '{}';
  v_actors text[];
begin
  if current_setting('transaction_isolation') <> 'read committed' or pg_advisory_xact_lock_shared(engine.guard_lock()) is null then
    raise exception using errcode = '0A000', message = 'claims run at READ COMMITTED only';
  end if;
  if exists (select from containment c where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()) then
    select f.everything, f.workspaces, f.actors into v_everything, v_blocked, v_actors
    from engine.contained_for('sender', array['deliver', 'deliver:' || p_lane]) f;
    if v_everything then return; end if;
  end if;
  -- Rows under a lease that is gone would come back to nobody. The lock makes the lease's end wait for this claim, and then see it.
  perform 1 from worker_lease l where l.id = p_lease for key share;
  if not found then return; end if;
  return query
  with recursive waiting(w, due, n) as (
    (select q.workspace_id, q.due, 1 from queue q
     where q.lane = p_lane and q.lease is null and not q.held and q.workspace_id > p_after
     order by q.workspace_id, q.due limit 1)
    union all
    select x.workspace_id, x.due, waiting.n + 1
    from waiting
    cross join lateral (
      select q.workspace_id, q.due from queue q
      where q.lane = p_lane and q.lease is null and not q.held and q.workspace_id > waiting.w
      order by q.workspace_id, q.due limit 1
    ) x
    where waiting.n < 64
  ), share as (
    -- Workspaces whose first row is not due yet have no part in it, nor have contained ones.
    select w, (p_limit + count(*) over () - 1) / count(*) over () as rows_max from waiting
    where waiting.due <= now() and waiting.w <> all(v_blocked)
  ), picked as materialized (
    select q.message_id, q.number
    from share
    cross join lateral (
      select c.message_id, c.number
      from queue c
      where c.lane = p_lane and c.workspace_id = share.w and c.lease is null and not c.held and c.due <= now()
        and c.destination <> all(p_avoid)
        and (v_actors is null or not exists (select 1 from message b where b.id = c.message_id and b.actor = any(v_actors)))
      order by c.due
      limit share.rows_max
      for update skip locked
    ) q
  ), taken as (
    update queue q
    set lease = p_lease
    from picked
    where q.lane = p_lane and q.message_id = picked.message_id and q.number = picked.number
    returning q.message_id, q.number, q.workspace_id, q.destination, q.attempts, q.due, q.expires_at
  )
  select t.message_id, t.number, t.workspace_id, t.destination, t.attempts, t.due, t.expires_at, m.created_at, m.size_bytes, m.sensitive,
         m.from_domain, m.summary, r.address, r.address_index,
         exists (select 1 from suppression s where s.workspace_id = t.workspace_id and s.address_index = r.address_index), m.actor
  from taken t
  join message m on m.id = t.message_id
  join recipient r on r.message_id = t.message_id and r.number = t.number
  union all
  select null, null, w, null, null, null, null, null, null, null, null, null, null, null, null, null
  from waiting where n = 64;
end $$;

-- As in 0004, and it leaves out what is contained; a containment and a record of the audit log (0008) tell their own facts.
create or replace function engine.claim_webhooks(
  p_limit integer, p_per_endpoint integer, p_lease_seconds integer, p_flying uuid[], p_after uuid
) returns table (
  id uuid, endpoint_id uuid, workspace_id uuid, type text, event_id uuid, message_id uuid, number integer, tries integer,
  created_at timestamptz, url text, secret bytea, previous_secret bytea, failing_since timestamptz,
  happened_at timestamptz, attempts integer, detail jsonb, address bytea, sensitive boolean, tags text[], summary bytea
)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_everything boolean;
  v_blocked uuid[] := '{}';
begin
  if current_setting('transaction_isolation') <> 'read committed' or pg_advisory_xact_lock_shared(engine.guard_lock()) is null then
    raise exception using errcode = '0A000', message = 'claims run at READ COMMITTED only';
  end if;
  if exists (select from containment c where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()) then
    select f.everything, f.workspaces into v_everything, v_blocked from engine.contained_for('worker', array['webhook']) f;
    if v_everything then return; end if;
  end if;
  return query
  with recursive waiting(e, n) as (
    (select (select d.endpoint_id from webhook_delivery d where d.state = 'pending' and d.endpoint_id > p_after
             order by d.endpoint_id limit 1), 1)
    union all
    select (select d.endpoint_id from webhook_delivery d where d.state = 'pending' and d.endpoint_id > waiting.e
            order by d.endpoint_id limit 1), waiting.n + 1
    from waiting where waiting.e is not null and waiting.n < 256
  ), picked as materialized (
    select q.id
    from waiting
    join webhook_endpoint e on e.id = waiting.e and e.state = 'enabled' and e.workspace_id <> all(v_blocked)
    cross join lateral (
      select d.id
      from webhook_delivery d
      where d.endpoint_id = waiting.e and d.state = 'pending' and d.due <= now()
        and (d.lease_until is null or d.lease_until < now())
      order by d.due
      limit greatest(0, p_per_endpoint - (select count(*) from unnest(p_flying) f where f = waiting.e))
      for update skip locked
    ) q
    limit p_limit
  ), taken as (
    update webhook_delivery d
    set lease_until = now() + make_interval(secs => p_lease_seconds)
    from picked
    where d.id = picked.id
    returning d.*
  )
  select t.id, t.endpoint_id, t.workspace_id, t.type, t.event_id, t.message_id, t.number, t.attempts, t.created_at,
         e.url, e.secret, case when e.previous_secret_expires_at > now() then e.previous_secret end, e.failing_since,
         coalesce(o.at, v.at, a.at, m.created_at, t.created_at), o.attempts,
         coalesce(o.detail, v.detail, a.record::jsonb - '{v,id,workspace}'::text[] || jsonb_build_object('index', a.index), to_jsonb(k) - '{workspace_id,ended_at}'::text[], '{}'), r.address,
         coalesce(m.sensitive, false), coalesce(m.tags, '{}'),
         case when m.sensitive then null else m.summary end
  from taken t
  join webhook_endpoint e on e.id = t.endpoint_id
  left join message m on m.id = t.message_id
  left join recipient r on r.message_id = t.message_id and r.number = t.number
  left join outcome o on o.message_id = t.message_id and o.number = t.number and o.event_id = t.event_id
  left join audit_entry a on t.type = 'audit.recorded' and a.workspace_id = t.workspace_id
    and a.index = ('x' || right(replace(t.event_id::text, '-', ''), 12))::bit(48)::bigint
  left join event v on v.message_id = t.message_id and v.id = t.event_id
  left join containment k on t.type = 'containment.changed' and k.id = t.event_id;
end $$;

-- As in 0004, without the domains of workspaces that may not change senders: a check could make one usable.
create or replace function engine.due_domains(p_limit integer, p_hold_seconds integer) returns table (id uuid, workspace_id uuid)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_everything boolean;
  v_blocked uuid[];
begin
  perform pg_advisory_xact_lock_shared(engine.guard_lock());
  select f.everything, f.workspaces into v_everything, v_blocked from engine.contained_for('worker', array['sender-change']) f;
  if v_everything then return; end if;
  return query
  update sending_domain d
  set next_check_at = now() + make_interval(secs => p_hold_seconds)
  from (
    select c.id from sending_domain c
    where c.next_check_at <= now() and c.workspace_id <> all(v_blocked)
    order by c.next_check_at limit p_limit for update skip locked
  ) c
  where d.id = c.id
  returning d.id, d.workspace_id;
end $$;

-- As in 0003, and waiting mail that a containment keeps from leaving is shown as contained.
create or replace function engine.queue_summary(p_workspace uuid)
returns table (lane lane, state text, recipients bigint, oldest_due timestamptz)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  with kept as materialized (
    select c.workspace_id, l.lane
    from containment c
    join unnest(enum_range(null::lane)) as l(lane) on c.capabilities && array['deliver', 'deliver:' || l.lane]
    where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()
      and c.subject is null and c.actor_class in ('any', 'sender')
  )
  select q.lane,
         case when q.held then 'held' when q.lease is not null then 'in flight'
              when q.due > now() and q.attempts = 0 then 'scheduled'
              when q.due > now() then 'deferred'
              when exists (select from kept k where k.lane = q.lane and (k.workspace_id is null or k.workspace_id = q.workspace_id))
                then 'contained' else 'ready' end,
         count(*), min(q.due)
  from queue q where p_workspace is null or q.workspace_id = p_workspace
  group by 1, 2
$$;

-- Containments, newest first, with who asked for and approved their lift. A workspace sees its own, and those of the installation while
-- they are in force. p_workspace null: all, for staff. p_id: only this one.
create function engine.read_containments(p_workspace uuid, p_id uuid, p_before uuid, p_limit integer)
returns table (containment containment, in_force boolean, approvals jsonb)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
begin
  if session_user = 'bulkhead_api' and (p_workspace is null or p_workspace is distinct from engine.current_workspace()) then
    raise exception using errcode = 'BH403', message = 'a workspace sees its own containments';
  end if;
  return query
  select c, c.state in ('active', 'lift_requested') and c.until > clock_timestamp(),
         coalesce((
           select jsonb_agg(jsonb_build_object('step', a.step, 'actor', a.actor, 'reason', a.reason,
                    'at', to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by a.at)
           from containment_approval a where a.containment_id = c.id), '[]')
  from containment c
  where (p_workspace is null or c.workspace_id = p_workspace
         or c.workspace_id is null and c.state in ('active', 'lift_requested') and c.until > clock_timestamp())
    and (p_id is null or c.id = p_id) and (p_before is null or c.id < p_before)
  order by c.id desc
  limit p_limit;
end $$;

-- What a preview counts: what the workspace (null: the installation) did in the last minutes, and what waits. Each count looks at no more
-- than 100,000 rows. actor_class is the class that the act belongs to, actor whose mail or act it is.
create function engine.containment_facts(p_workspace uuid, p_minutes integer)
returns table (kind text, name text, actor text, actor_class text, amount bigint)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_since timestamptz := now() - make_interval(mins => p_minutes);
  v_first uuid := (lpad(to_hex((extract(epoch from v_since) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;
  v_day uuid := (lpad(to_hex((extract(epoch from v_since - interval '1 day') * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;
begin
  if session_user = 'bulkhead_api' and (p_workspace is null or p_workspace is distinct from engine.current_workspace()) then
    raise exception using errcode = 'BH403', message = 'a workspace previews itself';
  end if;
  return query
  select 'accepted', m.lane::text, m.actor, case m.source when 'smtp' then 'smtp' else 'api' end, count(*)
  from (select x.lane, x.actor, x.source from message x
        where (p_workspace is null or x.workspace_id = p_workspace) and x.id >= v_first limit 100000) m
  group by 2, 3, 4;
  return query
  select 'waiting', q.lane::text, m.actor, 'sender', count(*)
  from (select x.lane, x.message_id from queue x where p_workspace is null or x.workspace_id = p_workspace limit 100000) q
  join message m on m.id = q.message_id
  group by 2, 3;
  return query
  select 'delivered', m.lane::text, m.actor, 'sender', count(*)
  from (select x.message_id from outcome x
        where (p_workspace is null or x.workspace_id = p_workspace) and x.message_id >= v_day and x.at >= v_since
          and x.state in ('delivered', 'bounced', 'uncertain') limit 100000) o
  join message m on m.id = o.message_id
  group by 2, 3;
  return query
  select 'webhook', d.type, null::text, 'worker', count(*)
  from (select x.type from webhook_delivery x
        where (p_workspace is null or x.workspace_id = p_workspace) and x.settled_at >= v_since limit 100000) d
  group by 2;
  return query
  select 'act', a.action, a.actor, 'api', count(*)
  from (select x.action, x.actor from audit_outbox x
        where (p_workspace is null or x.workspace_id = p_workspace) and x.at >= v_since limit 100000) a
  group by 2, 3;
  -- What was sequenced already has left the outbox.
  if to_regclass('audit_entry') is not null then
    return query execute
      'select ''act'', a.action, a.actor, ''api'', count(*)
       from (select x.action, x.actor from audit_entry x
             where ($1 is null or x.workspace_id = $1) and x.at >= $2 limit 100000) a
       group by 2, 3' using p_workspace, v_since;
  end if;
  return query
  select 'credential', 'api_key', null::text, 'api', count(*) from api_key k
  where (p_workspace is null or k.workspace_id = p_workspace) and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
  union all
  select 'credential', 'smtp_credential', null, 'smtp', count(*) from smtp_credential c
  where (p_workspace is null or c.workspace_id = p_workspace) and c.revoked_at is null;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in (
      'active_containments', 'blocking', 'refuse_contained', 'guard_enter', 'guard_whole', 'guard_rows', 'guard_messages',
      'guard_truncate', 'guard_holders', 'actor_since', 'record_containment', 'tell_containment', 'contain', 'drain_guards',
      'liftable', 'request_lift', 'lift', 'expire_containments', 'contained_for', 'read_containments', 'containment_facts', 'claim', 'guard_lock', 'actor_class')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    if signature not like '%guard_lock%' and signature not like '%actor_class%' then
      execute format('revoke execute on function %s from public', signature);
    end if;
  end loop;
end $$;
-- As 0003 and 0004 set them: one plan for the life of a connection, rows looked up one by one.
alter function engine.claim set plan_cache_mode = force_generic_plan;
alter function engine.claim set enable_seqscan = off;
alter function engine.claim set enable_bitmapscan = off;
alter function engine.claim set enable_hashjoin = off;
alter function engine.claim set enable_mergejoin = off;
alter function engine.claim set max_parallel_workers_per_gather = 0;
alter function engine.claim_webhooks set plan_cache_mode = force_generic_plan;
alter function engine.claim_webhooks set enable_seqscan = off;
alter function engine.claim_webhooks set max_parallel_workers_per_gather = 0;
grant execute on function engine.claim to bulkhead_sender;
grant execute on function engine.active_containments
  to bulkhead_api, bulkhead_smtp, bulkhead_sender, bulkhead_worker, bulkhead_staff, bulkhead_keyring;
grant execute on function engine.contain, engine.drain_guards, engine.request_lift, engine.lift, engine.read_containments, engine.containment_facts
  to bulkhead_api, bulkhead_staff;
grant execute on function engine.expire_containments to bulkhead_worker;
revoke create on schema engine from bulkhead_engine;
