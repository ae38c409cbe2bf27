-- Second factors of people: passkeys, authenticator apps, recovery codes; the challenges that assertions answer, and how many guesses
-- are left. Lock impact: none, these are new tables.
--
-- Each change is judged under the lock of the person's row, and its audit record and its alarm are in the same commit.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table account.passkey (
  id uuid primary key,
  person_id uuid not null references account.person on delete cascade,
  credential_id bytea not null unique check (length(credential_id) between 1 and 1023),
  public_key bytea not null check (length(public_key) between 32 and 2048),
  binding bytea not null,
  sealed_name bytea not null,
  sign_count bigint not null default 0,
  transports text[] not null default '{}' check (cardinality(transports) <= 10),
  created_at timestamptz not null default clock_timestamp(),
  last_used_at timestamptz,
  cloned_at timestamptz
);
create index passkey_person on account.passkey (person_id, id);
comment on table account.passkey is 'class: credential. Passkeys. Kept: until they are removed.';
comment on column account.passkey.id is 'class: identifier.';
comment on column account.passkey.person_id is 'class: identifier.';
comment on column account.passkey.credential_id is 'class: public. Random, made by the authenticator; it finds the passkey where nobody is named.';
comment on column account.passkey.public_key is 'class: public. COSE key; signs nothing.';
comment on column account.passkey.binding is 'class: credential hash. HMAC under the pepper of id, person, credential id and public key. Without it, it opens nothing.';
comment on column account.passkey.sealed_name is 'class: personal, sealed (content). What the person calls the device.';
comment on column account.passkey.sign_count is 'class: operational. Counter of the last assertion; 0 for authenticators that do not count.';
comment on column account.passkey.transports is 'class: operational. How browsers reach it.';
comment on column account.passkey.created_at is 'class: operational.';
comment on column account.passkey.last_used_at is 'class: operational.';
comment on column account.passkey.cloned_at is 'class: operational. When it last counted backwards: there are two of it.';
grant select, insert, update, delete on account.passkey to bulkhead_engine;

create table account.totp (
  id uuid primary key,
  person_id uuid not null references account.person on delete cascade,
  sealed_seed bytea not null check (length(sealed_seed) <= 256),
  last_step bigint not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  confirmed_at timestamptz,
  last_used_at timestamptz
);
create unique index totp_one on account.totp (person_id) where confirmed_at is not null;
create unique index totp_one_begun on account.totp (person_id) where confirmed_at is null;
create index totp_person on account.totp (person_id);
comment on table account.totp is 'class: credential. Authenticator apps: one of a person, and one that waits for its first code. Kept: until it is removed.';
comment on column account.totp.id is 'class: identifier.';
comment on column account.totp.person_id is 'class: identifier.';
comment on column account.totp.sealed_seed is 'class: credential, sealed (totp). Opened in the keyring alone, for this row and person.';
comment on column account.totp.last_step is 'class: operational. Time step of the last code: it and those before are used up (RFC 6238, section 5.2).';
comment on column account.totp.created_at is 'class: operational.';
comment on column account.totp.confirmed_at is 'class: operational. When a first code was right; before, it is no factor.';
comment on column account.totp.last_used_at is 'class: operational.';
grant select, insert, update, delete on account.totp to bulkhead_engine;

create table account.recovery_code (
  code_hash bytea primary key,
  person_id uuid not null references account.person on delete cascade,
  created_at timestamptz not null default clock_timestamp(),
  used_at timestamptz
);
create index recovery_code_person on account.recovery_code (person_id);
comment on table account.recovery_code is 'class: credential. Recovery codes. Kept: until new ones are made.';
comment on column account.recovery_code.code_hash is 'class: credential hash. HMAC of person and code under a pepper that only the keyring has.';
comment on column account.recovery_code.person_id is 'class: identifier.';
comment on column account.recovery_code.created_at is 'class: operational.';
comment on column account.recovery_code.used_at is 'class: operational. It works once.';
grant select, insert, update, delete on account.recovery_code to bulkhead_engine;

