-- What people see of people: second factors and sessions of members, who loses access to a change of policy, a note beside an alarm. Lock
-- impact: a column without default is added to security_alert, which takes its lock for an instant.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

alter table security_alert add column note text check (length(note) between 1 and 500);
comment on column security_alert.note is 'class: business. What whoever has seen it first wrote beside it.';

drop function engine.list_members(uuid, uuid, uuid, integer);
-- The members of the caller's workspace with their sealed addresses, how many second factors each has and how many sessions are alive.
create function engine.list_members(p_workspace uuid, p_member uuid, p_after uuid, p_limit integer) returns table (
  id uuid, person_id uuid, role text, permission_set_id uuid, permission_set text, scopes text[], created_at timestamptz, created_by text,
  sealed_email bytea, sealed_name bytea, last_seen_at timestamptz, passkeys integer, has_app boolean, sessions integer
)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  if p_workspace is distinct from engine.current_workspace() then
    raise exception 'outside of the workspace' using errcode = '42501';
  end if;
  return query
  select m.id, m.person_id, m.role, m.permission_set_id, t.name, t.scopes, m.created_at, m.created_by, p.sealed_email, p.sealed_name,
         (select max(s.last_seen_at) from account.session s
          where s.person_id = m.person_id and (s.workspace_id is null or s.workspace_id = m.workspace_id)),
         (select count(*)::integer from account.passkey k where k.person_id = m.person_id),
         exists (select from account.totp a where a.person_id = m.person_id and a.confirmed_at is not null),
         (select count(*)::integer from account.session s
          where s.person_id = m.person_id and (s.workspace_id is null or s.workspace_id = m.workspace_id)
            and s.level = 'full' and s.revoked_at is null and s.expires_at > clock_timestamp()
            and s.issued_epoch > engine.epoch_floor(m.workspace_id, s.person_id, 'session')
            and s.issued_epoch > engine.epoch_floor(null, s.person_id, 'session'))
  from member m
  join account.person p on p.id = m.person_id
  left join permission_set t on t.workspace_id = m.workspace_id and t.id = m.permission_set_id
  where m.workspace_id = p_workspace and m.revoked_at is null
    and (p_member is null or m.id = p_member) and (p_after is null or m.id > p_after)
  order by m.id
  limit least(p_limit, 501);
end $$;

-- Sessions that open the caller's workspace under the policy that holds, to compare with one that is wished; the address is that of the log-in.
create function engine.open_sessions(p_workspace uuid, p_limit integer) returns table (
  id uuid, member_id uuid, role text, factor text, age_seconds double precision, sealed_device bytea
)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  if p_workspace is distinct from engine.current_workspace() then
    raise exception 'outside of the workspace' using errcode = '42501';
  end if;
  return query
  select s.id, m.id, m.role, s.factor, extract(epoch from clock_timestamp() - s.created_at)::double precision, s.sealed_device
  from member m
  join account.session s on s.person_id = m.person_id and (s.workspace_id is null or s.workspace_id = m.workspace_id)
  left join workspace_policy y on y.workspace_id = m.workspace_id
  where m.workspace_id = p_workspace and m.revoked_at is null
    and s.level = 'full' and s.revoked_at is null and s.expires_at > clock_timestamp()
    and s.issued_epoch > engine.epoch_floor(m.workspace_id, s.person_id, 'session')
    and s.issued_epoch > engine.epoch_floor(null, s.person_id, 'session')
    and s.created_at + make_interval(hours => coalesce(y.session_hours, 168)) > clock_timestamp()
    and not (coalesce(y.second_factor, 'required') = 'passkey' and s.factor not in ('passkey', 'sso'))
    and not (coalesce(y.second_factor, 'required') = 'required' and s.factor = 'none')
    and not (coalesce(y.sso_required, false) and s.factor <> 'sso' and m.role <> 'owner')
  order by m.id, s.id
  limit least(p_limit, 2001);
end $$;

drop function engine.installation_alerts(uuid, integer);
-- Alarms of the installation, for the operator; the newest first.
create function engine.installation_alerts(p_before uuid, p_limit integer, p_open boolean, p_severity text) returns setof security_alert
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select a.* from security_alert a
  where a.workspace_id is null and (p_before is null or a.id < p_before)
    and (not p_open or a.acknowledged_at is null) and (p_severity is null or a.severity = p_severity)
  order by a.id desc
  limit least(p_limit, 101)
$$;

drop function engine.acknowledge_alert(uuid, boolean, text);
-- Of the caller's workspace; with p_installation those of no workspace, for the operator. False where there is no such alarm; the first one counts,
-- and what he wrote beside it.
create function engine.acknowledge_alert(p_id uuid, p_installation boolean, p_actor text, p_note text) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if p_installation and p_actor !~ '^operator:' then raise exception 'the operator acknowledges alarms of the installation' using errcode = '42501'; end if;
  update security_alert a
  set note = case when a.acknowledged_at is null then p_note else a.note end,
      acknowledged_at = coalesce(a.acknowledged_at, engine.detection_now()), acknowledged_by = coalesce(a.acknowledged_by, p_actor)
  where a.id = p_id and case when p_installation then a.workspace_id is null else a.workspace_id = engine.current_workspace() end;
  return found;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('list_members', 'open_sessions', 'installation_alerts', 'acknowledge_alert')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.list_members, engine.open_sessions, engine.installation_alerts, engine.acknowledge_alert to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
