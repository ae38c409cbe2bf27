-- Epochs, peppered credentials, heartbeats that bind a process to its row, acts taken up again after a restore, staff.
-- Lock impact: short exclusive locks on api_key, smtp_credential and process (constant defaults, nothing is rewritten).

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

-- One counter orders what is issued and what is ended: a credential takes a number when it is made, a floor takes one when it is
-- bumped, and whatever has a number at or below the greatest floor that reaches it is dead. It costs one row, however many die.
create sequence engine.epoch_counter;
grant usage, select, update on sequence engine.epoch_counter to bulkhead_engine;

create table epoch (
  scope text not null check (scope in ('installation', 'workspace', 'member')),
  workspace_id uuid references workspace,
  subject uuid,
  class text not null check (class in ('any', 'session', 'api_key', 'smtp_credential')),
  floor bigint not null,
  bumped_at timestamptz not null default now(),
  actor text not null,
  reason text not null check (length(reason) between 1 and 500),
  check ((scope = 'member') = (subject is not null)),
  check (scope = 'installation' and workspace_id is null or scope = 'workspace' and workspace_id is not null or scope = 'member'),
  constraint epoch_reach unique nulls not distinct (workspace_id, subject, class)
);
comment on table epoch is 'class: operational. Floors below which credentials are dead; one row per reach and class, raised and never lowered.';
comment on column epoch.scope is 'class: operational. How far the floor reaches.';
comment on column epoch.workspace_id is 'class: operational. The workspace it reaches; null reaches all.';
comment on column epoch.subject is 'class: operational. The member it reaches; null reaches all.';
comment on column epoch.class is 'class: operational. The kind of credential it reaches.';
comment on column epoch.floor is 'class: operational. Credentials issued at or below this number are dead.';
comment on column epoch.bumped_at is 'class: operational. When it was last raised.';
comment on column epoch.actor is 'class: operational. Who raised it last, as in the audit log.';
comment on column epoch.reason is 'class: operational. Why, in the words of who raised it.';
select engine.protect('epoch');
grant select, insert, update on epoch to bulkhead_engine;

alter table api_key
  add column issued_epoch bigint not null default 0,
  add column pepper_version smallint not null default 0;
alter table smtp_credential
  add column issued_epoch bigint not null default 0,
  add column pepper_version smallint not null default 0;
-- Rows from before keep 0: plain digests, which the api process peppers at its next start.
alter table api_key alter column pepper_version set default 1;
alter table smtp_credential alter column pepper_version set default 1;
create index api_key_unpeppered on api_key (id) where pepper_version = 0;
create index smtp_credential_unpeppered on smtp_credential (id) where pepper_version = 0;
comment on table api_key is 'class: credential. API keys; the secret is shown once and kept as a peppered digest.';
comment on table smtp_credential is 'class: credential. User name and peppered digest of a generated password; the password is shown once.';
comment on column api_key.secret_hash is 'class: credential hash. HMAC of the key''s SHA-256 under a pepper that only the keyring has.';
comment on column smtp_credential.secret_hash is 'class: credential hash. HMAC of the password''s SHA-256 under a pepper that only the keyring has.';
comment on column api_key.issued_epoch is 'class: operational. Number of the epoch counter when it was made; the database sets it.';
comment on column smtp_credential.issued_epoch is 'class: operational. Number of the epoch counter when it was made; the database sets it.';
comment on column api_key.pepper_version is 'class: operational. The pepper of secret_hash; 0 is a plain digest from before there was one.';
comment on column smtp_credential.pepper_version is 'class: operational. The pepper of secret_hash; 0 is a plain digest from before there was one.';

-- The number comes from here and nowhere else, so that a hijacked process makes no credential that outlives its floor, and what
-- was revoked stays revoked. So does the time, by the clock and not by the transaction's start: only who was there before a containment may
-- lift it. The lock keeps replay_acts from setting the counter back under a number just taken; it is one of the table, because any
-- process could take an advisory one and keep it.
create function engine.stamp_credential() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    lock table epoch in row exclusive mode;
    if session_user = 'bulkhead_api' then new.created_at := clock_timestamp(); end if;
    new.issued_epoch := nextval('engine.epoch_counter');
    new.revoked_at := null;
  else
    new.issued_epoch := old.issued_epoch;
    new.created_at := old.created_at;
    if old.revoked_at is not null then new.revoked_at := old.revoked_at; end if;
  end if;
  return new;
