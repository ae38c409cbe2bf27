-- Log-in: attempts between the password and the second factor, devices that are known.
-- Lock impact: none, these are new tables.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table account.login_attempt (
  id uuid primary key,
  person_id uuid not null references account.person on delete cascade,
  token_hash bytea not null unique,
  binding bytea not null,
  state text not null check (state in ('email_code', 'second_factor', 'done')),
  code_hash bytea,
  tries_left integer not null check (tries_left between 0 and 10),
  device_known boolean not null,
  client_key bytea not null,
  sealed_client bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  abandon_at timestamptz not null,
  abandoned_at timestamptz,
  claimed_until timestamptz,
  told_at timestamptz,
  check ((state = 'email_code') <= (code_hash is not null))
);
create index login_attempt_open on account.login_attempt (abandon_at) where told_at is null and state <> 'done';
create index login_attempt_person on account.login_attempt (person_id, created_at);
create index login_attempt_created on account.login_attempt (created_at);
comment on table account.login_attempt is 'class: credential. Log-ins whose password was right and whose second factor is awaited. Kept: 7 days.';
comment on column account.login_attempt.id is 'class: identifier.';
comment on column account.login_attempt.person_id is 'class: identifier.';
comment on column account.login_attempt.token_hash is 'class: credential hash. HMAC of the challenge''s SHA-256 under the credential pepper.';
comment on column account.login_attempt.binding is 'class: credential hash. HMAC under the pepper of id, person and digest: a row that was moved opens nothing.';
comment on column account.login_attempt.state is 'class: operational. What is awaited.';
comment on column account.login_attempt.code_hash is 'class: credential hash. HMAC under the pepper of id and code; only where a code was mailed.';
comment on column account.login_attempt.tries_left is 'class: operational. Taken before a try is looked at, so that parallel ones are none too many.';
comment on column account.login_attempt.device_known is 'class: operational. Whether the device had signed this person in before.';
comment on column account.login_attempt.client_key is 'class: blind index. HMAC of the network that showed the password; the second factor comes from there too.';
comment on column account.login_attempt.sealed_client is 'class: personal, sealed (content). Browser and address, as JSON: the owner is told.';
comment on column account.login_attempt.created_at is 'class: operational. By the clock of the database.';
comment on column account.login_attempt.expires_at is 'class: operational.';
comment on column account.login_attempt.abandon_at is 'class: operational. When it counts as abandoned unless it is done.';
comment on column account.login_attempt.abandoned_at is 'class: operational. When it was found abandoned.';
comment on column account.login_attempt.claimed_until is 'class: operational. Until when a process tells the owner; then another one may.';
comment on column account.login_attempt.told_at is 'class: operational. When the letter to the owner was committed.';
grant select, insert, update, delete on account.login_attempt to bulkhead_engine;

create table account.device (
  person_id uuid not null references account.person on delete cascade,
  mark_hash bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  last_seen_at timestamptz not null default clock_timestamp(),
  primary key (person_id, mark_hash)
);
create index device_seen on account.device (last_seen_at);
comment on table account.device is 'class: credential. Browsers that have signed a person in: the last 50. Kept: 180 days after the last log-in.';
comment on column account.device.person_id is 'class: identifier.';
comment on column account.device.mark_hash is 'class: credential hash. HMAC under the credential pepper of the person and the mark in the device''s cookie.';
comment on column account.device.created_at is 'class: operational.';
comment on column account.device.last_seen_at is 'class: operational.';
grant select, insert, update, delete on account.device to bulkhead_engine;

