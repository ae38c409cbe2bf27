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
-- was revoked stays revoked. The shared lock keeps replay_acts from setting the counter back under a number just taken.
create function engine.stamp_credential() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    perform pg_advisory_xact_lock_shared(hashtextextended('bulkhead epoch counter', 0));
    new.issued_epoch := nextval('engine.epoch_counter');
    new.revoked_at := null;
  else
    new.issued_epoch := old.issued_epoch;
    if old.revoked_at is not null then new.revoked_at := old.revoked_at; end if;
  end if;
  return new;
end $$;
create trigger stamp before insert or update of issued_epoch, revoked_at on api_key
  for each row execute function engine.stamp_credential();
create trigger stamp before insert or update of issued_epoch, revoked_at on smtp_credential
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

-- The greatest floor that reaches a credential: four look-ups in one small index. p_workspace and p_member may be null.
create function engine.epoch_floor(p_workspace uuid, p_member uuid, p_class text) returns bigint
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select coalesce(greatest(
    (select max(e.floor) from epoch e where e.workspace_id is null and e.subject is null and e.class in ('any', p_class)),
    (select max(e.floor) from epoch e where e.workspace_id = p_workspace and e.subject is null and e.class in ('any', p_class)),
    (select max(e.floor) from epoch e where e.workspace_id is null and e.subject = p_member and e.class in ('any', p_class)),
    (select max(e.floor) from epoch e where e.workspace_id = p_workspace and e.subject = p_member and e.class in ('any', p_class))
  ), 0)
$$;

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
  perform pg_advisory_xact_lock_shared(hashtextextended('bulkhead epoch counter', 0));
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

-- Those of the given credentials that live no more, with the cause: revoked (or deleted), expired, killed.
drop function engine.dead_credentials(uuid[], uuid[]);
create function engine.dead_credentials(p_api_keys uuid[], p_smtp uuid[]) returns table (id uuid, cause text)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select d.id, d.cause
  from (
    select x as id,
           case when k.id is null or k.revoked_at is not null then 'revoked'
                when k.expires_at <= now() then 'expired'
                when k.issued_epoch <= engine.epoch_floor(k.workspace_id, null, 'api_key') then 'killed' end as cause
    from unnest(p_api_keys) x left join api_key k on k.id = x
    union all
    select x, case when c.id is null or c.revoked_at is not null then 'revoked'
                   when c.issued_epoch <= engine.epoch_floor(c.workspace_id, null, 'smtp_credential') then 'killed' end
    from unnest(p_smtp) x left join smtp_credential c on c.id = x
  ) d
  where d.cause is not null
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

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('stamp_credential', 'announce_revocation', 'epoch_floor', 'bump_epoch',
      'epochs_of', 'find_api_key', 'find_smtp_credential', 'dead_credentials', 'unpeppered_credentials', 'pepper_credentials',
      'heartbeat', 'end_heartbeat')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
  -- As all look-ups of the hot path: see 0003.
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('find_api_key', 'find_smtp_credential')
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
grant execute on function engine.unpeppered_credentials, engine.pepper_credentials to bulkhead_api;
grant usage on schema engine to bulkhead_staff, bulkhead_audit;
grant execute on function engine.heartbeat, engine.end_heartbeat to
  bulkhead_api, bulkhead_smtp, bulkhead_sender, bulkhead_worker, bulkhead_staff, bulkhead_audit;
revoke create on schema engine from bulkhead_engine;
