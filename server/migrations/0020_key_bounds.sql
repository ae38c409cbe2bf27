-- What holds credentials in beside scopes: networks, senders, ends; rotation with overlap; answers to leaks; rules by which workloads get keys.
-- Lock impact: short exclusive locks on api_key and smtp_credential (constant defaults, nothing is rewritten).

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

alter table api_key
  add column allowed_cidrs text[] not null default '{}' check (cardinality(allowed_cidrs) <= 100),
  add column allowed_senders text[] not null default '{}' check (cardinality(allowed_senders) <= 100),
  add column sealed_senders bytea,
  add column ends_at timestamptz,
  add column on_leak text not null default 'by_scope' check (on_leak in ('by_scope', 'revoke', 'tighten')),
  add column leaked_at timestamptz,
  add column tightened_cidrs text[],
  add column replaces uuid,
  add check ((sealed_senders is null) = (allowed_senders = '{}'));
alter table smtp_credential
  add column expires_at timestamptz,
  add column allowed_cidrs text[] not null default '{}' check (cardinality(allowed_cidrs) <= 100),
  add column allowed_senders text[] not null default '{}' check (cardinality(allowed_senders) <= 100),
  add column sealed_senders bytea,
  add column ends_at timestamptz,
  add column replaces uuid,
  add check ((sealed_senders is null) = (allowed_senders = '{}'));

create unique index api_key_replaces on api_key (workspace_id, replaces) where replaces is not null;
create unique index smtp_credential_replaces on smtp_credential (workspace_id, replaces) where replaces is not null;

comment on column api_key.allowed_cidrs is 'class: business. Networks from which it works; empty: all. Part of the binding.';
comment on column api_key.allowed_senders is
  'class: pseudonymous. @domain, or # and the blind index of an address, as which it may send; empty: all. Part of the binding.';
comment on column api_key.sealed_senders is 'class: personal, sealed (content). The same list to be shown; null for an empty one.';
comment on column api_key.ends_at is 'class: operational. When a rotation or the answer to a leak ends it; comes only nearer. Takes away, so it is no part of the binding.';
comment on column api_key.on_leak is 'class: business. What a report of a leak does: revoke, tighten, or by_scope (revoke what can do more than send).';
comment on column api_key.leaked_at is 'class: operational. When it was reported as leaked.';
comment on column api_key.tightened_cidrs is 'class: operational. After a leak it works from these networks (/24, /48) only. Takes away, so it is no part of the binding.';
comment on column api_key.replaces is 'class: identifier. The key whose place it takes.';
comment on column smtp_credential.expires_at is 'class: operational. Null: never. Part of the binding.';
comment on column smtp_credential.allowed_cidrs is 'class: business. Networks from which it works; empty: all. Part of the binding.';
comment on column smtp_credential.allowed_senders is
  'class: pseudonymous. @domain, or # and the blind index of an address, as which it may send; empty: all. Part of the binding.';
comment on column smtp_credential.sealed_senders is 'class: personal, sealed (content). The same list to be shown; null for an empty one.';
comment on column smtp_credential.ends_at is 'class: operational. When a rotation ends it; comes only nearer. Takes away, so it is no part of the binding.';
comment on column smtp_credential.replaces is 'class: identifier. The credential whose place it takes.';
comment on column api_key.binding is
  'class: credential hash. HMAC under the pepper of what the key is: id, workspace, scopes, expiry, networks, senders, digest. Without it, it opens nothing.';
comment on column smtp_credential.binding is
  'class: credential hash. HMAC under the pepper of what the credential is: id, workspace, expiry, networks, senders, digest. Without it, it opens nothing.';

-- What took something away stays: no process sets an end later, a leak back or a list wider.
create function engine.narrow_credential() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if old.ends_at is not null and (new.ends_at is null or new.ends_at > old.ends_at) then new.ends_at := old.ends_at; end if;
  if tg_table_name = 'api_key' then
    if old.leaked_at is not null then
      new.leaked_at := old.leaked_at;
      new.tightened_cidrs := old.tightened_cidrs;
    end if;
  end if;
  return new;
end $$;
create trigger narrow before update of ends_at, leaked_at, tightened_cidrs on api_key
  for each row execute function engine.narrow_credential();