end $$;
create trigger stamp before insert or update of issued_epoch, revoked_at, created_at on api_key
  for each row execute function engine.stamp_credential();
create trigger stamp before insert or update of issued_epoch, revoked_at, created_at on smtp_credential
  for each row execute function engine.stamp_credential();

-- Wakes every process: look-ups are made anew, long connections are judged.
create function engine.announce_revocation() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  perform pg_notify('bulkhead_epochs', '');
  return null;
end $$;
create trigger announce after update of revoked_at on api_key
  for each row when (old.revoked_at is null and new.revoked_at is not null) execute function engine.announce_revocation();
create trigger announce after update of revoked_at on smtp_credential
  for each row when (old.revoked_at is null and new.revoked_at is not null) execute function engine.announce_revocation();

-- The greatest floor that reaches a credential, -1 where none does (0 is issued: credentials from before there were epochs have it): four
-- look-ups in one small index. p_workspace and p_member may be null. plpgsql keeps
-- its plan; as an SQL function each call planned anew (measured: 0.6 ms instead of 0.04).
create function engine.epoch_floor(p_workspace uuid, p_member uuid, p_class text) returns bigint
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
begin
  return coalesce(greatest(
    (select max(e.floor) from epoch e where e.workspace_id is null and e.subject is null and e.class in ('any', p_class)),
    (select max(e.floor) from epoch e where e.workspace_id = p_workspace and e.subject is null and e.class in ('any', p_class)),
    (select max(e.floor) from epoch e where e.workspace_id is null and e.subject = p_member and e.class in ('any', p_class)),
    (select max(e.floor) from epoch e where e.workspace_id = p_workspace and e.subject = p_member and e.class in ('any', p_class))
  ), -1);
end $$;

-- Kills what was issued until now within a reach: one row, its audit record and the wake-up commit together. The api process
-- reaches its caller's workspace only, staff reach all; nobody lowers a floor.
create function engine.bump_epoch(
  p_audit uuid, p_scope text, p_workspace uuid, p_subject uuid, p_class text, p_actor text, p_reason text
) returns table (floor bigint, bumped_at timestamptz)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_floor bigint;
begin
  if session_user = 'bulkhead_staff' then
    if p_actor !~ '^(staff|operator):' then raise exception 'staff act as staff' using errcode = '42501'; end if;
  elsif p_scope = 'installation' or p_workspace is null or p_workspace is distinct from engine.current_workspace()
    or p_actor ~ '^(staff|operator):' then
    raise exception 'outside of the workspace' using errcode = '42501';
  end if;
  lock table epoch in row exclusive mode;
  v_floor := nextval('engine.epoch_counter');
  return query
  insert into epoch as e (scope, workspace_id, subject, class, floor, actor, reason)
  values (p_scope, p_workspace, p_subject, p_class, v_floor, p_actor, p_reason)
  on conflict on constraint epoch_reach do update
  set floor = greatest(e.floor, excluded.floor), bumped_at = now(), actor = excluded.actor, reason = excluded.reason
  returning e.floor, e.bumped_at;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (p_audit, p_workspace, p_actor, 'epoch.bumped', coalesce(p_subject, p_workspace)::text, jsonb_build_object(
    'scope', p_scope, 'workspace', p_workspace, 'subject', p_subject, 'class', p_class, 'floor', v_floor, 'reason', p_reason));
  perform pg_notify('bulkhead_epochs', '');
end $$;

