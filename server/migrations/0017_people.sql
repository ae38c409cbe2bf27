-- People, their sessions, who is a member of which workspace, and what a workspace demands of its members.
-- Lock impact: none, these are new tables; guard_rows is replaced.
--
-- A person belongs to no workspace: rows of schema account are reached through functions of the engine only, and no process reads a
-- table of it. Addresses are sealed with the key of the installation's own workspace and found by its blind index.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create schema account;
grant usage on schema account to bulkhead_engine;

create table account.person (
  id uuid primary key,
  email_index bytea not null unique,
  sealed_email bytea not null,
  sealed_name bytea,
  created_at timestamptz not null default clock_timestamp(),
  disabled_at timestamptz,
  password_hash bytea,
  password_salt bytea,
  password_params text,
  password_set_at timestamptz,
  must_reset boolean not null default false,
  honey boolean not null default false,
  flagged_at timestamptz,
  flag_reason text,
  check ((password_hash is null) = (password_salt is null) and (password_hash is null) = (password_params is null))
);
create index person_flagged on account.person (flagged_at) where flagged_at is not null;
comment on table account.person is 'class: personal. People who sign in. Kept: until they are deleted.';
comment on column account.person.id is 'class: identifier. UUIDv7; member:<id> in the audit log.';
comment on column account.person.email_index is 'class: blind index. HMAC of the normalised address under the key of the installation''s workspace.';
comment on column account.person.sealed_email is 'class: personal, sealed (content). The address that signs in.';
comment on column account.person.sealed_name is 'class: personal, sealed (content). What the person wants to be called.';
comment on column account.person.created_at is 'class: operational. By the clock of the database.';
comment on column account.person.disabled_at is 'class: operational. Suspended: signs in nowhere; answers do not tell.';
comment on column account.person.password_hash is 'class: credential hash. HMAC under the password pepper of id, parameters, salt and argon2id output; null without a password.';
comment on column account.person.password_salt is 'class: operational. 16 random bytes.';
comment on column account.person.password_params is 'class: operational. Parameters of argon2id, and the version of the pepper.';
comment on column account.person.password_set_at is 'class: operational. When the password was chosen.';
comment on column account.person.must_reset is 'class: operational. The right password alone opens nothing: it is known to be breached, or was used too often without the second factor.';
comment on column account.person.honey is 'class: operational. Nobody: whoever tries it is an attacker (C-17).';
comment on column account.person.flagged_at is 'class: operational. Its address was probed: the next log-in from an unknown device needs more (C-03).';
comment on column account.person.flag_reason is 'class: operational. Name of the rule that flagged it.';
grant select, insert, update, delete on account.person to bulkhead_engine;

create table account.session (
  id uuid primary key,
  person_id uuid not null references account.person on delete cascade,
  secret_hash bytea not null unique,
  binding bytea not null,
  level text not null check (level in ('enrolment', 'full')),
  factor text not null check (factor in ('none', 'totp', 'passkey', 'recovery', 'sso')),
  created_at timestamptz not null default clock_timestamp(),
  strong_at timestamptz,
  last_seen_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  issued_epoch bigint not null,
  sealed_device bytea,
  client_key bytea
);
create index session_person on account.session (person_id, id);
create index session_expires on account.session (expires_at);
comment on table account.session is 'class: credential. Sessions of people. Kept: 30 days after they end.';
comment on column account.session.id is 'class: identifier.';
comment on column account.session.person_id is 'class: identifier.';
comment on column account.session.secret_hash is 'class: credential hash. HMAC of the token''s SHA-256 under a pepper that only the keyring has.';
comment on column account.session.binding is 'class: credential hash. HMAC under the pepper of id, person, level, factor, end and digest. Without it, it opens nothing.';
comment on column account.session.level is 'class: operational. enrolment can do nothing but add a second factor (C-05).';
comment on column account.session.factor is 'class: operational. The second factor that was shown.';
comment on column account.session.created_at is 'class: operational. By the clock of the database.';
comment on column account.session.strong_at is 'class: operational. When the second factor was last shown: step-up looks at its age.';
comment on column account.session.last_seen_at is 'class: operational. Kept to within half a minute.';
comment on column account.session.expires_at is 'class: operational.';
comment on column account.session.revoked_at is 'class: operational. When it was ended.';
comment on column account.session.issued_epoch is 'class: operational. Number of the epoch counter when it was made; the database sets it.';
comment on column account.session.sealed_device is 'class: personal, sealed (content). Browser and address it was made from, as JSON.';
comment on column account.session.client_key is 'class: blind index. Hash of the network it was made from.';
grant select, insert, update, delete on account.session to bulkhead_engine;