create trigger narrow before update of ends_at on smtp_credential
  for each row execute function engine.narrow_credential();
create trigger announce_end after update of ends_at, tightened_cidrs on api_key
  for each row when (old.ends_at is distinct from new.ends_at or old.tightened_cidrs is distinct from new.tightened_cidrs)
  execute function engine.announce_revocation();
create trigger announce_end after update of ends_at on smtp_credential
  for each row when (old.ends_at is distinct from new.ends_at) execute function engine.announce_revocation();

-- From where credentials are used: networks, never addresses.
create table credential_use (
  workspace_id uuid not null references workspace,
  kind text not null check (kind in ('api_key', 'smtp_credential')),
  credential_id uuid not null,
  network cidr not null check (masklen(network) <= case family(network) when 4 then 24 else 48 end),
  agent text check (length(agent) <= 64),
  first_used_at timestamptz not null,
  last_used_at timestamptz not null,
  primary key (workspace_id, kind, credential_id, network)
);
comment on table credential_use is
  'class: operational. Networks from which a credential was used, at most 32 for each. Kept: until removed.';
comment on column credential_use.workspace_id is 'class: identifier.';
comment on column credential_use.kind is 'class: operational. api_key or smtp_credential.';
comment on column credential_use.credential_id is 'class: identifier.';
comment on column credential_use.network is 'class: operational. /24 of IPv4, /48 of IPv6; a longer one is refused.';
comment on column credential_use.agent is 'class: operational. Name and version of the program, the first word of a User-Agent.';
comment on column credential_use.first_used_at is 'class: operational.';
comment on column credential_use.last_used_at is 'class: operational. Kept to within half a minute.';
select engine.protect('credential_use');
grant select on credential_use to bulkhead_api;
grant select, insert, update, delete on credential_use to bulkhead_engine;

-- Uses of the last half minute: when, from where, with what.
drop function engine.touch_credentials(uuid[], uuid[]);
create function engine.touch_credentials(p_kind text[], p_id uuid[], p_network text[], p_agent text[]) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update api_key k set last_used_at = now()
  where k.id in (select x.id from unnest(p_kind, p_id) as x(kind, id) where x.kind = 'api_key');
  update smtp_credential c set last_used_at = now()
  where c.id in (select x.id from unnest(p_kind, p_id) as x(kind, id) where x.kind = 'smtp_credential');
  insert into credential_use as u (workspace_id, kind, credential_id, network, agent, first_used_at, last_used_at)
  select distinct on (x.kind, x.id, x.network::cidr)
         coalesce(k.workspace_id, c.workspace_id), x.kind, x.id, x.network::cidr, x.agent, now(), now()
  from unnest(p_kind, p_id, p_network, p_agent) as x(kind, id, network, agent)
  left join api_key k on x.kind = 'api_key' and k.id = x.id
  left join smtp_credential c on x.kind = 'smtp_credential' and c.id = x.id
  where x.network is not null and coalesce(k.id, c.id) is not null
  order by x.kind, x.id, x.network::cidr, x.agent
  on conflict (workspace_id, kind, credential_id, network) do update
  set last_used_at = excluded.last_used_at, agent = coalesce(excluded.agent, u.agent);
  delete from credential_use u using (
    select o.workspace_id, o.kind, o.credential_id, o.network,
           row_number() over (partition by o.workspace_id, o.kind, o.credential_id order by o.last_used_at desc, o.network) as place
    from credential_use o
    where o.credential_id in (select x.id from unnest(p_id) as x(id))
  ) r
  where r.place > 32 and u.workspace_id = r.workspace_id and u.kind = r.kind and u.credential_id = r.credential_id and u.network = r.network;
end $$;
create index credential_use_credential on credential_use (credential_id);

drop function engine.find_api_key(bytea);
create function engine.find_api_key(p_hash bytea)
returns table (
  id uuid, workspace_id uuid, scopes text[], expires_at timestamptz, revoked_at timestamptz, killed boolean, binding bytea,
  allowed_cidrs text[], allowed_senders text[], ends_at timestamptz, tightened_cidrs text[]
)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select k.id, k.workspace_id, k.scopes, k.expires_at, k.revoked_at,
         k.issued_epoch <= engine.epoch_floor(k.workspace_id, null, 'api_key'), k.binding,
         k.allowed_cidrs, k.allowed_senders, k.ends_at, k.tightened_cidrs
  from api_key k where k.secret_hash = p_hash and k.pepper_version > 0;