create table account.challenge (
  challenge_hash bytea primary key,
  purpose text not null check (purpose in ('register', 'log_in', 'step_up')),
  person_id uuid references account.person on delete cascade,
  bound_to text not null check (length(bound_to) between 1 and 100),
  expires_at timestamptz not null,
  binding bytea not null
);
create index challenge_expires on account.challenge (expires_at);
create index challenge_person on account.challenge (person_id, expires_at);
comment on table account.challenge is 'class: operational. Challenges that passkeys have not answered yet. Kept: 5 minutes, and gone when presented.';
comment on column account.challenge.challenge_hash is 'class: credential hash. SHA-256 of the challenge.';
comment on column account.challenge.purpose is 'class: operational.';
comment on column account.challenge.person_id is 'class: identifier. Who may answer it; null where the passkey says who.';
comment on column account.challenge.bound_to is 'class: identifier. The session or the attempt to log in for which it was made.';
comment on column account.challenge.expires_at is 'class: operational.';
comment on column account.challenge.binding is 'class: credential hash. HMAC under the pepper of all the others: no old answer comes back under a new end.';
grant select, insert, update, delete on account.challenge to bulkhead_engine;

create table account.factor_guesses (
  person_id uuid not null references account.person on delete cascade,
  kind text not null check (kind in ('totp', 'recovery', 'enrolment')),
  tokens double precision not null,
  taken_at timestamptz not null,
  in_a_row integer not null default 0,
  primary key (person_id, kind)
);
comment on table account.factor_guesses is 'class: operational. How often codes of a person may still be guessed. Kept: until a factor was right.';
comment on column account.factor_guesses.person_id is 'class: identifier.';
comment on column account.factor_guesses.kind is 'class: operational.';
comment on column account.factor_guesses.tokens is 'class: operational. Guesses that were left at taken_at.';
comment on column account.factor_guesses.taken_at is 'class: operational.';
comment on column account.factor_guesses.in_a_row is 'class: operational. Guesses since a factor was last right.';
grant select, insert, update, delete on account.factor_guesses to bulkhead_engine;

-- Locks a person who may sign in; false where there is none. Changes of one person's factors come one after the other.
create function engine.hold_person(p_person uuid) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  perform from account.person p where p.id = p_person and p.disabled_at is null and not p.honey for update;
  return found;
end $$;

-- Factors that open a session by themselves; recovery codes do not count.
create function engine.strong_factors(p_person uuid) returns integer
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select (select count(*) from account.passkey k where k.person_id = p_person)::integer
       + (select count(*) from account.totp t where t.person_id = p_person and t.confirmed_at is not null)::integer
$$;

-- Record and alarm of a change, in its commit: whoever changes factors cannot keep it from the person.
create function engine.tell_factor(p_person uuid, p_what text, p_severity text, p_factor text, p_detail jsonb) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_detail jsonb := jsonb_build_object('factor', p_factor) || p_detail;
begin
  perform engine.record_person(p_person, 'second_factor.' || p_what, v_detail);
  perform engine.raise_alert('second_factor.' || p_what, p_severity, null, p_person, p_factor, interval '0', v_detail);
end $$;

-- The first factor ends every session that was opened without one.
create function engine.count_as_first(p_person uuid, p_before integer) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  delete from account.factor_guesses g where g.person_id = p_person;
  if p_before > 0 then return 'added'; end if;
  perform engine.revoke_sessions(p_person, null, null);
  return 'added_first';
end $$;