create table permission_set (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  name text not null check (length(name) between 1 and 100),
  scopes text[] not null check (cardinality(scopes) between 1 and 100),
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, name)
);
comment on table permission_set is 'class: business. Rights that a workspace has put together itself, in place of those of a role.';
comment on column permission_set.id is 'class: identifier.';
comment on column permission_set.workspace_id is 'class: identifier.';
comment on column permission_set.name is 'class: business.';
comment on column permission_set.scopes is 'class: operational.';
comment on column permission_set.created_at is 'class: operational.';
select engine.protect('permission_set');
select engine.guard('permission_set', 'credential');
grant select, insert, update, delete on permission_set to bulkhead_api;
grant select on permission_set to bulkhead_engine;

create table member (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  person_id uuid not null references account.person,
  role text not null check (role in ('owner', 'admin', 'developer', 'marketer', 'analyst', 'auditor')),
  permission_set_id uuid references permission_set,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  revoked_at timestamptz
);
create unique index member_once on member (workspace_id, person_id) where revoked_at is null;
create index member_workspace on member (workspace_id, id);
create index member_person on member (person_id, workspace_id);
create index member_permission_set on member (permission_set_id);
comment on table member is 'class: business. Who works in a workspace, and as what; rows are never deleted, so that who had access when remains known.';
comment on column member.id is 'class: identifier.';
comment on column member.workspace_id is 'class: identifier.';
comment on column member.person_id is 'class: identifier.';
comment on column member.role is 'class: business.';
comment on column member.permission_set_id is 'class: identifier. Its scopes take the place of the role''s.';
comment on column member.created_at is 'class: operational. By the clock of the database: only who was there before a containment may lift it.';
comment on column member.created_by is 'class: operational. Actor.';
comment on column member.revoked_at is 'class: operational. When the membership ended.';
select engine.protect('member');
grant select, insert, update on member to bulkhead_api;
grant select, insert, update on member to bulkhead_engine;

create table workspace_policy (
  workspace_id uuid primary key references workspace,
  second_factor text not null default 'required' check (second_factor in ('optional', 'required', 'passkey')),
  session_hours integer not null default 168 check (session_hours between 1 and 720),
  allowed_cidrs cidr[] not null default '{}' check (cardinality(allowed_cidrs) <= 200),
  sign_in_domains text[] not null default '{}' check (cardinality(sign_in_domains) <= 100),
  sso_required boolean not null default false,
  changed_at timestamptz not null default clock_timestamp()
);
comment on table workspace_policy is 'class: business. What a workspace demands of its members; without a row the defaults hold.';
comment on column workspace_policy.workspace_id is 'class: identifier.';
comment on column workspace_policy.second_factor is 'class: business. optional, required (the default, C-05) or passkey.';
comment on column workspace_policy.session_hours is 'class: business. How long after log-in a session opens this workspace.';
comment on column workspace_policy.allowed_cidrs is 'class: business. Networks from which members may act; empty: all.';
comment on column workspace_policy.sign_in_domains is 'class: business. Domains of addresses that may be invited; empty: all.';
comment on column workspace_policy.sso_required is 'class: business. Members other than owners sign in through the connected provider.';
comment on column workspace_policy.changed_at is 'class: operational.';
select engine.protect('workspace_policy');
select engine.guard('workspace_policy', 'credential');
grant select, insert, update on workspace_policy to bulkhead_api;
grant select on workspace_policy to bulkhead_engine;

