-- After a restore of an older backup nothing that was taken from people comes back: memberships, rights, passwords, factors, strict policies.
-- Lock impact: none, functions and grants only.
--
-- Whatever a replay does, it only takes away. What a record says was given is not given again.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

grant insert, update on workspace_policy to bulkhead_engine;
grant update on permission_set to bulkhead_engine;
grant delete on policy_change, sso_connection to bulkhead_engine;

-- As in 0007; the audit process has no right on any table of a workspace and gets to guarded rows through a replay alone, which must not
-- stop at a containment.
create or replace function engine.refuse_contained(p_detail text) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if p_detail is not null and session_user <> 'bulkhead_audit' then
    raise exception using errcode = 'BH423', message = 'contained', detail = p_detail,
      hint = 'docs/containment.md says how to appeal.';
  end if;
end $$;

-- As in 0023; a replay ends the last ownership too: who became owner after the backup is not owner in it. The operator invites a new one.
create or replace function engine.keep_an_owner() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if session_user <> 'bulkhead_audit' and not exists (
    select from member m join account.person p on p.id = m.person_id
    where m.workspace_id = old.workspace_id and m.role = 'owner' and m.revoked_at is null and p.disabled_at is null
  ) then
    raise exception using errcode = 'BH409', message = 'a workspace keeps at least one owner';
  end if;
  return null;
end $$;

-- What is left of a person who was deleted: the row, because memberships name it.
create function engine.erase_person(p_person uuid) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update member m set revoked_at = clock_timestamp() where m.person_id = p_person and m.revoked_at is null;
  perform engine.revoke_sessions(p_person, null, null);
  perform engine.drop_factors(p_person);
  delete from account.session s where s.person_id = p_person;
  delete from account.token t where t.person_id = p_person;
  delete from account.request r where r.person_id = p_person;
  delete from account.email_change c where c.person_id = p_person;
  delete from account.recovery r where r.person_id = p_person;
  delete from account.login_attempt a where a.person_id = p_person;
  delete from account.device d where d.person_id = p_person;
  update account.person p
  set email_index = sha256(uuid_send(gen_random_uuid())), sealed_email = '\x00', sealed_name = null, password_hash = null, password_salt = null,
      password_params = null, password_set_at = null, disabled_at = clock_timestamp(), deleted_at = clock_timestamp(), flagged_at = null, flag_reason = null
  where p.id = p_person;
end $$;

-- As in 0021; devices and log-ins go too.
create or replace function engine.delete_person(p_person uuid) returns text[]
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_orphans text[];
begin
  -- Two owners who leave at the same time wait for each other here.
  perform from member o
  where o.revoked_at is null and o.role = 'owner'
    and o.workspace_id in (select m.workspace_id from member m where m.person_id = p_person and m.revoked_at is null and m.role = 'owner')
  order by o.id for update;
  select array_agg(w.name order by w.name) into v_orphans
  from member m join workspace w on w.id = m.workspace_id
  where m.person_id = p_person and m.revoked_at is null and m.role = 'owner'
    and not exists (
      select from member o join account.person p on p.id = o.person_id
      where o.workspace_id = m.workspace_id and o.role = 'owner' and o.revoked_at is null and o.person_id <> p_person and p.disabled_at is null);
  if v_orphans is not null then return v_orphans; end if;
  perform engine.record_person(p_person, 'person.deleted', '{}');
  perform engine.erase_person(p_person);
  return '{}';
end $$;

-- Takes a factor away again. Where it is the last one that works, its row stays and opens nothing: without it the password alone could add a
-- new factor. The person comes in by a recovery code or by recovery of the account. applied or already.
create function engine.take_factor_again(p_person uuid, p_factor uuid) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_spent constant bigint := 9007199254740991;
  v_others boolean;