create function engine.factor_state(p_person uuid) returns table (
  totp_id uuid, totp_created_at timestamptz, totp_last_used_at timestamptz, recovery_codes integer, sealed_email bytea
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select t.id, t.confirmed_at, t.last_used_at,
         (select count(*) from account.recovery_code c where c.person_id = p.id and c.used_at is null)::integer, p.sealed_email
  from account.person p
  left join account.totp t on t.person_id = p.id and t.confirmed_at is not null
  where p.id = p_person
$$;

create function engine.list_passkeys(p_person uuid) returns setof account.passkey
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select k.* from account.passkey k where k.person_id = p_person order by k.id limit 100
$$;

create function engine.find_passkey(p_credential bytea) returns setof account.passkey
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select k.* from account.passkey k where k.credential_id = p_credential
$$;

-- Stores a challenge and sweeps a few that nobody answered. A person has at most 20 at a time, the newest.
create function engine.put_challenge(
  p_hash bytea, p_purpose text, p_person uuid, p_bound_to text, p_expires timestamptz, p_binding bytea
) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if p_expires > clock_timestamp() + interval '10 minutes' then
    raise exception 'a challenge lives for minutes' using errcode = '22023';
  end if;
  delete from account.challenge c where c.challenge_hash in (
    select x.challenge_hash from account.challenge x where x.expires_at < clock_timestamp() order by x.expires_at limit 50 for update skip locked);
  delete from account.challenge c where c.challenge_hash in (
    select x.challenge_hash from account.challenge x where x.person_id = p_person order by x.expires_at desc offset 19);
  insert into account.challenge (challenge_hash, purpose, person_id, bound_to, expires_at, binding)
  values (p_hash, p_purpose, p_person, p_bound_to, p_expires, p_binding);
end $$;

-- Burns a challenge: whoever presents it first has it, whatever becomes of the answer.
create function engine.take_challenge(p_hash bytea) returns table (
  purpose text, person_id uuid, bound_to text, expires_at timestamptz, binding bytea, alive boolean
)
language sql security definer set search_path = public, engine, pg_temp as $$
  delete from account.challenge c where c.challenge_hash = p_hash
  returning c.purpose, c.person_id, c.bound_to, c.expires_at, c.binding, c.expires_at > clock_timestamp()
$$;

-- Adds a passkey: added_first, added, not_first (p_first, and there is a factor), known, too_many or gone.
create function engine.add_passkey(
  p_person uuid, p_id uuid, p_credential bytea, p_key bytea, p_binding bytea, p_name bytea, p_count bigint, p_transports text[], p_first boolean
) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_before integer;
begin
  if not engine.hold_person(p_person) then return 'gone'; end if;
  v_before := engine.strong_factors(p_person);
  if p_first and v_before > 0 then return 'not_first'; end if;
  if (select count(*) >= 20 from account.passkey k where k.person_id = p_person) then return 'too_many'; end if;
  insert into account.passkey (id, person_id, credential_id, public_key, binding, sealed_name, sign_count, transports)
  values (p_id, p_person, p_credential, p_key, p_binding, p_name, p_count, p_transports)
  on conflict (credential_id) do nothing;
  if not found then return 'known'; end if;
  perform engine.tell_factor(p_person, 'added', 'medium', p_id::text, jsonb_build_object('kind', 'passkey', 'first', v_before = 0));
  return engine.count_as_first(p_person, v_before);
end $$;

-- Takes over the counter of a verified assertion. False where it did not go up: there is a copy of the authenticator (WebAuthn, section 7.2).
create function engine.use_passkey(p_id uuid, p_count bigint) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_key account.passkey;
begin
  select k.* into v_key from account.passkey k where k.id = p_id for update;
  if not found then return false; end if;
  if (p_count > 0 or v_key.sign_count > 0) and p_count <= v_key.sign_count then
    update account.passkey k set cloned_at = clock_timestamp() where k.id = p_id;
    perform engine.tell_factor(v_key.person_id, 'cloned', 'critical', p_id::text, jsonb_build_object('stored', v_key.sign_count, 'shown', p_count));
    return false;
  end if;
  update account.passkey k set sign_count = p_count, last_used_at = clock_timestamp() where k.id = p_id;
  delete from account.factor_guesses g where g.person_id = v_key.person_id;
  return true;
end $$;

-- A passkey that does not fit its row: told once in an hour.
create function engine.report_forged_passkey(p_id uuid) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_person uuid;
begin
  select k.person_id into v_person from account.passkey k where k.id = p_id;
  if v_person is null then return; end if;
  if engine.raise_alert('second_factor.forged', 'critical', null, v_person, p_id::text, interval '1 hour', jsonb_build_object('factor', p_id::text)) is not null then
    perform engine.record_person(v_person, 'second_factor.forged', jsonb_build_object('factor', p_id::text));
  end if;
end $$;

-- Takes the place of an authenticator app that was begun and not confirmed. begun, not_first or gone.
create function engine.begin_totp(p_person uuid, p_id uuid, p_seed bytea, p_first boolean) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if not engine.hold_person(p_person) then return 'gone'; end if;
  if p_first and engine.strong_factors(p_person) > 0 then return 'not_first'; end if;
  delete from account.totp t where t.person_id = p_person and t.confirmed_at is null;
  insert into account.totp (id, person_id, sealed_seed) values (p_id, p_person, p_seed);
  update account.factor_guesses g set in_a_row = 0 where g.person_id = p_person and g.kind = 'enrolment';
  return 'begun';
end $$;

-- The app of a person, or the one that waits for its first code, for an hour.
create function engine.find_totp(p_person uuid, p_confirmed boolean) returns table (id uuid, sealed_seed bytea, last_step bigint)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select t.id, t.sealed_seed, t.last_step from account.totp t
  where t.person_id = p_person and (t.confirmed_at is not null) = p_confirmed
    and (p_confirmed or t.created_at > clock_timestamp() - interval '1 hour')
$$;

-- The first code was right: the app is a factor, in place of an older one. added_first, added, replaced, not_first or gone.
create function engine.confirm_totp(p_person uuid, p_id uuid, p_step bigint, p_first boolean) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_before integer;
  v_replaced boolean;
begin
  if not engine.hold_person(p_person) then return 'gone'; end if;
  v_before := engine.strong_factors(p_person);
  if p_first and v_before > 0 then return 'not_first'; end if;
  perform from account.totp t where t.id = p_id and t.person_id = p_person and t.confirmed_at is null;
  if not found then return 'gone'; end if;
  delete from account.totp t where t.person_id = p_person and t.confirmed_at is not null;
  v_replaced := found;
  update account.totp t set confirmed_at = clock_timestamp(), last_step = p_step, last_used_at = clock_timestamp() where t.id = p_id;
  perform engine.tell_factor(p_person, 'added', 'medium', p_id::text,
    jsonb_build_object('kind', 'totp', 'first', v_before = 0, 'replaced', v_replaced));
  if v_replaced then return 'replaced'; end if;
  return engine.count_as_first(p_person, v_before);
end $$;

-- Uses up a time step: of two uses of one code at the same time, one is answered true (RFC 6238, section 5.2).
create function engine.use_totp(p_person uuid, p_id uuid, p_step bigint) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update account.totp t set last_step = p_step, last_used_at = clock_timestamp()
  where t.id = p_id and t.person_id = p_person and t.confirmed_at is not null and t.last_step < p_step;
  if not found then return false; end if;
  delete from account.factor_guesses g where g.person_id = p_person;
  return true;
end $$;

-- Recovery codes in place of those there were. False without another factor: they stand in for one.
create function engine.set_recovery_codes(p_person uuid, p_hashes bytea[]) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if cardinality(p_hashes) <> 10 then
    raise exception 'ten recovery codes' using errcode = '22023';
  end if;
  if not engine.hold_person(p_person) or engine.strong_factors(p_person) = 0 then return false; end if;
  delete from account.recovery_code c where c.person_id = p_person;
  insert into account.recovery_code (code_hash, person_id) select h, p_person from unnest(p_hashes) as h;
  perform engine.tell_factor(p_person, 'recovery_codes_made', 'medium', 'recovery', '{}');
  return true;
end $$;

-- How many are left after this one was used; null where it is none, or was used.
create function engine.use_recovery_code(p_person uuid, p_hash bytea) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_left integer;
begin
  update account.recovery_code c set used_at = clock_timestamp()
  where c.code_hash = p_hash and c.person_id = p_person and c.used_at is null;
  if not found then return null; end if;
  select count(*) into v_left from account.recovery_code c where c.person_id = p_person and c.used_at is null;
  delete from account.factor_guesses g where g.person_id = p_person;
  perform engine.tell_factor(p_person, 'recovery_code_used', 'high', 'recovery', jsonb_build_object('left', v_left));
  return v_left;
end $$;

-- Removes a factor and ends all sessions but p_session: removed, required (a workspace of the person demands one that would be the last),
-- or missing.
create function engine.remove_factor(p_person uuid, p_id uuid, p_session uuid) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_kind text;
  v_passkeys integer;
  v_totp integer;
begin
  if not engine.hold_person(p_person) then return 'missing'; end if;
  select x.kind into v_kind from (
    select 'passkey' as kind from account.passkey k where k.id = p_id and k.person_id = p_person
    union all
    select 'totp' from account.totp t where t.id = p_id and t.person_id = p_person and t.confirmed_at is not null) x;
  if not found then return 'missing'; end if;
  select count(*) into v_passkeys from account.passkey k where k.person_id = p_person and k.id <> p_id;
  select count(*) into v_totp from account.totp t where t.person_id = p_person and t.confirmed_at is not null and t.id <> p_id;
  if exists (
    select from member m left join workspace_policy y on y.workspace_id = m.workspace_id
    where m.person_id = p_person and m.revoked_at is null
      and (coalesce(y.second_factor, 'required') = 'required' and v_passkeys + v_totp = 0
        or y.second_factor = 'passkey' and v_kind = 'passkey' and v_passkeys = 0)
  ) then return 'required'; end if;
  delete from account.passkey k where k.id = p_id;
  delete from account.totp t where t.id = p_id;
  if v_passkeys + v_totp = 0 then delete from account.recovery_code c where c.person_id = p_person; end if;
  perform engine.tell_factor(p_person, 'removed', 'high', p_id::text, jsonb_build_object('kind', v_kind, 'left', v_passkeys + v_totp));
  perform engine.revoke_sessions(p_person, null, p_session);
  return 'removed';
end $$;

-- Takes one of the guesses before it is judged: 0, the seconds until there is one, or -1 where another factor must be right first.
-- Five at once and one in 30 s; a hundred in a row at most (NIST SP 800-63B-4, section 3.2.2). Whoever guesses has the password already.
create function engine.take_guess(p_person uuid, p_kind text) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_now timestamptz;
  v_row account.factor_guesses;
  v_tokens double precision;
begin
  insert into account.factor_guesses (person_id, kind, tokens, taken_at)
  select p.id, p_kind, 5, clock_timestamp() from account.person p where p.id = p_person
  on conflict do nothing;
  select g.* into v_row from account.factor_guesses g where g.person_id = p_person and g.kind = p_kind for update;
  if not found then return -1; end if;
  if v_row.in_a_row >= 100 then return -1; end if;
  v_now := clock_timestamp();
  v_tokens := least(5, v_row.tokens + greatest(0, extract(epoch from v_now - v_row.taken_at)) / 30);
  if v_tokens < 1 then return ceil((1 - v_tokens) * 30); end if;
  update account.factor_guesses g set tokens = v_tokens - 1, taken_at = v_now, in_a_row = g.in_a_row + 1
  where g.person_id = p_person and g.kind = p_kind;
  if v_row.in_a_row = 99 and p_kind <> 'enrolment' then perform engine.tell_factor(p_person, 'locked', 'critical', p_kind, '{}'); end if;
  return 0;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('hold_person', 'strong_factors', 'tell_factor', 'count_as_first', 'factor_state',
      'list_passkeys', 'find_passkey', 'put_challenge', 'take_challenge', 'add_passkey', 'use_passkey', 'report_forged_passkey',
      'begin_totp', 'find_totp', 'confirm_totp', 'use_totp', 'set_recovery_codes', 'use_recovery_code', 'remove_factor', 'take_guess')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.factor_state, engine.list_passkeys, engine.find_passkey, engine.put_challenge, engine.take_challenge,
  engine.add_passkey, engine.use_passkey, engine.report_forged_passkey, engine.begin_totp, engine.find_totp, engine.confirm_totp,
  engine.use_totp, engine.set_recovery_codes, engine.use_recovery_code, engine.remove_factor, engine.take_guess to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