end $$;

drop function engine.find_smtp_credential(text);
create function engine.find_smtp_credential(p_username text)
returns table (
  id uuid, workspace_id uuid, secret_hash bytea, revoked_at timestamptz, killed boolean, binding bytea,
  expires_at timestamptz, allowed_cidrs text[], allowed_senders text[], ends_at timestamptz
)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select c.id, c.workspace_id, c.secret_hash, c.revoked_at,
         c.issued_epoch <= engine.epoch_floor(c.workspace_id, null, 'smtp_credential'), c.binding,
         c.expires_at, c.allowed_cidrs, c.allowed_senders, c.ends_at
  from smtp_credential c where c.username = p_username and c.pepper_version > 0;
end $$;

-- As in 0010; SMTP credentials expire too, and what was rotated ends. A key that a leak has tightened lives on from some networks: which of
-- its connections these are, the caller knows.
drop function engine.dead_credentials(uuid[], uuid[]);
create function engine.dead_credentials(p_api_keys uuid[], p_smtp uuid[]) returns table (id uuid, cause text, tightened_cidrs text[])
language sql stable security definer set search_path = public, engine, pg_temp as $$
  with given as (
    select x as id, 'api_key' as class, k.workspace_id, k.issued_epoch, k.id is null or k.revoked_at is not null as revoked,
           least(k.expires_at, k.ends_at) as over_at, k.tightened_cidrs
    from unnest(p_api_keys) x left join api_key k on k.id = x
    union all
    select x, 'smtp_credential', c.workspace_id, c.issued_epoch, c.id is null or c.revoked_at is not null, least(c.expires_at, c.ends_at), null
    from unnest(p_smtp) x left join smtp_credential c on c.id = x
  ), reach as materialized (
    select e.workspace_id, c.class, max(e.floor) as floor
    from epoch e join unnest(array['api_key', 'smtp_credential']) as c(class) on e.class in ('any', c.class)
    where e.subject is null
      and (e.workspace_id is null or e.workspace_id in (select g.workspace_id from given g))
    group by 1, 2
  ), judged as (
    select g.id, g.tightened_cidrs,
           case when g.revoked then 'revoked'
                when g.over_at <= now() then 'expired'
                when g.issued_epoch <= greatest(own.floor, everybody.floor) then 'killed' end as cause
    from given g
    left join reach own on own.workspace_id = g.workspace_id and own.class = g.class
    left join reach everybody on everybody.workspace_id is null and everybody.class = g.class
  )
  select j.id, j.cause, j.tightened_cidrs from judged j where j.cause is not null or j.tightened_cidrs is not null
$$;

-- A right secret from a wrong network, recorded once in an hour for each network and 20 times in all: a thief with many networks, and who has
-- IPv6 has them, fills no audit log. The lock on the row lets one of several processes do it.
create function engine.report_outside(p_kind text, p_id uuid, p_network text) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_workspace uuid;
  v_network cidr := p_network::cidr;
  v_target text := p_kind || ':' || p_id;
begin
  if masklen(v_network) > (case family(v_network) when 4 then 24 else 48 end) then
    raise exception 'an address is not recorded' using errcode = '22023';
  end if;
  case p_kind
    when 'api_key' then select k.workspace_id into v_workspace from api_key k where k.id = p_id for update;
    when 'smtp_credential' then select c.workspace_id into v_workspace from smtp_credential c where c.id = p_id for update;
    else raise exception 'no such kind' using errcode = '22023';
  end case;
  if not found then return false; end if;
  if (
    with told as (
      select o.detail ->> 'network' as network from audit_outbox o
      where o.action = 'credential.refused_network' and o.target = v_target and o.at > clock_timestamp() - interval '1 hour'
      union all
      select e.record::jsonb -> 'detail' ->> 'network' from audit_entry e
      where e.action = 'credential.refused_network' and e.workspace_id = v_workspace and e.target = v_target
        and e.at > clock_timestamp() - interval '1 hour'
    )
    select count(*) >= 20 or coalesce(bool_or(t.network = v_network::text), false) from told t
  ) then
    return false;
  end if;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), v_workspace, 'process:' || replace(session_user, 'bulkhead_', ''),
          'credential.refused_network', v_target, jsonb_build_object('kind', p_kind, 'network', v_network::text));
  perform engine.raise_alert('credential.refused_network', 'medium', v_workspace, null, v_target, interval '1 hour',
                             jsonb_build_object('credential', p_id, 'kind', p_kind, 'network', v_network::text));
  return true;