-- The floors that reach a workspace: its own and the installation's. The api process asks for its caller's workspace.
create function engine.epochs_of(p_workspace uuid)
returns table (scope text, subject uuid, class text, floor bigint, bumped_at timestamptz, actor text, reason text)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  if session_user <> 'bulkhead_staff' and p_workspace is distinct from engine.current_workspace() then
    raise exception 'outside of the workspace' using errcode = '42501';
  end if;
  return query
  select e.scope, e.subject, e.class, e.floor, e.bumped_at, e.actor, e.reason
  from epoch e
  where e.workspace_id = p_workspace or (e.workspace_id is null and e.subject is null)
  order by e.floor desc
  limit 1000;
end $$;

drop function engine.find_api_key(bytea);
create function engine.find_api_key(p_hash bytea)
returns table (id uuid, workspace_id uuid, scopes text[], expires_at timestamptz, revoked_at timestamptz, killed boolean)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select k.id, k.workspace_id, k.scopes, k.expires_at, k.revoked_at,
         k.issued_epoch <= engine.epoch_floor(k.workspace_id, null, 'api_key')
  from api_key k where k.secret_hash = p_hash and k.pepper_version > 0;
end $$;

drop function engine.find_smtp_credential(text);
create function engine.find_smtp_credential(p_username text)
returns table (id uuid, workspace_id uuid, secret_hash bytea, revoked_at timestamptz, killed boolean)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select c.id, c.workspace_id, c.secret_hash, c.revoked_at,
         c.issued_epoch <= engine.epoch_floor(c.workspace_id, null, 'smtp_credential')
  from smtp_credential c where c.username = p_username and c.pepper_version > 0;
end $$;

-- Those of the given credentials that live no more, with the cause: revoked (or deleted), expired, killed. Asked by each process for
-- all that holds a long connection, several times a second: floors are joined, not looked up one by one.
drop function engine.dead_credentials(uuid[], uuid[]);
create function engine.dead_credentials(p_api_keys uuid[], p_smtp uuid[]) returns table (id uuid, cause text)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  with given as (
    select x as id, 'api_key' as class, k.workspace_id, k.issued_epoch, k.id is null or k.revoked_at is not null as revoked, k.expires_at
    from unnest(p_api_keys) x left join api_key k on k.id = x
    union all
    select x, 'smtp_credential', c.workspace_id, c.issued_epoch, c.id is null or c.revoked_at is not null, null
    from unnest(p_smtp) x left join smtp_credential c on c.id = x
  ), reach as materialized (
    select e.workspace_id, c.class, max(e.floor) as floor
    from epoch e join unnest(array['api_key', 'smtp_credential']) as c(class) on e.class in ('any', c.class)
    where e.subject is null
      and (e.workspace_id is null or e.workspace_id in (select g.workspace_id from given g))
    group by 1, 2
  ), judged as (
    select g.id,
           case when g.revoked then 'revoked'
                when g.expires_at <= now() then 'expired'
                when g.issued_epoch <= greatest(own.floor, everybody.floor) then 'killed' end as cause
    from given g
    left join reach own on own.workspace_id = g.workspace_id and own.class = g.class
    left join reach everybody on everybody.workspace_id is null and everybody.class = g.class
  )
  select j.id, j.cause from judged j where j.cause is not null
$$;

-- Credentials from before the pepper. Their hash is the digest that the pepper takes, so that nobody has to log in for it.
create function engine.unpeppered_credentials(p_limit integer) returns table (kind text, id uuid, digest bytea)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  (select 'api_key', k.id, k.secret_hash from api_key k where k.pepper_version = 0 order by k.id limit p_limit)
  union all
  (select 'smtp_credential', c.id, c.secret_hash from smtp_credential c where c.pepper_version = 0 order by c.id limit p_limit)
$$;

create function engine.pepper_credentials(p_kind text[], p_id uuid[], p_digest bytea[], p_peppered bytea[]) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  update api_key k set secret_hash = x.peppered, pepper_version = 1
  from unnest(p_kind, p_id, p_digest, p_peppered) as x(kind, id, digest, peppered)
  where x.kind = 'api_key' and k.id = x.id and k.pepper_version = 0 and k.secret_hash = x.digest;
  update smtp_credential c set secret_hash = x.peppered, pepper_version = 1
  from unnest(p_kind, p_id, p_digest, p_peppered) as x(kind, id, digest, peppered)
  where x.kind = 'smtp_credential' and c.id = x.id and c.pepper_version = 0 and c.secret_hash = x.digest;