-- What a log-in looks at: one row always, of nulls for an address that nobody has, by the same plan.
create function engine.log_in_facts(p_index bytea) returns table (
  person_id uuid, password_hash bytea, password_salt bytea, password_params text, refused boolean, must_reset boolean, flagged boolean
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select p.id, p.password_hash, p.password_salt, p.password_params, p.disabled_at is not null or p.honey, p.must_reset,
         p.flagged_at is not null
  from (select 1) one left join account.person p on p.email_index = p_index
$$;

-- The same password under the costs of today; false where it is another one by now. Nothing else changes: no session and no log-in ends.
create function engine.rehash_password(p_person uuid, p_old bytea, p_hash bytea, p_salt bytea, p_params text) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update account.person p set password_hash = p_hash, password_salt = p_salt, password_params = p_params
  where p.id = p_person and p.password_hash = p_old and p.disabled_at is null;
  return found;
end $$;

-- Whether this device has signed the person in before; the same probe for nobody.
create function engine.is_device_known(p_person uuid, p_mark bytea) returns boolean
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select exists (select from account.device d where d.person_id = p_person and d.mark_hash = p_mark)
$$;

-- How a person signs in: where letters go, how long a session may be, whether all his workspaces take him without a second factor: who has
-- the password alone could add one, and enter with it those that demand it.
create function engine.sign_in_facts(p_person uuid) returns table (
  email_index bytea, sealed_email bytea, hours integer, is_factor_optional boolean
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select p.email_index, p.sealed_email, coalesce(w.hours, 168), coalesce(w.is_optional, false)
  from account.person p
  cross join lateral (
    select max(coalesce(y.session_hours, 168)) as hours, bool_and(coalesce(y.second_factor, 'required') = 'optional') as is_optional
    from member m left join workspace_policy y on y.workspace_id = m.workspace_id
    where m.person_id = p.id and m.revoked_at is null
  ) w
  where p.id = p_person
$$;

-- Remembers a device; answers whether it was known. The oldest beyond 50 are forgotten.
create function engine.remember_device(p_person uuid, p_mark bytea) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_new boolean;
begin
  insert into account.device as d (person_id, mark_hash) values (p_person, p_mark)
  on conflict (person_id, mark_hash) do update set last_seen_at = clock_timestamp()
  returning xmax = 0 into v_new;
  if v_new then
    delete from account.device d
    where d.person_id = p_person and d.mark_hash in (
      select x.mark_hash from account.device x where x.person_id = p_person order by x.last_seen_at desc offset 50);
  end if;
  return not v_new;
end $$;

-- The password was right. Five tries and ten minutes for what is missing.
create function engine.open_log_in(
  p_id uuid, p_person uuid, p_hash bytea, p_binding bytea, p_code bytea, p_known boolean, p_client bytea, p_sealed bytea, p_abandon_seconds integer
) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  insert into account.login_attempt (id, person_id, token_hash, binding, state, code_hash, tries_left, device_known, client_key, sealed_client,
    expires_at, abandon_at)
  values (p_id, p_person, p_hash, p_binding, case when p_code is null then 'second_factor' else 'email_code' end, p_code, 5, p_known, p_client,
    p_sealed, clock_timestamp() + interval '10 minutes',
    clock_timestamp() + make_interval(secs => greatest(1, least(600, p_abandon_seconds))))
$$;

-- Of a challenge that is open, from the network that showed the password; nothing is spent by looking.
create function engine.read_log_in(p_hash bytea, p_client bytea) returns table (
  id uuid, person_id uuid, binding bytea, state text, code_hash bytea, device_known boolean
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select a.id, a.person_id, a.binding, a.state, a.code_hash, a.device_known
  from account.login_attempt a join account.person p on p.id = a.person_id
  where a.token_hash = p_hash and a.client_key = p_client and a.state <> 'done' and a.tries_left > 0
    and a.expires_at > clock_timestamp() and p.disabled_at is null and not p.honey and not p.must_reset
    -- The password that was shown is the one of now: a reset ends what was begun before it.
    and (p.password_set_at is null or p.password_set_at <= a.created_at)
$$;

-- A try is taken before it is looked at: the row's lock makes parallel guesses wait, and the sixth finds none left (GHSA-7h8m-vrxx-vr4m).
-- Guesses over all challenges and sessions of a person are counted with the factors (0019).
create function engine.spend_log_in_try(p_id uuid) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update account.login_attempt a set tries_left = a.tries_left - 1
  where a.id = p_id and a.state <> 'done' and a.tries_left > 0 and a.expires_at > clock_timestamp();
  return found;
end $$;

-- The one way from state to state; null where the event has no place in the state. Each event happens once.
create function engine.move_log_in(p_id uuid, p_event text) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_state text;
begin
  update account.login_attempt a
  set state = case p_event when 'code' then 'second_factor' else 'done' end,
      abandon_at = case p_event when 'code' then least(a.expires_at, clock_timestamp() + interval '45 seconds') else a.abandon_at end
  from account.person p
  where a.id = p_id and p.id = a.person_id and p.disabled_at is null and not p.honey and not p.must_reset
    and (p.password_set_at is null or p.password_set_at <= a.created_at)
    and a.expires_at > clock_timestamp()
    and (a.state, p_event) in (('email_code', 'code'), ('email_code', 'passkey'), ('second_factor', 'factor'), ('second_factor', 'passkey'))
  returning a.state into v_state;
  return v_state;
end $$;

-- The right password alone opens nothing any more. Answers whether this is new.
create function engine.demand_reset(p_person uuid, p_reason text) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update account.person p set must_reset = true where p.id = p_person and not p.must_reset;
  if not found then return false; end if;
  begin
    perform engine.record_person(p_person, 'person.reset_demanded', jsonb_build_object('reason', p_reason));
  exception when sqlstate 'BH503' then
    -- Taking away does not wait for the audit log.
    null;
  end;
  return true;
end $$;

-- Log-ins whose second factor did not come, each for one process at a time until its owner is told. The third within a day demands a reset.
create function engine.claim_abandoned(p_limit integer) returns table (
  id uuid, person_id uuid, sealed_client bytea, device_known boolean, created_at timestamptz, sealed_email bytea, reset_demanded boolean
)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_one record;
  v_first boolean;
  v_count integer;
begin
  for v_one in
    select a.id, a.person_id, a.abandoned_at, a.sealed_client, a.device_known, a.created_at, p.sealed_email
    from account.login_attempt a join account.person p on p.id = a.person_id
    where a.told_at is null and a.state <> 'done' and (a.abandon_at <= clock_timestamp() or a.tries_left = 0)
      and (a.claimed_until is null or a.claimed_until < clock_timestamp())
    order by a.abandon_at
    limit least(p_limit, 200)
    for update of a skip locked
  loop
    v_first := v_one.abandoned_at is null;
    update account.login_attempt a
    set claimed_until = clock_timestamp() + interval '20 seconds', abandoned_at = coalesce(a.abandoned_at, clock_timestamp())
    where a.id = v_one.id;
    if v_first then
      begin
        perform engine.record_person(v_one.person_id, 'log_in.abandoned', jsonb_build_object('knownDevice', v_one.device_known));
      exception when sqlstate 'BH503' then
        null;
      end;
    end if;
    select count(*) into v_count from account.login_attempt a
    where a.person_id = v_one.person_id and a.created_at > clock_timestamp() - interval '24 hours' and a.abandoned_at is not null
      and a.state <> 'done';
    if v_count >= 3 then perform engine.demand_reset(v_one.person_id, 'second_factor.abandoned'); end if;
    id := v_one.id;
    person_id := v_one.person_id;
    sealed_client := v_one.sealed_client;
    device_known := v_one.device_known;
    created_at := v_one.created_at;
    sealed_email := v_one.sealed_email;
    reset_demanded := v_count >= 3;
    return next;
  end loop;
end $$;

create function engine.settle_abandoned(p_id uuid) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  update account.login_attempt a set told_at = clock_timestamp() where a.id = p_id
$$;

-- Takes away what is kept no longer, at most p_limit of each; answers how much.
create function engine.trim_log_in(p_limit integer) returns bigint
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_all bigint := 0;
  v_count bigint;
begin
  delete from account.login_attempt a
  where a.id in (select x.id from account.login_attempt x where x.created_at < clock_timestamp() - interval '7 days' limit p_limit);
  get diagnostics v_count = row_count;
  v_all := v_all + v_count;
  delete from account.device d
  where (d.person_id, d.mark_hash) in (
    select x.person_id, x.mark_hash from account.device x where x.last_seen_at < clock_timestamp() - interval '180 days' limit p_limit);
  get diagnostics v_count = row_count;
  v_all := v_all + v_count;
  delete from account.session s
  where s.id in (select x.id from account.session x where x.expires_at < clock_timestamp() - interval '30 days' limit p_limit);
  get diagnostics v_count = row_count;
  return v_all + v_count;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('log_in_facts', 'rehash_password', 'is_device_known', 'sign_in_facts', 'remember_device', 'open_log_in',
      'read_log_in', 'spend_log_in_try', 'move_log_in', 'demand_reset', 'claim_abandoned', 'settle_abandoned', 'trim_log_in')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.log_in_facts, engine.rehash_password, engine.is_device_known, engine.sign_in_facts, engine.remember_device, engine.open_log_in,
  engine.read_log_in, engine.spend_log_in_try, engine.move_log_in, engine.demand_reset, engine.claim_abandoned, engine.settle_abandoned, engine.trim_log_in to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