end $$;

-- A key was found where others can read it. What can do more than send is revoked at once. What can only send goes on for 72 hours from
-- the networks where it had worked a day before: production stays up, whoever found the key does not get in, and the owners are told. A key
-- that had worked nowhere then is revoked, because nothing stops. The answer: revoked, tightened, or already (nothing was left to do).
create function engine.report_leaked(p_id uuid, p_source text) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_key api_key;
  v_networks text[];
  v_ends timestamptz;
  v_outcome text;
  v_actor text := 'process:' || replace(session_user, 'bulkhead_', '');
begin
  if p_source !~ '^[a-z_]{1,40}$' then raise exception 'not a source' using errcode = '22023'; end if;
  select k.* into v_key from api_key k where k.id = p_id for update;
  if not found then return null; end if;
  if v_key.revoked_at is not null or v_key.leaked_at is not null or least(v_key.expires_at, v_key.ends_at) <= clock_timestamp()
    or v_key.issued_epoch <= engine.epoch_floor(v_key.workspace_id, null, 'api_key') then
    return 'already';
  end if;
  if v_key.on_leak = 'tighten' or v_key.on_leak = 'by_scope' and v_key.scopes <@ array['messages:send'] then
    select array_agg(u.network::text order by u.network) into v_networks
    from credential_use u
    where u.workspace_id = v_key.workspace_id and u.kind = 'api_key' and u.credential_id = p_id
      and u.first_used_at < clock_timestamp() - interval '24 hours' and u.last_used_at > clock_timestamp() - interval '30 days';
  end if;
  v_outcome := case when v_networks is null then 'revoked' else 'tightened' end;
  update api_key k
  set leaked_at = clock_timestamp(),
      revoked_at = case when v_outcome = 'revoked' then clock_timestamp() end,
      tightened_cidrs = v_networks,
      ends_at = case when v_outcome = 'revoked' then k.ends_at else least(k.ends_at, clock_timestamp() + interval '72 hours') end
  where k.id = p_id
  returning k.ends_at into v_ends;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), v_key.workspace_id, v_actor, 'credential.leaked', 'api_key:' || p_id,
          jsonb_build_object('id', p_id, 'source', p_source, 'outcome', v_outcome)
          || case v_outcome when 'revoked' then '{}' else jsonb_build_object('networks', v_networks, 'endsAt', v_ends) end);
  if v_outcome = 'revoked' then
    -- The record that a restore goes by: engine.replay_acts.
    insert into audit_outbox (id, workspace_id, actor, action, target, detail)
    values (engine.new_event_id(gen_random_uuid()), v_key.workspace_id, v_actor, 'api_key.revoked', 'api_key:' || p_id,
            jsonb_build_object('id', p_id, 'reason', 'leaked'));
  end if;
  perform engine.raise_alert('credential.leaked', 'critical', v_key.workspace_id, null, p_id::text, interval '1 hour',
                             jsonb_build_object('credential', p_id, 'prefix', v_key.prefix, 'source', p_source, 'outcome', v_outcome));
  return v_outcome;
end $$;

-- Rules by which a workload's own identity (an OpenID Connect token of its platform) is exchanged for a short-lived key.
create table federation_rule (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  name text not null check (length(name) between 1 and 200),
  issuer text not null check (length(issuer) <= 500),
  audience text not null check (length(audience) between 1 and 500),
  subject text not null check (length(subject) between 1 and 500),
  claims jsonb not null default '{}' check (jsonb_typeof(claims) = 'object' and octet_length(claims::text) <= 8000),
  scopes text[] not null check (cardinality(scopes) between 1 and 100),
  lifetime_seconds integer not null check (lifetime_seconds between 60 and 3600),
  allowed_cidrs text[] not null default '{}' check (cardinality(allowed_cidrs) <= 100),
  allowed_senders text[] not null default '{}' check (cardinality(allowed_senders) <= 100),
  sealed_senders bytea,
  binding bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  check ((sealed_senders is null) = (allowed_senders = '{}'))
);
create index federation_rule_workspace on federation_rule (workspace_id, id);
comment on table federation_rule is
  'class: business. Which workload of another platform gets which key; rows are never deleted, so that who could get a key when remains known.';