begin
  perform from account.person p where p.id = p_person for update;
  if not exists (select from account.passkey k where k.id = p_factor and k.person_id = p_person and k.binding <> '\x00'
                 union all
                 select from account.totp t where t.id = p_factor and t.person_id = p_person and t.last_step < v_spent) then
    return 'already';
  end if;
  v_others := exists (
    select from account.passkey k where k.person_id = p_person and k.id <> p_factor
    union all
    select from account.totp t where t.person_id = p_person and t.confirmed_at is not null and t.id <> p_factor);
  if v_others then
    delete from account.passkey k where k.id = p_factor;
    delete from account.totp t where t.id = p_factor;
  else
    update account.passkey k set binding = '\x00' where k.id = p_factor;
    update account.totp t set last_step = v_spent where t.id = p_factor;
  end if;
  return 'applied';
end $$;

-- One act about people, after a restore; the outcome as in replay_acts. p_records are all acts of the call, the oldest first.
create function engine.replay_act_of_person(p_act jsonb, p_records jsonb) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_action text := p_act ->> 'action';
  v_target text := p_act ->> 'target';
  v_detail jsonb := coalesce(p_act -> 'detail', '{}');
  v_at timestamptz := (p_act ->> 'at')::timestamptz;
  v_workspace uuid := nullif((p_act ->> 'workspaceId')::uuid, '00000000-0000-0000-0000-000000000000');
  -- Of an act about somebody by the operator the UUID stands in the detail.
  v_person uuid := case when p_act ->> 'target' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (p_act ->> 'target')::uuid
                        when p_act ->> 'target' like 'per\_%' then (p_act #>> '{detail,id}')::uuid end;
  v_member member;
  v_known workspace_policy;
  v_cidrs cidr[];
  v_set permission_set;
  v_names text[];
  v_wanted uuid;
  v_factor uuid;
  v_outcome text := 'already';
begin
  case v_action
    when 'member.removed', 'member.left' then
      select m.* into v_member from member m where m.id = (v_detail ->> 'id')::uuid and m.workspace_id = v_workspace for update;
      if v_member.id is null then return 'absent'; end if;
      perform engine.end_what_member_made(v_workspace, v_member.person_id, v_at, v_detail #> '{credentials,revoke}' is not null);
      if v_member.revoked_at is not null then return 'already'; end if;
      update member m set revoked_at = v_at where m.id = v_member.id;
      return 'applied';

    when 'member.changed' then
      if v_detail -> 'takes' is distinct from 'true' then return 'ignored'; end if;
      v_wanted := (v_detail ->> 'permissionSet')::uuid;
      select m.* into v_member from member m where m.id = (v_detail ->> 'id')::uuid and m.workspace_id = v_workspace for update;
      if v_member.id is null then return 'absent'; end if;
      perform engine.end_what_member_made(v_workspace, v_member.person_id, v_at, false);
      if v_member.revoked_at is not null
        or v_wanted is null and v_member.permission_set_id is null and v_detail ->> 'role' = v_member.role
        or v_wanted = v_member.permission_set_id then return 'already'; end if;
      if v_member.permission_set_id is null and (
        v_wanted is null and engine.is_lower_role(v_detail ->> 'role', v_member.role)
        or v_member.role in ('owner', 'admin') and exists (select from permission_set t where t.id = v_wanted and t.workspace_id = v_workspace)
      ) then
        update member m set role = v_detail ->> 'role', permission_set_id = v_wanted, binding = decode(v_detail ->> 'binding', 'hex') where m.id = v_member.id;
      else
        -- Neither more nor less than what it was: a replay gives nothing, so the membership ends.
        update member m set revoked_at = v_at where m.id = v_member.id;
      end if;
      return 'applied';

    when 'permission_set.updated' then
      if exists (select from jsonb_array_elements(p_records) x where x ->> 'action' = v_action and x ->> 'target' = v_target
                 and (x ->> 'at')::timestamptz > v_at) then return 'ended'; end if;
      select t.* into v_set from permission_set t where t.id = (v_detail ->> 'id')::uuid and t.workspace_id = v_workspace for update;
      if v_set.id is null then return 'absent'; end if;
      v_names := array(select s from unnest(v_set.scopes) s where v_detail -> 'scopes' ? s);
      if v_names @> v_set.scopes then return 'already'; end if;
      if cardinality(v_names) > 0 then
        -- Where less is left than the log says, the binding fits nothing: an owner says anew what the set gives.
        update permission_set t set scopes = v_names, binding = decode(v_detail ->> 'binding', 'hex') where t.id = v_set.id;
      else
        update member m set revoked_at = v_at where m.workspace_id = v_workspace and m.permission_set_id = v_set.id and m.revoked_at is null;
      end if;
      return 'applied';

    when 'invitation.revoked' then
      update invitation i set revoked_at = v_at
      where i.id = (v_detail ->> 'id')::uuid and i.workspace_id = v_workspace and i.revoked_at is null and i.accepted_at is null;
      return case when found then 'applied' else 'already' end;

    when 'policy.changed', 'policy.confirmed' then
      if v_detail ->> 'waitsForSecondOwner' = 'true' or v_detail ->> 'secondFactor' is null then return 'ignored'; end if;
      -- The last word of the log, and never less than the backup demands.
      if exists (select from jsonb_array_elements(p_records) x
                 where x ->> 'action' in ('policy.changed', 'policy.confirmed') and (x ->> 'workspaceId')::uuid = v_workspace
                   and x -> 'detail' -> 'waitsForSecondOwner' is null and (x ->> 'at')::timestamptz > v_at) then return 'ended'; end if;
      if not exists (select from workspace w where w.id = v_workspace) then return 'absent'; end if;
      insert into workspace_policy (workspace_id) values (v_workspace) on conflict do nothing;
      select y.* into v_known from workspace_policy y where y.workspace_id = v_workspace for update;
      v_cidrs := array(select jsonb_array_elements_text(v_detail -> 'allowedCidrs'))::cidr[];
      v_names := array(select jsonb_array_elements_text(v_detail -> 'signInDomains'));
      update workspace_policy y
      set second_factor = case
            when 'passkey' in (y.second_factor, v_detail ->> 'secondFactor') then 'passkey'
            when 'required' in (y.second_factor, v_detail ->> 'secondFactor') then 'required'
            else 'optional' end,
          session_hours = least(y.session_hours, (v_detail ->> 'sessionHours')::integer),
          allowed_cidrs = engine.narrower(y.allowed_cidrs, v_cidrs),
          sign_in_domains = case
            when v_names = '{}' then y.sign_in_domains
            when y.sign_in_domains && v_names then array(select d from unnest(y.sign_in_domains) d where d = any (v_names))
            else v_names end,
          sso_required = y.sso_required or (v_detail ->> 'ssoRequired')::boolean
      where y.workspace_id = v_workspace;
      return case when to_jsonb(v_known) = (select to_jsonb(y) from workspace_policy y where y.workspace_id = v_workspace) then 'already'
                  else 'applied' end;

    when 'sso.disconnected' then
      delete from sso_connection c where c.workspace_id = v_workspace and c.created_at < v_at;
      return case when found then 'applied' else 'already' end;

    when 'sso.connected' then
      -- The one of the backup is another: nobody signs in through it until an owner has tried it again.
      update sso_connection c set tested_at = null
      where c.workspace_id = v_workspace and c.tested_at is not null and c.changed_at < v_at
        and (c.issuer, c.client_id, to_jsonb(c.domains)) is distinct from (v_detail ->> 'issuer', v_detail ->> 'clientId', v_detail -> 'domains');
      return case when found then 'applied' else 'already' end;

    when 'person.let_in' then
      return 'ignored';

    else
      if v_person is null or v_action !~ '^(person|second_factor)\.' then return 'ignored'; end if;
  end case;

  perform from account.person p where p.id = v_person for update;
  if not found then return 'absent'; end if;
  case v_action
    when 'person.suspended' then
      if exists (select from jsonb_array_elements(p_records) x where x ->> 'action' = 'person.let_in' and x ->> 'target' = v_target
                 and (x ->> 'at')::timestamptz > v_at) then return 'ended'; end if;
      update account.person p set disabled_at = v_at where p.id = v_person and p.disabled_at is null;
      return case when found then 'applied' else 'already' end;

    when 'person.deleted' then
      if exists (select from account.person p where p.id = v_person and p.deleted_at is not null) then return 'already'; end if;
      perform engine.erase_person(v_person);
      return 'applied';

    when 'person.password_changed', 'person.password_reset', 'person.reset_demanded' then
      update account.person p set must_reset = true
      where p.id = v_person and not p.must_reset and p.deleted_at is null and p.password_set_at < v_at;
      return case when found then 'applied' else 'already' end;

    when 'person.email_changed' then
      -- The log does not know the new address. The old one signs in again: somebody has to look.
      return case when exists (select from account.person p where p.id = v_person and p.deleted_at is not null) then 'already' else 'absent' end;

    when 'person.recovered', 'second_factor.added' then
      if v_action = 'second_factor.added' and v_detail ->> 'replaced' is distinct from 'true' then return 'ignored'; end if;
      for v_factor in
        select t.id from account.totp t
        where t.person_id = v_person and t.created_at < v_at and t.id::text is distinct from v_detail ->> 'factor'
        union all
        select k.id from account.passkey k where k.person_id = v_person and k.created_at < v_at and v_action = 'person.recovered'
      loop
        if engine.take_factor_again(v_person, v_factor) = 'applied' then v_outcome := 'applied'; end if;
      end loop;
      if v_action = 'person.recovered' then
        update account.recovery_code c set used_at = v_at where c.person_id = v_person and c.used_at is null and c.created_at < v_at;
        if found then v_outcome := 'applied'; end if;
      end if;
      return v_outcome;

    when 'second_factor.removed' then
      return engine.take_factor_again(v_person, (v_detail ->> 'factor')::uuid);

    when 'second_factor.recovery_code_used', 'second_factor.recovery_codes_made' then
      -- Which one it was is not in the log: none of them opens any more.
      update account.recovery_code c set used_at = v_at where c.person_id = v_person and c.used_at is null and c.created_at < v_at;
      return case when found then 'applied' else 'already' end;

    else
      return 'ignored';
  end case;
end $$;

-- Open invitations of somebody who lost rights, and with p_credentials the keys and credentials he had made.
create function engine.end_what_member_made(p_workspace uuid, p_person uuid, p_at timestamptz, p_credentials boolean) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_actor text := 'member:' || p_person;
begin
  update invitation i set revoked_at = p_at
  where i.workspace_id = p_workspace and i.created_by = v_actor and i.created_at < p_at and i.accepted_at is null and i.revoked_at is null;
  if p_credentials then
    update api_key k set revoked_at = p_at
    where k.workspace_id = p_workspace and k.created_by = v_actor and k.created_at < p_at and k.revoked_at is null;
    update smtp_credential c set revoked_at = p_at
    where c.workspace_id = p_workspace and c.created_by = v_actor and c.created_at < p_at and c.revoked_at is null;
  end if;
end $$;

-- Whether a role has rights of the other and no more: as in roles.ts, which a test compares.
create function engine.is_lower_role(p_role text, p_than text) returns boolean
language sql immutable security definer set search_path = public, engine, pg_temp as $$
  select case p_than
    when 'owner' then p_role in ('admin', 'developer', 'marketer', 'analyst', 'auditor')
    when 'admin' then p_role in ('developer', 'marketer', 'analyst', 'auditor')
    when 'developer' then p_role in ('marketer', 'analyst')
    else false end
$$;

-- Networks that lie in both lists, where an empty one means everywhere; where they have nothing in common the second.
create function engine.narrower(p_one cidr[], p_other cidr[]) returns cidr[]
language sql immutable security definer set search_path = public, engine, pg_temp as $$
  select case
    when cardinality(p_other) = 0 then p_one
    when cardinality(p_one) = 0 then p_other
    else coalesce(nullif(array(
      select distinct x from (
        select o as x from unnest(p_one) o where exists (select from unnest(p_other) t where o <<= t)
        union all
        select t from unnest(p_other) t where exists (select from unnest(p_one) o where t <<= o)) both_lists
      order by x), '{}'), p_other) end
$$;

-- Acts that took something away, again. Signature, outcomes and bounds as in 0010, whose function judges what is not about people.
alter function engine.replay_acts(jsonb) rename to replay_acts_of_workspaces;
revoke execute on function engine.replay_acts_of_workspaces(jsonb) from bulkhead_audit;
create function engine.replay_acts(p_records jsonb) returns table ("position" integer, action text, target text, outcome text)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare r record;
begin
  for r in select w."position" as place, w.action, w.target, w.outcome from engine.replay_acts_of_workspaces(p_records) w order by 1 loop
    "position" := r.place;
    action := r.action;
    target := r.target;
    outcome := case when r.outcome = 'ignored' then engine.replay_act_of_person(p_records -> (r.place - 1), p_records) else r.outcome end;
    return next;
  end loop;
end $$;

-- Ends what an older backup has open and the log knows nothing of: sessions, links in letters, log-ins that are under way, codes that may have
-- been shown, changes and recoveries that somebody may have stopped. People log in anew and ask anew.
create function engine.close_after_restore() returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_floor bigint;
  v_reason constant text := 'The database was restored from an older backup';
begin
  lock table epoch in row exclusive mode;
  v_floor := nextval('engine.epoch_counter');
  insert into epoch as e (scope, workspace_id, subject, class, floor, actor, reason)
  values ('installation', null, null, 'session', v_floor, 'system:restore', v_reason)
  on conflict on constraint epoch_reach do update
  set floor = greatest(e.floor, excluded.floor), bumped_at = now(), actor = excluded.actor, reason = excluded.reason;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), null, 'system:restore', 'epoch.bumped', null, jsonb_build_object(
    'scope', 'installation', 'workspace', null, 'subject', null, 'class', 'session', 'floor', v_floor, 'reason', v_reason));
  update account.token t set used_at = clock_timestamp() where t.used_at is null;
  update account.login_attempt a set expires_at = least(a.expires_at, clock_timestamp()), told_at = coalesce(a.told_at, clock_timestamp())
  where a.state <> 'done';
  delete from account.challenge;
  delete from account.sso_state;
  -- Codes of the step after this one may have been shown already: clocks differ (RFC 6238, section 5.2).
  update account.totp t set last_step = greatest(t.last_step, floor(extract(epoch from clock_timestamp()) / 30)::bigint + 1)
  where t.confirmed_at is not null;
  update account.email_change c set state = 'expired', ended_at = clock_timestamp(), sealed_email = null where c.ended_at is null;
  update account.recovery r set state = 'cancelled', ended_at = clock_timestamp(), ended_by = 'system:restore' where r.ended_at is null;
  update account.request r set done_at = clock_timestamp(), sealed_email = null, sealed_client = null
  where r.done_at is null and r.kind in ('reset', 'recovery', 'email_change');
  -- Its link is dead; the address is invited anew.
  update invitation i set expires_at = least(i.expires_at, clock_timestamp()) where i.accepted_at is null and i.revoked_at is null;
  delete from policy_change;
  perform pg_notify('bulkhead_epochs', '');
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('erase_person', 'delete_person', 'take_factor_again', 'replay_act_of_person',
      'end_what_member_made', 'is_lower_role', 'narrower', 'replay_acts', 'close_after_restore', 'refuse_contained', 'keep_an_owner')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.replay_acts, engine.close_after_restore to bulkhead_audit;
revoke create on schema engine from bulkhead_engine;
