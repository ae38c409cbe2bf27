-- A credential is bound to its row: whoever owns the database moves none to another workspace, and gives none a scope or a longer life.
-- Lock impact: short exclusive locks on api_key, smtp_credential and staff.member (a column without a default, nothing is rewritten).

alter table api_key add column binding bytea;
alter table smtp_credential add column binding bytea;
alter table staff.member add column binding bytea;
comment on column api_key.binding is
  'class: credential hash. HMAC under the pepper of what the key is: id, workspace, scopes, expiry, digest. Without it, it opens nothing.';
comment on column smtp_credential.binding is
  'class: credential hash. HMAC under the pepper of what the credential is: id, workspace, digest. Without it, it opens nothing.';
comment on column staff.member.binding is
  'class: credential hash. HMAC under the staff pepper of id and digest. Without it, the key opens nothing.';

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

drop function engine.find_api_key(bytea);
create function engine.find_api_key(p_hash bytea)
returns table (
  id uuid, workspace_id uuid, scopes text[], expires_at timestamptz, revoked_at timestamptz, killed boolean, binding bytea
)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select k.id, k.workspace_id, k.scopes, k.expires_at, k.revoked_at,
         k.issued_epoch <= engine.epoch_floor(k.workspace_id, null, 'api_key'), k.binding
  from api_key k where k.secret_hash = p_hash and k.pepper_version > 0;
end $$;

drop function engine.find_smtp_credential(text);
create function engine.find_smtp_credential(p_username text)
returns table (id uuid, workspace_id uuid, secret_hash bytea, revoked_at timestamptz, killed boolean, binding bytea)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select c.id, c.workspace_id, c.secret_hash, c.revoked_at,
         c.issued_epoch <= engine.epoch_floor(c.workspace_id, null, 'smtp_credential'), c.binding
  from smtp_credential c where c.username = p_username and c.pepper_version > 0;
end $$;

drop function engine.find_staff(bytea);
create function engine.find_staff(p_hash bytea) returns table (id uuid, label text, binding bytea)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query select m.id, m.label, m.binding from staff.member m where m.key_hash = p_hash and m.revoked_at is null;
  update staff.member m set last_used_at = now()
  where m.key_hash = p_hash and m.revoked_at is null
    and (m.last_used_at is null or m.last_used_at < now() - interval '30 seconds');
end $$;

drop function engine.add_staff(uuid, text, text, bytea, text);
create function engine.add_staff(p_id uuid, p_label text, p_prefix text, p_hash bytea, p_binding bytea, p_actor text) returns timestamptz
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_created timestamptz;
begin
  if p_actor !~ '^operator:' then raise exception 'the operator adds staff' using errcode = '42501'; end if;
  insert into staff.member (id, label, key_prefix, key_hash, binding, created_by)
  values (p_id, p_label, p_prefix, p_hash, p_binding, p_actor)
  returning created_at into v_created;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), null, p_actor, 'staff.added', p_id::text, jsonb_build_object('label', p_label));
  return v_created;
end $$;

drop function engine.unpeppered_credentials(uuid, integer);
create function engine.unpeppered_credentials(p_after uuid, p_limit integer)
returns table (kind text, id uuid, workspace_id uuid, scopes text[], expires_at timestamptz, digest bytea)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select x.kind, x.id, x.workspace_id, x.scopes, x.expires_at, x.digest
  from ((select 'api_key' as kind, k.id, k.workspace_id, k.scopes, k.expires_at, k.secret_hash as digest from api_key k
         where k.pepper_version = 0 and (p_after is null or k.id > p_after) order by k.id limit p_limit)
        union all
        (select 'smtp_credential', c.id, c.workspace_id, '{}', null, c.secret_hash from smtp_credential c
         where c.pepper_version = 0 and (p_after is null or c.id > p_after) order by c.id limit p_limit)) x
  order by x.id
  limit p_limit
$$;

drop function engine.pepper_credentials(text[], uuid[], bytea[], bytea[]);
create function engine.pepper_credentials(p_kind text[], p_id uuid[], p_digest bytea[], p_peppered bytea[], p_binding bytea[]) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  update api_key k set secret_hash = x.peppered, binding = x.binding, pepper_version = 1
  from unnest(p_kind, p_id, p_digest, p_peppered, p_binding) as x(kind, id, digest, peppered, binding)
  where x.kind = 'api_key' and k.id = x.id and k.pepper_version = 0 and k.secret_hash = x.digest;
  update smtp_credential c set secret_hash = x.peppered, binding = x.binding, pepper_version = 1
  from unnest(p_kind, p_id, p_digest, p_peppered, p_binding) as x(kind, id, digest, peppered, binding)
  where x.kind = 'smtp_credential' and c.id = x.id and c.pepper_version = 0 and c.secret_hash = x.digest;
$$;

-- Records that a credential does not fit its row, in the stream of the workspace that it would have opened; false where that was recorded
-- within the last hour, or where there is no such row. The lock on the row lets one of several processes record it.
create function engine.report_forged(p_kind text, p_id uuid) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_workspace uuid;
  v_target text := p_kind || ':' || p_id;
begin
  if (p_kind = 'staff') is distinct from (session_user = 'bulkhead_staff') then
    raise exception 'not a kind of this process' using errcode = '42501';
  end if;
  case p_kind
    when 'api_key' then select k.workspace_id into v_workspace from api_key k where k.id = p_id for update;
    when 'smtp_credential' then select c.workspace_id into v_workspace from smtp_credential c where c.id = p_id for update;
    when 'staff' then perform from staff.member m where m.id = p_id for update;
    else raise exception 'no such kind' using errcode = '22023';
  end case;
  if not found then return false; end if;
  if exists (
    select from audit_outbox o where o.action = 'credential.forged' and o.target = v_target and o.at > clock_timestamp() - interval '1 hour'
  ) or exists (
    select from audit_entry e
    where e.action = 'credential.forged' and (e.workspace_id = v_workspace or e.workspace_id is null and v_workspace is null)
      and e.target = v_target and e.at > clock_timestamp() - interval '1 hour'
  ) then
    return false;
  end if;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), v_workspace, 'process:' || replace(session_user, 'bulkhead_', ''),
          'credential.forged', v_target, jsonb_build_object('kind', p_kind));
  return true;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('find_api_key', 'find_smtp_credential', 'find_staff', 'add_staff',
      'unpeppered_credentials', 'pepper_credentials', 'report_forged')
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
grant execute on function engine.find_api_key to bulkhead_api, bulkhead_smtp;
grant execute on function engine.find_smtp_credential to bulkhead_smtp;
grant execute on function engine.find_staff, engine.add_staff to bulkhead_staff;
grant execute on function engine.unpeppered_credentials, engine.pepper_credentials to bulkhead_api;
grant execute on function engine.report_forged to bulkhead_api, bulkhead_smtp, bulkhead_staff;
revoke create on schema engine from bulkhead_engine;