comment on column federation_rule.id is 'class: identifier.';
comment on column federation_rule.workspace_id is 'class: identifier.';
comment on column federation_rule.name is 'class: business. A label.';
comment on column federation_rule.issuer is 'class: business. URL of the platform.';
comment on column federation_rule.audience is 'class: business.';
comment on column federation_rule.subject is 'class: business. The workload; * stands for any characters but :, and at the end for any.';
comment on column federation_rule.claims is 'class: business. Further claims and the values that they must have.';
comment on column federation_rule.scopes is 'class: operational.';
comment on column federation_rule.lifetime_seconds is 'class: operational. Of a key.';
comment on column federation_rule.allowed_cidrs is 'class: business. Networks of its keys; empty: all.';
comment on column federation_rule.allowed_senders is 'class: pseudonymous. Senders of its keys, as in api_key; empty: all.';
comment on column federation_rule.sealed_senders is 'class: personal, sealed (content). The same list to be shown; null for an empty one.';
comment on column federation_rule.binding is
  'class: credential hash. HMAC under the pepper of all that the rule says. Without it, it gives no key: whoever writes to the database makes none.';
comment on column federation_rule.created_at is 'class: operational.';
comment on column federation_rule.created_by is 'class: operational. Actor.';
comment on column federation_rule.last_used_at is 'class: operational.';
comment on column federation_rule.revoked_at is 'class: operational. When it ended; its keys live on for their lifetime at most.';
select engine.protect('federation_rule');
select engine.guard('federation_rule', 'credential');
grant select, insert, update on federation_rule to bulkhead_api;
grant select, update on federation_rule to bulkhead_engine;

-- Tokens that were exchanged, until they expire: each gives one key.
create table federation_use (
  token_hash bytea primary key check (length(token_hash) = 32),
  workspace_id uuid not null references workspace,
  rule_id uuid not null references federation_rule,
  expires_at timestamptz not null
);
create index federation_use_expires on federation_use (expires_at);
create index federation_use_rule on federation_use (rule_id);
create index federation_use_workspace on federation_use (workspace_id);
comment on table federation_use is 'class: operational. Exchanged tokens, so that none is exchanged twice. Kept: until the token expires.';
comment on column federation_use.token_hash is 'class: credential hash. SHA-256 of issuer and jti, or of the token where it has none.';
comment on column federation_use.workspace_id is 'class: identifier.';
comment on column federation_use.rule_id is 'class: identifier.';
comment on column federation_use.expires_at is 'class: operational.';
select engine.protect('federation_use');
grant select, insert, update, delete on federation_use to bulkhead_engine;

