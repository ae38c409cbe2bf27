-- Memberships and permission sets are bound by the keyring, as credentials are: whoever writes to the database makes nobody a member and gives
-- nobody more than he had.
-- Lock impact: short exclusive locks on member and permission_set (a column without a default, nothing is rewritten).

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

alter table member add column binding bytea;
alter table permission_set add column binding bytea;
comment on column member.binding is
  'class: credential hash. HMAC under the pepper of id, workspace, person, role and permission set; without it the membership opens nothing. Null: ended.';
comment on column permission_set.binding is
  'class: credential hash. HMAC under the pepper of id, workspace and scopes; without it the set gives nothing.';

-- As in 0017; an ended membership loses its binding, so that one whose end is wiped out opens nothing either.
create or replace function engine.stamp_member() returns trigger
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
    if new.revoked_at is not null then new.binding := null; end if;
  end if;
  return new;
end $$;

-- As in 0023, with what each membership is bound to and by.
create or replace function engine.find_session(p_hash bytea) returns table (
  id uuid, person_id uuid, level text, factor text, expires_at timestamptz, binding bytea, expires_in_ms double precision,
  age_ms double precision, strong_age_ms double precision, alive boolean, memberships jsonb, workspace_id uuid
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
             'id', m.id, 'workspace', m.workspace_id, 'role', m.role, 'binding', encode(m.binding, 'hex'),
             'permissionSetId', m.permission_set_id, 'scopes', t.scopes, 'setBinding', encode(t.binding, 'hex'),
             'secondFactor', coalesce(y.second_factor, 'required'), 'sessionHours', coalesce(y.session_hours, 168),
             'allowedCidrs', coalesce(y.allowed_cidrs::text[], '{}'), 'ssoRequired', coalesce(y.sso_required, false)) order by m.created_at)
           from member m
           left join workspace_policy y on y.workspace_id = m.workspace_id
           left join permission_set t on t.id = m.permission_set_id and t.workspace_id = m.workspace_id
           where m.person_id = s.person_id and m.revoked_at is null
             and (s.workspace_id is null or s.workspace_id = m.workspace_id)
             and s.issued_epoch > engine.epoch_floor(m.workspace_id, s.person_id, 'session')
         ), '[]'),
         s.workspace_id
  from account.session s join account.person p on p.id = s.person_id
  where s.secret_hash = p_hash;
end $$;

-- As in 0023; the membership is bound in the same commit.
create function engine.accept_invitation(
  p_id uuid, p_person uuid, p_member uuid, p_role text, p_set uuid, p_binding bytea, p_member_binding bytea
) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_outcome text := engine.accept_invitation(p_id, p_person, p_member, p_role, p_set, p_binding);
begin
  if v_outcome = 'accepted' then update member m set binding = p_member_binding where m.id = p_member; end if;
  return v_outcome;
end $$;

-- As in 0023; the membership is bound in the same commit: as what the invitation says, or as what the connection gives newcomers.
create function engine.enter_sso(
  p_workspace uuid, p_connection uuid, p_subject bytea, p_index bytea, p_person uuid, p_sealed_email bytea, p_sealed_name bytea,
  p_member uuid, p_domain text, p_invitation uuid, p_role text, p_set uuid, p_binding bytea, p_default text,
  p_as_invited bytea, p_as_newcomer bytea
) returns table (outcome text, person_id uuid)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare v_entered record;
begin
  select e.outcome, e.person_id into v_entered
  from engine.enter_sso(p_workspace, p_connection, p_subject, p_index, p_person, p_sealed_email, p_sealed_name, p_member, p_domain,
                        p_invitation, p_role, p_set, p_binding, p_default) e;
  if v_entered.outcome = 'joined' then
    update member m
    set binding = case when m.role = p_role and m.permission_set_id is not distinct from p_set then p_as_invited else p_as_newcomer end
    where m.id = p_member;
  end if;
  return query select v_entered.outcome, v_entered.person_id;
end $$;

-- As in 0015; memberships and permission sets too. The lock lets one of several processes record it, also where the engine may not lock the row.
create or replace function engine.report_forged(p_kind text, p_id uuid) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_workspace uuid;
  v_target text := p_kind || ':' || p_id;
begin
  if (p_kind = 'staff') is distinct from (session_user = 'bulkhead_staff')
    or p_kind in ('member', 'permission_set') and session_user <> 'bulkhead_api' then
    raise exception 'not a kind of this process' using errcode = '42501';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('forged ' || v_target, 0));
  case p_kind
    when 'api_key' then select k.workspace_id into v_workspace from api_key k where k.id = p_id;
    when 'smtp_credential' then select c.workspace_id into v_workspace from smtp_credential c where c.id = p_id;
    when 'member' then select m.workspace_id into v_workspace from member m where m.id = p_id;
    when 'permission_set' then select t.workspace_id into v_workspace from permission_set t where t.id = p_id;
    when 'staff' then perform from staff.member m where m.id = p_id;
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
  -- What does not bind is called by what does, and by nobody else.
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('accept_invitation', 'enter_sso')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public, bulkhead_api', signature);
  end loop;
end $$;
grant execute on function engine.accept_invitation(uuid, uuid, uuid, text, uuid, bytea, bytea) to bulkhead_api;
grant execute on function engine.enter_sso(
  uuid, uuid, bytea, bytea, uuid, bytea, bytea, uuid, text, uuid, text, uuid, bytea, text, bytea, bytea
) to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