$$;

-- A process writes its own row and no other: the kind is its role, and the row answers only to the token it was made with.
alter table process add column token_hash bytea;
comment on column process.token_hash is 'class: credential hash. SHA-256 of a random token of the process: who may go on writing the row.';

create function engine.heartbeat(
  p_id uuid, p_token bytea, p_host text, p_pid integer, p_ready boolean, p_detail jsonb
) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if length(p_token) < 16 or length(p_host) > 255 or octet_length(p_detail::text) > 16384 then
    raise exception 'not a heartbeat' using errcode = '22023';
  end if;
  update process set heartbeat_at = now(), ready = p_ready, detail = p_detail
  where id = p_id and token_hash = sha256(p_token);
  if found then return; end if;
  delete from process where heartbeat_at < now() - interval '1 day';
  -- A row of this id with another token stays as it is: the insert fails.
  insert into process (id, kind, host, pid, ready, detail, token_hash)
  values (p_id, replace(session_user, 'bulkhead_', ''), p_host, p_pid, p_ready, p_detail, sha256(p_token));
end $$;

create function engine.end_heartbeat(p_id uuid, p_token bytea) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  delete from process where id = p_id and token_hash = sha256(p_token)
$$;

revoke insert, update, delete on process from bulkhead_api, bulkhead_smtp, bulkhead_sender, bulkhead_worker;
revoke select on process from bulkhead_smtp, bulkhead_sender, bulkhead_worker, bulkhead_audit;
grant select, insert, update, delete on process to bulkhead_engine;

-- As in 0005, and what is younger than the least retention that can be set (7 days) stays: a hijacked worker erases no mail of today.
create or replace function engine.drop_old_partitions(p_before timestamptz) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp set lock_timeout = '2s' as $$
declare
  week date;
  suffix text;
  target text;
  dropped integer := 0;
  v_before date := (least(p_before, now() - interval '7 days') at time zone 'UTC')::date;
begin
  for week in
    select to_date(substring(c.relname from '^message_(\d{8})$'), 'YYYYMMDD')
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'message'::regclass and c.relname ~ '^message_\d{8}$'
    order by 1
  loop
    continue when week + 7 > v_before;
    continue when engine.is_waiting(engine.time_bound(week), engine.time_bound(week + 7));
    suffix := to_char(week, 'YYYYMMDD');
    foreach target in array array['event', 'outcome', 'recipient', 'body', 'message'] loop
      execute format('drop table if exists %I', target || '_' || suffix);
    end loop;
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;

-- Staff: a directory in a schema of its own, which no process reads. What staff see and do goes through the functions below: they
-- answer operational metadata and take away; none of them answers content, an address or a secret, and none gives a right.
create schema staff;
grant usage on schema staff to bulkhead_engine;
create table staff.member (
  id uuid primary key,
  label text not null unique check (length(label) between 1 and 60),
  key_prefix text not null,
  key_hash bytea not null unique,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  revoked_at timestamptz,
  revoked_by text,
  last_used_at timestamptz
);
comment on table staff.member is 'class: credential. Who works as staff, under a label that the operator chooses; rows are never deleted.';
comment on column staff.member.id is 'class: operational. UUIDv7; staff:<id> in the audit log.';
comment on column staff.member.label is 'class: operational. A label or pseudonym, no name or address is needed.';
comment on column staff.member.key_prefix is 'class: operational. The public start of the key.';
comment on column staff.member.key_hash is 'class: credential hash. HMAC of the key''s SHA-256 under the staff pepper, which only the keyring has.';
comment on column staff.member.created_at is 'class: operational. Only who was there before a containment may lift it.';
comment on column staff.member.created_by is 'class: operational. Actor.';
comment on column staff.member.revoked_at is 'class: operational. When the key died.';
comment on column staff.member.revoked_by is 'class: operational. Actor.';
comment on column staff.member.last_used_at is 'class: operational. Kept to within half a minute.';
grant select, insert, update on staff.member to bulkhead_engine;