-- As in 0007; member is among those whose ending stays open under a containment.
create or replace function engine.guard_rows() returns trigger
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
  elsif tg_table_name in ('api_key', 'smtp_credential', 'member') then
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
select engine.guard('member', 'credential');

-- The time comes from here, so that nobody becomes an older member than he is, and an ended membership stays ended.
create function engine.stamp_member() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    new.created_at := clock_timestamp();
    new.revoked_at := null;
  else
    if (new.person_id, new.workspace_id) is distinct from (old.person_id, old.workspace_id) then
      raise exception 'a membership does not move' using errcode = '42501';
    end if;
    new.created_at := old.created_at;
    if old.revoked_at is not null then new.revoked_at := old.revoked_at; end if;
  end if;
  return new;
end $$;
create trigger stamp before insert or update on member for each row execute function engine.stamp_member();

-- Roles and policies change at once wherever they are cached (ASVS 5.0 8.3.2).
create trigger announce after insert or update on member for each statement execute function engine.announce_revocation();
create trigger announce after insert or update on workspace_policy for each statement execute function engine.announce_revocation();
create trigger announce after insert or update or delete on permission_set for each statement execute function engine.announce_revocation();

-- A session of a person who may sign in; null for one who may not. The end is the process's, because it stands in the binding.
create function engine.issue_session(
  p_id uuid, p_person uuid, p_hash bytea, p_binding bytea, p_level text, p_factor text, p_expires timestamptz, p_device bytea, p_client bytea
) returns timestamptz
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_made timestamptz;
begin
  if p_expires not between clock_timestamp() and clock_timestamp() + interval '31 days' then
    raise exception 'a session ends within 31 days' using errcode = '22023';
  end if;
  perform from account.person p where p.id = p_person and p.disabled_at is null and not p.honey for share;
  if not found then return null; end if;
  lock table epoch in row exclusive mode;
  insert into account.session (id, person_id, secret_hash, binding, level, factor, strong_at, expires_at, issued_epoch, sealed_device, client_key)
  values (p_id, p_person, p_hash, p_binding, p_level, p_factor, case when p_level = 'full' then clock_timestamp() end, p_expires,
          nextval('engine.epoch_counter'), p_device, p_client)
  returning created_at into v_made;
  return v_made;
end $$;

-- A session and everything that decides what it opens, in one look-up. Memberships that ended, and workspaces whose floor lies above it, are
-- left out; policies come with the membership.
create function engine.find_session(p_hash bytea) returns table (
  id uuid, person_id uuid, level text, factor text, expires_at timestamptz, binding bytea, expires_in_ms double precision,
  age_ms double precision, strong_age_ms double precision, alive boolean, memberships jsonb
)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select s.id, s.person_id, s.level, s.factor, s.expires_at, s.binding,
         extract(epoch from s.expires_at - clock_timestamp())::float8 * 1000,
         extract(epoch from clock_timestamp() - s.created_at)::float8 * 1000,
         extract(epoch from clock_timestamp() - s.strong_at)::float8 * 1000,
         s.revoked_at is null and p.disabled_at is null and s.issued_epoch > engine.epoch_floor(null, s.person_id, 'session'),
         coalesce((
           select jsonb_agg(jsonb_build_object(
             'workspace', m.workspace_id, 'role', m.role, 'scopes', t.scopes,
             'secondFactor', coalesce(y.second_factor, 'required'), 'sessionHours', coalesce(y.session_hours, 168),
             'allowedCidrs', coalesce(y.allowed_cidrs::text[], '{}'), 'ssoRequired', coalesce(y.sso_required, false)) order by m.created_at)
           from member m
           left join workspace_policy y on y.workspace_id = m.workspace_id
           left join permission_set t on t.id = m.permission_set_id and t.workspace_id = m.workspace_id
           where m.person_id = s.person_id and m.revoked_at is null
             and s.issued_epoch > engine.epoch_floor(m.workspace_id, s.person_id, 'session')
         ), '[]')
  from account.session s join account.person p on p.id = s.person_id
  where s.secret_hash = p_hash;