create function engine.find_federation_rule(p_id uuid) returns table (
  id uuid, workspace_id uuid, name text, issuer text, audience text, subject text, claims jsonb, scopes text[], lifetime_seconds integer,
  allowed_cidrs text[], allowed_senders text[], sealed_senders bytea, binding bytea
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select r.id, r.workspace_id, r.name, r.issuer, r.audience, r.subject, r.claims, r.scopes, r.lifetime_seconds,
         r.allowed_cidrs, r.allowed_senders, r.sealed_senders, r.binding
  from federation_rule r where r.id = p_id and r.revoked_at is null
$$;

-- True once for each token. Trims what has expired.
create function engine.use_federation_token(p_rule uuid, p_hash bytea, p_expires timestamptz) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_workspace uuid;
begin
  delete from federation_use u where u.token_hash in (
    select x.token_hash from federation_use x where x.expires_at < clock_timestamp() limit 100 for update skip locked);
  select r.workspace_id into v_workspace from federation_rule r where r.id = p_rule and r.revoked_at is null;
  if v_workspace is null then return false; end if;
  if p_expires > clock_timestamp() + interval '2 days' then raise exception 'a token ends within two days' using errcode = '22023'; end if;
  insert into federation_use (token_hash, workspace_id, rule_id, expires_at) values (p_hash, v_workspace, p_rule, p_expires)
  on conflict do nothing;
  if not found then return false; end if;
  update federation_rule r set last_used_at = clock_timestamp() where r.id = p_rule;
  return true;
end $$;

-- As in 0017; the answer to a leak and the end that a rotation sets stay open under a containment, and so does the use of a rule.
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
  elsif tg_table_name in ('api_key', 'smtp_credential', 'member', 'federation_rule') then
    -- Using and revoking a credential stay open, and so does what else takes away from it; a revoked one does not come back.
    select array_agg(distinct g.workspace_id) into v_workspaces
    from gone g
    left join fresh f on f.id = g.id
    where (to_jsonb(g) - '{last_used_at,revoked_at,ends_at,leaked_at,tightened_cidrs}'::text[])
            is distinct from (to_jsonb(f) - '{last_used_at,revoked_at,ends_at,leaked_at,tightened_cidrs}'::text[])
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

-- As in 0010; what a rotation and a leak took away, and the end of a rule, come back too.
create or replace function engine.replay_acts(p_records jsonb) returns table ("position" integer, action text, target text, outcome text)
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
  v_end timestamptz;
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
      when 'api_key.rotated' then
        v_id := (v_detail ->> 'id')::uuid;
        v_end := (v_detail ->> 'endsAt')::timestamptz;
        select k.ends_at <= v_end into v_old from api_key k where k.id = v_id and k.workspace_id = v_workspace for update;
        outcome := case when not found then 'absent' when v_old then 'already' else 'applied' end;
        if outcome = 'applied' then update api_key k set ends_at = v_end where k.id = v_id; end if;
      when 'smtp_credential.rotated' then
        v_id := (v_detail ->> 'id')::uuid;
        v_end := (v_detail ->> 'endsAt')::timestamptz;
        select c.ends_at <= v_end into v_old from smtp_credential c where c.id = v_id and c.workspace_id = v_workspace for update;
        outcome := case when not found then 'absent' when v_old then 'already' else 'applied' end;
        if outcome = 'applied' then update smtp_credential c set ends_at = v_end where c.id = v_id; end if;
      when 'credential.leaked' then
        -- What was revoked has a record of that; here is what was tightened.
        if v_detail ->> 'outcome' = 'tightened' then
          v_id := (v_detail ->> 'id')::uuid;
          select k.leaked_at is not null into v_old from api_key k where k.id = v_id and k.workspace_id = v_workspace for update;
          outcome := case when not found then 'absent' when v_old then 'already' else 'applied' end;
          if outcome = 'applied' then
            update api_key k
            set leaked_at = v_at, tightened_cidrs = array(select jsonb_array_elements_text(v_detail -> 'networks')),
                ends_at = least(k.ends_at, (v_detail ->> 'endsAt')::timestamptz)
            where k.id = v_id;
          end if;
        end if;
      when 'federation_rule.revoked' then
        v_id := (v_detail ->> 'id')::uuid;
        select f.revoked_at is not null into v_old from federation_rule f where f.id = v_id and f.workspace_id = v_workspace for update;
        if v_old = false then update federation_rule f set revoked_at = v_at where f.id = v_id; end if;
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

-- A rule ends and does not come back, and says for ever what it said.
create function engine.keep_federation_rule() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    new.created_at := clock_timestamp();
    new.revoked_at := null;
  else
    if old.revoked_at is not null then new.revoked_at := old.revoked_at; end if;
    new.created_at := old.created_at;
  end if;
  return new;
end $$;
create trigger keep before insert or update on federation_rule for each row execute function engine.keep_federation_rule();

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('narrow_credential', 'touch_credentials', 'find_api_key', 'find_smtp_credential',
      'dead_credentials', 'report_outside', 'report_leaked', 'find_federation_rule', 'use_federation_token', 'keep_federation_rule')
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
grant execute on function engine.find_api_key, engine.touch_credentials, engine.report_outside, engine.dead_credentials to bulkhead_api, bulkhead_smtp;
grant execute on function engine.find_smtp_credential to bulkhead_smtp;
grant execute on function engine.report_leaked, engine.find_federation_rule, engine.use_federation_token to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