create function engine.find_staff(p_hash bytea) returns table (id uuid, label text)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query select m.id, m.label from staff.member m where m.key_hash = p_hash and m.revoked_at is null;
  update staff.member m set last_used_at = now()
  where m.key_hash = p_hash and m.revoked_at is null
    and (m.last_used_at is null or m.last_used_at < now() - interval '30 seconds');
end $$;

create function engine.add_staff(p_id uuid, p_label text, p_prefix text, p_hash bytea, p_actor text) returns timestamptz
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_created timestamptz;
begin
  if p_actor !~ '^operator:' then raise exception 'the operator adds staff' using errcode = '42501'; end if;
  insert into staff.member (id, label, key_prefix, key_hash, created_by) values (p_id, p_label, p_prefix, p_hash, p_actor)
  returning created_at into v_created;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), null, p_actor, 'staff.added', p_id::text, jsonb_build_object('label', p_label));
  return v_created;
end $$;

-- False where there is no such member; one who was revoked before keeps the first time.
create function engine.revoke_staff(p_id uuid, p_actor text) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_known boolean;
begin
  if p_actor !~ '^operator:' then raise exception 'the operator revokes staff' using errcode = '42501'; end if;
  select m.revoked_at is not null into v_known from staff.member m where m.id = p_id for update;
  if v_known is null then return false; end if;
  if v_known then return true; end if;
  update staff.member set revoked_at = clock_timestamp(), revoked_by = p_actor where id = p_id;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), null, p_actor, 'staff.revoked', p_id::text, jsonb_build_object('id', p_id));
  return true;
end $$;