end $$;

-- Those of the given sessions that live no more, with the cause: for long connections.
create function engine.dead_sessions(p_ids uuid[]) returns table (id uuid, cause text)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select x.id, case when s.id is null or s.revoked_at is not null or p.disabled_at is not null then 'revoked'
                    when s.expires_at <= clock_timestamp() then 'expired'
                    else 'killed' end
  from unnest(p_ids) as x(id)
  left join account.session s on s.id = x.id
  left join account.person p on p.id = s.person_id
  where s.id is null or s.revoked_at is not null or p.disabled_at is not null or s.expires_at <= clock_timestamp()
     or s.issued_epoch <= engine.epoch_floor(null, s.person_id, 'session')
     or exists (select from member m where m.person_id = s.person_id and s.issued_epoch <= engine.epoch_floor(m.workspace_id, null, 'session'))
$$;

create function engine.touch_sessions(p_ids uuid[]) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  update account.session s set last_seen_at = clock_timestamp() where s.id = any(p_ids)
$$;

-- The second factor was shown again: step-up.
create function engine.strengthen_session(p_id uuid, p_person uuid) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update account.session s set strong_at = clock_timestamp()
  where s.id = p_id and s.person_id = p_person and s.level = 'full' and s.revoked_at is null;
  return found;
end $$;

-- Ends one session of a person (p_id), or all but p_except; answers how many.
create function engine.revoke_sessions(p_person uuid, p_id uuid, p_except uuid) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_count integer;
begin
  update account.session s set revoked_at = clock_timestamp()
  where s.person_id = p_person and s.revoked_at is null and (p_id is null or s.id = p_id) and (p_except is null or s.id <> p_except);
  get diagnostics v_count = row_count;
  if v_count > 0 then perform pg_notify('bulkhead_epochs', ''); end if;
  return v_count;
end $$;

create function engine.list_sessions(p_person uuid) returns table (
  id uuid, level text, factor text, created_at timestamptz, last_seen_at timestamptz, expires_at timestamptz, sealed_device bytea
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select s.id, s.level, s.factor, s.created_at, s.last_seen_at, s.expires_at, s.sealed_device
  from account.session s
  where s.person_id = p_person and s.revoked_at is null and s.expires_at > clock_timestamp()
    and s.issued_epoch > engine.epoch_floor(null, s.person_id, 'session')
  order by s.last_seen_at desc
  limit 200
$$;

-- The audit record of an act of or about a person: in each workspace where he is a member, or one of the installation.
create function engine.record_person(p_person uuid, p_action text, p_detail jsonb) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  select engine.new_event_id(gen_random_uuid()), m.workspace_id, 'member:' || p_person, p_action, p_person::text, p_detail
  from member m where m.person_id = p_person and m.revoked_at is null;
  if not found then
    insert into audit_outbox (id, workspace_id, actor, action, target, detail)
    values (engine.new_event_id(gen_random_uuid()), null, 'member:' || p_person, p_action, p_person::text, p_detail);
  end if;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('stamp_member', 'issue_session', 'find_session', 'dead_sessions', 'touch_sessions',
      'strengthen_session', 'revoke_sessions', 'list_sessions', 'record_person')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.issue_session, engine.find_session, engine.dead_sessions, engine.touch_sessions,
  engine.strengthen_session, engine.revoke_sessions, engine.list_sessions, engine.record_person to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