create function engine.list_staff() returns table (
  id uuid, label text, key_prefix text, created_at timestamptz, revoked_at timestamptz, last_used_at timestamptz
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select m.id, m.label, m.key_prefix, m.created_at, m.revoked_at, m.last_used_at from staff.member m order by m.id limit 1000
$$;

-- Workspaces with counters of their state: numbers only. Waiting recipients are counted up to 10,000.
create function engine.staff_workspaces(p_after uuid, p_limit integer) returns table (
  id uuid, name text, created_at timestamptz, api_keys bigint, smtp_credentials bigint, domains_verified bigint,
  domains_other bigint, webhooks_enabled bigint, webhooks_disabled bigint, waiting bigint, oldest_due timestamptz, contained bigint
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select w.id, w.name, w.created_at,
         (select count(*) from api_key k where k.workspace_id = w.id and k.revoked_at is null),
         (select count(*) from smtp_credential c where c.workspace_id = w.id and c.revoked_at is null),
         (select count(*) from sending_domain d where d.workspace_id = w.id and d.state = 'verified'),
         (select count(*) from sending_domain d where d.workspace_id = w.id and d.state <> 'verified'),
         (select count(*) from webhook_endpoint e where e.workspace_id = w.id and e.state = 'enabled'),
         (select count(*) from webhook_endpoint e where e.workspace_id = w.id and e.state <> 'enabled'),
         (select count(*) from (select 1 from queue q where q.workspace_id = w.id and q.lease is null and not q.held limit 10000) x),
         (select q.due from queue q where q.workspace_id = w.id and q.lease is null and not q.held order by q.due limit 1),
         (select count(*) from containment c where c.workspace_id = w.id and c.state in ('active', 'lift_requested') and c.until > now())
  from workspace w
  where w.id > p_after
  order by w.id
  limit least(p_limit, 1000)
$$;

-- What waits, by workspace and lane, the longest queue first.
create function engine.staff_queue(p_workspace uuid)
returns table (workspace_id uuid, lane lane, waiting bigint, in_flight bigint, held bigint, oldest_due timestamptz)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select q.workspace_id, q.lane, count(*) filter (where q.lease is null and not q.held), count(*) filter (where q.lease is not null),
         count(*) filter (where q.held), min(q.due)
  from queue q
  where p_workspace is null or q.workspace_id = p_workspace
  group by 1, 2
  order by count(*) desc
  limit 1000
$$;

-- Containments of one workspace, or of all and of the installation, the youngest first.
create function engine.staff_containments(p_workspace uuid, p_before uuid, p_limit integer) returns table (
  id uuid, workspace_id uuid, scope text, subject text, actor_class text, capabilities text[], reason_code text, reason text,
  incident text, evidence text, until timestamptz, made_by text, made_at timestamptz, state text, ended_at timestamptz, requested_by text
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select c.id, c.workspace_id, c.scope, c.subject, c.actor_class, c.capabilities, c.reason_code, c.reason, c.incident, c.evidence,
         c.until, c.made_by, c.made_at, c.state, c.ended_at,
         (select a.actor from containment_approval a where a.containment_id = c.id and a.step = 'request')
  from containment c
  where (p_workspace is null or c.workspace_id = p_workspace) and (p_before is null or c.id < p_before)
  order by c.id desc
  limit least(p_limit, 1000)
$$;

-- What a containment would stop, by lane: messages accepted in the last hour and recipients that wait; each counted up to 100,000.
create function engine.staff_preview(p_workspace uuid, p_actor text) returns table (lane lane, accepted_last_hour bigint, waiting bigint)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  with accepted as (
    select m.lane from message m
    where (p_workspace is null or m.workspace_id = p_workspace) and (p_actor is null or m.actor = p_actor)
      and m.id >= (lpad(to_hex((extract(epoch from now() - interval '1 hour') * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
    limit 100000
  ), waiting as (
    select q.lane from queue q
    where (p_workspace is null or q.workspace_id = p_workspace)
      and (p_actor is null or exists (select 1 from message m where m.id = q.message_id and m.actor = p_actor))
    limit 100000
  )
  select l, (select count(*) from accepted a where a.lane = l), (select count(*) from waiting w where w.lane = l)
  from unnest(enum_range(null::lane)) l
$$;

-- Revokes a credential of any workspace; the workspace sees it in its own audit stream. False where there is none.
create function engine.staff_revoke_credential(p_kind text, p_id uuid, p_actor text, p_reason text) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_workspace uuid;
begin
  if p_actor !~ '^(staff|operator):' then raise exception 'staff act as staff' using errcode = '42501'; end if;
  if p_kind = 'api_key' then
    update api_key set revoked_at = coalesce(revoked_at, now()) where id = p_id returning workspace_id into v_workspace;
  elsif p_kind = 'smtp_credential' then
    update smtp_credential set revoked_at = coalesce(revoked_at, now()) where id = p_id returning workspace_id into v_workspace;
  else
    raise exception 'no such kind' using errcode = '22023';
  end if;
  if v_workspace is null then return false; end if;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), v_workspace, p_actor, p_kind || '.revoked', p_id::text,
          jsonb_build_object('id', p_id, 'reason', p_reason));
  return true;
end $$;

-- As in 0007, and who was killed or revoked is nobody.
create or replace function engine.actor_since(p_actor text) returns timestamptz
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
    where k.id = v_id and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())
      and k.issued_epoch > engine.epoch_floor(k.workspace_id, null, 'api_key');
  elsif v_kind = 'staff' then
    select m.created_at into v_since from staff.member m where m.id = v_id and m.revoked_at is null;
  end if;
  return v_since;
end $$;

-- After a restore: applies acts that took something away, so that an old backup brings nothing back. Records come from the audit log
-- as a JSON array of {workspaceId, actor, action, target, at, detail}, the oldest first, at most 10,000 in one call; doing it again
-- changes nothing. Answers one row per record: applied, already (nothing was left to do), absent (younger than the backup), ended (it
-- has run out or was lifted) or ignored (an act of another kind).
create function engine.replay_acts(p_records jsonb) returns table ("position" integer, action text, target text, outcome text)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  r record;
  v_detail jsonb;
  v_at timestamptz;
  v_id uuid;
  v_workspace uuid;
  v_floor bigint;
  v_old boolean;
  v_marked constant text := 'Taken up again from the audit log after a restore';
begin
  if jsonb_typeof(p_records) <> 'array' or jsonb_array_length(p_records) > 10000 then
    raise exception 'records are an array of at most 10,000' using errcode = '22023';
  end if;
  -- Nobody takes a number while the counter may be set.
  lock table epoch in share row exclusive mode;
  for r in select x.value as act, x.ordinality::integer as place from jsonb_array_elements(p_records) with ordinality x loop
    "position" := r.place;
    action := r.act ->> 'action';
    target := r.act ->> 'target';
    outcome := 'ignored';
    v_detail := coalesce(r.act -> 'detail', '{}');
    v_at := (r.act ->> 'at')::timestamptz;
    -- The stream of the installation itself has no workspace.
    v_workspace := nullif((r.act ->> 'workspaceId')::uuid, '00000000-0000-0000-0000-000000000000');
    v_old := null;
    if v_at > clock_timestamp() + interval '5 minutes' then
      raise exception 'an act cannot be of the future' using errcode = '22023';
    end if;
    case action
      when 'api_key.revoked' then
        v_id := (v_detail ->> 'id')::uuid;
        select k.revoked_at is not null into v_old from api_key k where k.id = v_id and k.workspace_id = v_workspace for update;
        if v_old = false then update api_key k set revoked_at = v_at where k.id = v_id; end if;
        outcome := case v_old when false then 'applied' when true then 'already' else 'absent' end;
      when 'smtp_credential.revoked' then
        v_id := (v_detail ->> 'id')::uuid;
        select c.revoked_at is not null into v_old from smtp_credential c where c.id = v_id and c.workspace_id = v_workspace for update;
        if v_old = false then update smtp_credential c set revoked_at = v_at where c.id = v_id; end if;
        outcome := case v_old when false then 'applied' when true then 'already' else 'absent' end;
      when 'epoch.bumped' then
        v_floor := (v_detail ->> 'floor')::bigint;
        -- A counter at its end would issue nothing any more.
        if v_floor > 4503599627370496 then raise exception 'not a floor' using errcode = '22023'; end if;
        if (select s.last_value from engine.epoch_counter s) < v_floor then perform setval('engine.epoch_counter', v_floor); end if;
        v_workspace := (v_detail ->> 'workspace')::uuid;
        if v_workspace is not null and not exists (select 1 from workspace w where w.id = v_workspace) then
          outcome := 'absent';
        elsif exists (
          select 1 from epoch e
          where e.workspace_id is not distinct from v_workspace and e.subject is not distinct from (v_detail ->> 'subject')::uuid
            and e.class = v_detail ->> 'class' and e.floor >= v_floor
        ) then
          outcome := 'already';
        else
          insert into epoch as e (scope, workspace_id, subject, class, floor, bumped_at, actor, reason)
          values (v_detail ->> 'scope', v_workspace, (v_detail ->> 'subject')::uuid, v_detail ->> 'class', v_floor, v_at,
                  r.act ->> 'actor', v_detail ->> 'reason')
          on conflict on constraint epoch_reach do update
          set floor = excluded.floor, bumped_at = excluded.bumped_at, actor = excluded.actor, reason = excluded.reason;
          outcome := 'applied';
        end if;
      when 'containment.contained' then
        v_id := target::uuid;
        if exists (select 1 from containment c where c.id = v_id) then
          outcome := 'already';
        elsif v_workspace is not null and not exists (select 1 from workspace w where w.id = v_workspace) then
          outcome := 'absent';
        elsif (v_detail ->> 'until')::timestamptz <= clock_timestamp() or exists (
          select 1 from jsonb_array_elements(p_records) x
          where x ->> 'action' = 'containment.lifted' and x ->> 'target' = target
        ) then
          outcome := 'ended';
        else
          insert into containment (id, workspace_id, scope, subject, actor_class, capabilities, reason_code, reason, incident, until,
                                   origin, made_by, made_at, evidence)
          values (v_id, v_workspace, v_detail ->> 'scope', v_detail ->> 'subject', v_detail ->> 'actorClass',
                  array(select jsonb_array_elements_text(v_detail -> 'capabilities')), v_detail ->> 'reasonCode',
                  coalesce(v_detail ->> 'reason', v_marked), v_detail ->> 'incident',
                  (v_detail ->> 'until')::timestamptz,
                  case when r.act ->> 'actor' ~ '^(staff|operator):' then 'staff' else 'workspace' end, r.act ->> 'actor', v_at,
                  v_marked || ' at ' || floor(extract(epoch from clock_timestamp())));
          outcome := 'applied';
        end if;
      when 'containment.lifted' then
        -- Gives nothing back but what an earlier call has just taken up again, within the quarter of an hour that a restore may take: what
        -- is in force longer only two people lift, whoever has the audit process.
        update containment c set state = 'lifted', ended_at = clock_timestamp()
        where c.id = target::uuid and c.state in ('active', 'lift_requested')
          and substring(c.evidence from '^' || v_marked || ' at ([0-9]{1,12})$')::bigint
              > extract(epoch from clock_timestamp() - interval '15 minutes');
        if found then outcome := 'ended'; end if;
      when 'staff.revoked' then
        v_id := (v_detail ->> 'id')::uuid;
        select m.revoked_at is not null into v_old from staff.member m where m.id = v_id for update;
        if v_old = false then update staff.member m set revoked_at = v_at, revoked_by = r.act ->> 'actor' where m.id = v_id; end if;
        outcome := case v_old when false then 'applied' when true then 'already' else 'absent' end;
      else
        null;
    end case;
    return next;
  end loop;
  perform pg_notify('bulkhead_epochs', '');
  perform pg_notify('bulkhead_containment', '');
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('stamp_credential', 'announce_revocation', 'epoch_floor', 'bump_epoch',
      'epochs_of', 'find_api_key', 'find_smtp_credential', 'dead_credentials', 'unpeppered_credentials', 'pepper_credentials',
      'heartbeat', 'end_heartbeat', 'find_staff', 'add_staff', 'revoke_staff', 'list_staff', 'staff_workspaces', 'staff_queue',
      'staff_containments', 'staff_preview', 'staff_revoke_credential', 'actor_since', 'replay_acts')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
  -- As all look-ups of the hot path: see 0003.
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('find_api_key', 'find_smtp_credential', 'epoch_floor')
  loop
    execute format('alter function %s set plan_cache_mode = force_generic_plan', signature);
    execute format('alter function %s set enable_seqscan = off', signature);
    execute format('alter function %s set enable_bitmapscan = off', signature);
    execute format('alter function %s set enable_hashjoin = off', signature);
    execute format('alter function %s set enable_mergejoin = off', signature);
    execute format('alter function %s set max_parallel_workers_per_gather = 0', signature);
  end loop;
end $$;
grant execute on function engine.find_api_key, engine.dead_credentials to bulkhead_api, bulkhead_smtp;
grant execute on function engine.find_smtp_credential to bulkhead_smtp;
grant execute on function engine.bump_epoch, engine.epochs_of to bulkhead_api, bulkhead_staff;
grant execute on function engine.epoch_floor to bulkhead_api;
grant execute on function engine.unpeppered_credentials, engine.pepper_credentials to bulkhead_api;
grant usage on schema engine to bulkhead_staff, bulkhead_audit;
grant execute on function engine.find_staff, engine.add_staff, engine.revoke_staff, engine.list_staff, engine.staff_workspaces,
  engine.staff_queue, engine.staff_containments, engine.staff_preview, engine.staff_revoke_credential to bulkhead_staff;
grant execute on function engine.replay_acts to bulkhead_audit;
grant execute on function engine.heartbeat, engine.end_heartbeat to
  bulkhead_api, bulkhead_smtp, bulkhead_sender, bulkhead_worker, bulkhead_staff, bulkhead_audit;
revoke create on schema engine from bulkhead_engine;
