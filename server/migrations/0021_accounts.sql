-- Accounts: what was asked for by e-mail address, tokens of links in mail, changes of address, recoveries.
-- Lock impact: a short exclusive lock on account.person (a nullable column); the other tables are new.
--
-- Anonymous operations write a row of account.request and answer; nothing that depends on whether an address is known happens before the
-- answer. A loop works the rows off.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

alter table account.person add column deleted_at timestamptz;
comment on column account.person.deleted_at is 'class: operational. Nothing personal is left in the row; it stays because memberships name it.';

create table account.request (
  id uuid primary key,
  kind text not null check (kind in ('sign_up', 'reset', 'recovery', 'email_change', 'password_changed', 'password_reset', 'recovered',
    'email_changed', 'email_change_refused', 'suspended', 'signed_out')),
  person_id uuid references account.person on delete cascade,
  email_index bytea not null,
  sealed_email bytea,
  sealed_client bytea,
  created_at timestamptz not null default clock_timestamp(),
  due_at timestamptz not null default clock_timestamp(),
  attempts integer not null default 0,
  done_at timestamptz,
  check ((done_at is null) = (sealed_email is not null)),
  check ((kind in ('sign_up', 'reset', 'recovery')) = (person_id is null))
);
create index request_due on account.request (due_at) where done_at is null;
create index request_done on account.request (done_at) where done_at is not null;
create index request_person on account.request (person_id);
comment on table account.request is 'class: personal. What was asked for with an e-mail address, and what a person must be told. Kept: the address until it is worked off, the rest 30 days.';
comment on column account.request.id is 'class: identifier.';
comment on column account.request.kind is 'class: operational.';
comment on column account.request.person_id is 'class: identifier. Who asked, where somebody who was signed in did; who is told.';
comment on column account.request.email_index is 'class: blind index. Of the address that was typed, whether anybody has it or not.';
comment on column account.request.sealed_email is 'class: personal, sealed (content). The address; null once worked off.';
comment on column account.request.sealed_client is 'class: personal, sealed (content). Network address and browser, as JSON; null once worked off.';
comment on column account.request.created_at is 'class: operational.';
comment on column account.request.due_at is 'class: operational. When it is worked off, or tried again.';
comment on column account.request.attempts is 'class: operational. How often it was taken up.';
comment on column account.request.done_at is 'class: operational.';
grant select, insert, update, delete on account.request to bulkhead_engine;

create table account.token (
  id uuid primary key,
  kind text not null check (kind in ('sign_up', 'reset', 'email', 'undo_email', 'recovery', 'cancel_recovery', 'finish_recovery')),
  secret_hash bytea not null unique,
  binding bytea not null,
  person_id uuid references account.person on delete cascade,
  subject uuid,
  email_index bytea,
  sealed_email bytea,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index token_person on account.token (person_id);
create index token_expires on account.token (expires_at);
create index token_address on account.token (email_index);
comment on table account.token is 'class: credential. Tokens of links in mail; each works once. Kept: 30 days after they end.';
comment on column account.token.id is 'class: identifier.';
comment on column account.token.kind is 'class: operational. What it is good for.';
comment on column account.token.secret_hash is 'class: credential hash. HMAC of the token''s SHA-256 under a pepper that only the keyring has.';
comment on column account.token.binding is 'class: credential hash. HMAC under the pepper of kind, person, subject, address, end and digest: a row that was moved to another person opens nothing.';
comment on column account.token.person_id is 'class: identifier. Null for an address that nobody has yet.';
comment on column account.token.subject is 'class: identifier. The change of address or the recovery it belongs to.';
comment on column account.token.email_index is 'class: blind index. The address it proves.';
comment on column account.token.sealed_email is 'class: personal, sealed (content). The same address, for the account that is made.';
comment on column account.token.created_at is 'class: operational.';
comment on column account.token.expires_at is 'class: operational.';
comment on column account.token.used_at is 'class: operational.';
grant select, insert, update, delete on account.token to bulkhead_engine;

create table account.email_change (
  id uuid primary key,
  person_id uuid not null references account.person on delete cascade,
  email_index bytea not null,
  sealed_email bytea,
  state text not null default 'asked' check (state in ('asked', 'confirmed', 'done', 'undone', 'replaced', 'refused', 'expired')),
  created_at timestamptz not null default clock_timestamp(),
  swap_at timestamptz,
  ended_at timestamptz,
  check ((ended_at is null) = (state in ('asked', 'confirmed'))),
  check ((state = 'confirmed') <= (swap_at is not null))
);
create unique index email_change_once on account.email_change (person_id) where ended_at is null;
create index email_change_person on account.email_change (person_id);
create index email_change_due on account.email_change (swap_at) where state = 'confirmed';
comment on table account.email_change is 'class: personal. Changes of the address that signs in; a confirmed one waits 24 hours. Kept: 30 days after they end.';
comment on column account.email_change.id is 'class: identifier.';
comment on column account.email_change.person_id is 'class: identifier.';
comment on column account.email_change.email_index is 'class: blind index. Of the new address.';
comment on column account.email_change.sealed_email is 'class: personal, sealed (content). The new address; null once ended.';
comment on column account.email_change.state is 'class: operational.';
comment on column account.email_change.created_at is 'class: operational.';
comment on column account.email_change.swap_at is 'class: operational. Until then everything goes to the old address, which can undo it.';
comment on column account.email_change.ended_at is 'class: operational.';
grant select, insert, update, delete on account.email_change to bulkhead_engine;

create table account.recovery (
  id uuid primary key,
  person_id uuid not null references account.person on delete cascade,
  state text not null default 'waiting' check (state in ('waiting', 'done', 'cancelled', 'expired')),
  proof text not null check (length(proof) between 20 and 100),
  created_at timestamptz not null default clock_timestamp(),
  ready_at timestamptz not null,
  expires_at timestamptz not null,
  operator_approved_at timestamptz,
  noticed_at timestamptz,
  looked_at timestamptz,
  ended_at timestamptz,
  ended_by text,
  check (ready_at >= created_at + interval '72 hours'),
  check ((ended_at is null) = (state = 'waiting'))
);
create unique index recovery_once on account.recovery (person_id) where ended_at is null;
create index recovery_person on account.recovery (person_id);
create index recovery_waiting on account.recovery (looked_at) where ended_at is null;
comment on table account.recovery is 'class: operational. Recoveries of accounts whose second factors are lost. Kept: 30 days after they end.';
comment on column account.recovery.id is 'class: identifier.';
comment on column account.recovery.person_id is 'class: identifier.';
comment on column account.recovery.state is 'class: operational.';
comment on column account.recovery.proof is 'class: public. What _bulkhead-recovery.<domain> must hold in DNS where nobody else can approve.';
comment on column account.recovery.created_at is 'class: operational. Only who was a member before may approve.';
comment on column account.recovery.ready_at is 'class: operational. 72 hours later; nothing happens before.';
comment on column account.recovery.expires_at is 'class: operational.';
comment on column account.recovery.operator_approved_at is 'class: operational. The operator''s approval, which by itself does nothing.';
comment on column account.recovery.noticed_at is 'class: operational. When everybody concerned was last told.';
comment on column account.recovery.looked_at is 'class: operational. When the loop last looked at it.';
comment on column account.recovery.ended_at is 'class: operational.';
comment on column account.recovery.ended_by is 'class: operational. Actor.';
grant select, insert, update, delete on account.recovery to bulkhead_engine;

create table account.recovery_approval (
  recovery_id uuid not null references account.recovery on delete cascade,
  workspace uuid not null,
  person_id uuid references account.person on delete cascade,
  created_at timestamptz not null default clock_timestamp(),
  unique nulls not distinct (recovery_id, workspace, person_id)
);
create index recovery_approval_person on account.recovery_approval (person_id);
comment on table account.recovery_approval is 'class: operational. Who has approved a recovery, and which workspace showed its proof in DNS. Kept: with the recovery.';
comment on column account.recovery_approval.recovery_id is 'class: identifier.';
comment on column account.recovery_approval.workspace is 'class: identifier. For which workspace.';
comment on column account.recovery_approval.person_id is 'class: identifier. Null: the proof stood in DNS.';
comment on column account.recovery_approval.created_at is 'class: operational.';
grant select, insert, update, delete on account.recovery_approval to bulkhead_engine;

-- Requests -------------------------------------------------------------------------------------------------------------------------

create function engine.ask_account(p_id uuid, p_kind text, p_person uuid, p_index bytea, p_email bytea, p_client bytea) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  -- Bounded whatever comes in: what is beyond it would wait for hours.
  if exists (select from account.request r where r.done_at is null order by r.due_at offset 20000 limit 1) then
    raise exception 'too many requests wait' using errcode = '53400';
  end if;
  insert into account.request (id, kind, person_id, email_index, sealed_email, sealed_client)
  values (p_id, p_kind, p_person, p_index, p_email, p_client);
  perform pg_notify('bulkhead_account', '');
end $$;

-- A letter to a person about what was just done, in the same commit: it is sent whatever dies or is away. p_email: where to, as it was sealed
-- for the row of the person; null: where it stands now.
create function engine.tell_person(p_id uuid, p_kind text, p_person uuid, p_email bytea, p_client bytea) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  insert into account.request (id, kind, person_id, email_index, sealed_email, sealed_client)
  select p_id, p_kind, p.id, p.email_index, coalesce(p_email, p.sealed_email), p_client from account.person p where p.id = p_person;
  perform pg_notify('bulkhead_account', '');
end $$;

-- Takes up to p_limit requests that are due, for p_hold_seconds; what is not finished by then is tried again, ever later.
create function engine.claim_requests(p_limit integer, p_hold_seconds integer) returns table (
  id uuid, kind text, person_id uuid, email_index bytea, sealed_email bytea, sealed_client bytea, created_at timestamptz, attempts integer
)
language sql security definer set search_path = public, engine, pg_temp as $$
  update account.request r
  set attempts = r.attempts + 1, due_at = clock_timestamp() + make_interval(secs => least(3600, p_hold_seconds * power(2, least(r.attempts, 10))))
  from (select x.id from account.request x where x.done_at is null and x.due_at <= clock_timestamp()
        order by x.due_at limit least(p_limit, 100) for update skip locked) due
  where r.id = due.id
  returning r.id, r.kind, r.person_id, r.email_index, r.sealed_email, r.sealed_client, r.created_at, r.attempts
$$;

create function engine.finish_request(p_id uuid) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  update account.request r set done_at = clock_timestamp(), sealed_email = null, sealed_client = null where r.id = p_id and r.done_at is null
$$;

create function engine.person_by_index(p_index bytea) returns table (
  id uuid, sealed_email bytea, disabled boolean, honey boolean
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select p.id, p.sealed_email, p.disabled_at is not null, p.honey from account.person p where p.email_index = p_index and p.deleted_at is null
$$;

-- Whether some workspace waits for whoever has an address.
create function engine.has_invitation(p_index bytea) returns boolean
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
begin
  return exists (
    select from invitation i
    where i.account_index = p_index and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp());
end $$;

-- A person with everything that the own account shows. Null where there is none.
create function engine.person_of(p_person uuid) returns table (
  id uuid, sealed_email bytea, sealed_name bytea, created_at timestamptz, disabled boolean, honey boolean, password_hash bytea,
  password_salt bytea, password_params text, password_set_at timestamptz, must_reset boolean, memberships jsonb, email_change jsonb, recovery jsonb
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select p.id, p.sealed_email, p.sealed_name, p.created_at, p.disabled_at is not null, p.honey, p.password_hash, p.password_salt, p.password_params,
         p.password_set_at, p.must_reset,
         coalesce((
           select jsonb_agg(jsonb_build_object('workspace', m.workspace_id, 'name', w.name, 'role', m.role, 'since', m.created_at) order by m.created_at, m.id)
           from member m join workspace w on w.id = m.workspace_id
           where m.person_id = p.id and m.revoked_at is null), '[]'),
         (select jsonb_build_object('id', c.id, 'state', c.state, 'swapAt', c.swap_at, 'sealedEmail', encode(c.sealed_email, 'hex'))
          from account.email_change c where c.person_id = p.id and c.ended_at is null),
         (select jsonb_build_object('id', r.id, 'readyAt', r.ready_at, 'expiresAt', r.expires_at)
          from account.recovery r where r.person_id = p.id and r.ended_at is null)
  from account.person p
  where p.id = p_person and p.deleted_at is null
$$;

-- Tokens ---------------------------------------------------------------------------------------------------------------------------

create function engine.issue_token(
  p_id uuid, p_kind text, p_hash bytea, p_binding bytea, p_person uuid, p_subject uuid, p_index bytea, p_email bytea, p_expires timestamptz
) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if p_expires not between clock_timestamp() and clock_timestamp() + interval '15 days' then
    raise exception 'a token ends within 15 days' using errcode = '22023';
  end if;
  insert into account.token (id, kind, secret_hash, binding, person_id, subject, email_index, sealed_email, expires_at)
  values (p_id, p_kind, p_hash, p_binding, p_person, p_subject, p_index, p_email, p_expires);
end $$;

-- A token that still works.
create function engine.find_token(p_hash bytea) returns table (
  id uuid, kind text, binding bytea, person_id uuid, subject uuid, email_index bytea, sealed_email bytea, expires_at timestamptz
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select t.id, t.kind, t.binding, t.person_id, t.subject, t.email_index, t.sealed_email, t.expires_at
  from account.token t where t.secret_hash = p_hash and t.used_at is null and t.expires_at > clock_timestamp()
$$;

-- Uses it up; two that come at the same time wait for each other, and the second gets nothing.
create function engine.use_token(p_id uuid, p_kind text) returns account.token
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_token account.token;
begin
  update account.token t set used_at = clock_timestamp()
  where t.id = p_id and t.kind = p_kind and t.used_at is null and t.expires_at > clock_timestamp()
  returning t.* into v_token;
  return v_token;
end $$;

-- Sign-up --------------------------------------------------------------------------------------------------------------------------

-- done; gone: the token was used or has ended; taken: somebody was faster with that address.
create function engine.complete_sign_up(
  p_token uuid, p_person uuid, p_email bytea, p_name bytea, p_hash bytea, p_salt bytea, p_params text
) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_token account.token;
begin
  -- All links of the address, in one order: two that are used at the same time would wait for each other for ever.
  perform from account.token t
  where t.kind = 'sign_up' and t.email_index = (select x.email_index from account.token x where x.id = p_token)
  order by t.id for update;
  v_token := engine.use_token(p_token, 'sign_up');
  if v_token.id is null then return 'gone'; end if;
  insert into account.person (id, email_index, sealed_email, sealed_name, password_hash, password_salt, password_params, password_set_at)
  values (p_person, v_token.email_index, p_email, p_name, p_hash, p_salt, p_params, case when p_hash is not null then clock_timestamp() end)
  on conflict (email_index) do nothing;
  if not found then return 'taken'; end if;
  -- Other links that were sent to the same address.
  update account.token t set used_at = clock_timestamp() where t.kind = 'sign_up' and t.email_index = v_token.email_index and t.used_at is null;
  return 'done';
end $$;

-- Passwords ------------------------------------------------------------------------------------------------------------------------

-- Sets a password, ends the sessions of the person but p_keep and tells the person (p_notice: id of the letter). With p_token it is a reset:
-- false where the token is used up, or the address has changed since it was asked for. Factors are not looked at and no session is made. A
-- reset proves the address, so it also ends a change of it: whoever has begun that may be the reason for the reset.
create function engine.set_password(
  p_person uuid, p_hash bytea, p_salt bytea, p_params text, p_token uuid, p_keep uuid, p_notice uuid, p_client bytea
) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_token account.token;
begin
  -- The links before the person, in one order, as in complete_sign_up.
  perform from account.token t where t.person_id = p_person and t.kind = 'reset' and t.used_at is null order by t.id for update;
  if p_token is not null then
    v_token := engine.use_token(p_token, 'reset');
    if v_token.person_id is distinct from p_person then return false; end if;
  end if;
  update account.person p
  set password_hash = p_hash, password_salt = p_salt, password_params = p_params, password_set_at = clock_timestamp(), must_reset = false
  where p.id = p_person and p.disabled_at is null and p.deleted_at is null and not p.honey
    and (v_token.email_index is null or v_token.email_index = p.email_index);
  if not found then return false; end if;
  update account.token t set used_at = clock_timestamp() where t.person_id = p_person and t.kind = 'reset' and t.used_at is null;
  if p_token is not null then perform engine.end_email_change(p_person); end if;
  perform engine.revoke_sessions(p_person, null, p_keep);
  perform engine.record_person(p_person, case when p_token is null then 'person.password_changed' else 'person.password_reset' end, '{}');
  perform engine.tell_person(p_notice, case when p_token is null then 'password_changed' else 'password_reset' end, p_person, null, p_client);
  return true;
end $$;

-- The own account ------------------------------------------------------------------------------------------------------------------

create function engine.rename_person(p_person uuid, p_name bytea) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update account.person p set sealed_name = p_name where p.id = p_person and p.deleted_at is null;
  perform engine.record_person(p_person, 'person.renamed', '{}');
end $$;

-- All second factors of a person go: where the account goes, and at the end of a recovery. No process may call it.
create function engine.drop_factors(p_person uuid) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  delete from account.passkey k where k.person_id = p_person;
  delete from account.totp t where t.person_id = p_person;
  delete from account.recovery_code c where c.person_id = p_person;
  delete from account.challenge c where c.person_id = p_person;
  delete from account.factor_guesses g where g.person_id = p_person;
end $$;

-- Names of workspaces that would be without an owner; where there is none the person is deleted: memberships and sessions end, and
-- nothing personal stays in the row.
create function engine.delete_person(p_person uuid) returns text[]
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
  update member m set revoked_at = clock_timestamp() where m.person_id = p_person and m.revoked_at is null;
  perform engine.revoke_sessions(p_person, null, null);
  perform engine.drop_factors(p_person);
  delete from account.session s where s.person_id = p_person;
  delete from account.token t where t.person_id = p_person;
  delete from account.request r where r.person_id = p_person;
  delete from account.email_change c where c.person_id = p_person;
  delete from account.recovery r where r.person_id = p_person;
  update account.person p
  set email_index = sha256(uuid_send(gen_random_uuid())), sealed_email = '\x00', sealed_name = null, password_hash = null, password_salt = null,
      password_params = null, password_set_at = null, disabled_at = clock_timestamp(), deleted_at = clock_timestamp(), flagged_at = null, flag_reason = null
  where p.id = p_person;
  return '{}';
end $$;

-- Change of address ----------------------------------------------------------------------------------------------------------------

-- One at a time: a new one takes the place of one that is under way. The address may be taken; then it can never be confirmed.
create function engine.begin_email_change(p_id uuid, p_person uuid, p_index bytea, p_email bytea) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  perform from account.person p where p.id = p_person for update;
  -- The same request, worked off again after a crash.
  if exists (select from account.email_change c where c.id = p_id) then return; end if;
  update account.email_change c set state = 'replaced', ended_at = clock_timestamp(), sealed_email = null
  where c.person_id = p_person and c.ended_at is null;
  insert into account.email_change (id, person_id, email_index, sealed_email) values (p_id, p_person, p_index, p_email);
  perform engine.record_person(p_person, 'person.email_change_asked', '{}');
end $$;

-- The new address is proved; it signs in from the answered time on. Null where the token is used up or the change is over.
create function engine.confirm_email_change(p_token uuid) returns timestamptz
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_token account.token;
  v_swap timestamptz;
begin
  v_token := engine.use_token(p_token, 'email');
  if v_token.id is null then return null; end if;
  update account.email_change c set state = 'confirmed', swap_at = clock_timestamp() + interval '24 hours'
  where c.id = v_token.subject and c.person_id = v_token.person_id and c.state = 'asked' and c.created_at > clock_timestamp() - interval '24 hours'
  returning c.swap_at into v_swap;
  if found then perform engine.record_person(v_token.person_id, 'person.email_change_confirmed', '{}'); end if;
  return v_swap;
end $$;

-- Gives up a change that is under way.
create function engine.end_email_change(p_person uuid) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update account.email_change c set state = 'undone', ended_at = clock_timestamp(), sealed_email = null
  where c.person_id = p_person and c.ended_at is null;
  if not found then return false; end if;
  perform engine.record_person(p_person, 'person.email_change_undone', '{}');
  return true;
end $$;

-- By a link in a mail to the old address (p_token), which also ends all sessions, or by the person. False where there is none to undo. A link
-- undoes whatever change is under way: whoever has begun one makes its link worthless by beginning another.
create function engine.undo_email_change(p_token uuid, p_person uuid) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_token account.token;
  v_person uuid := p_person;
begin
  if p_token is not null then
    v_token := engine.use_token(p_token, 'undo_email');
    if v_token.id is null then return false; end if;
    v_person := v_token.person_id;
  end if;
  if not engine.end_email_change(v_person) then return false; end if;
  if p_token is not null then perform engine.revoke_sessions(v_person, null, null); end if;
  return true;
end $$;

create function engine.due_email_changes(p_limit integer) returns table (id uuid, person_id uuid, email_index bytea, sealed_email bytea)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select c.id, c.person_id, c.email_index, c.sealed_email from account.email_change c
  where c.state = 'confirmed' and c.swap_at <= clock_timestamp()
  order by c.swap_at limit least(p_limit, 100)
$$;

-- done, taken (somebody has signed up with that address meanwhile) or gone. p_email is sealed for the row of the person.
create function engine.swap_email(p_id uuid, p_email bytea) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_change account.email_change;
  v_old bytea;
begin
  select c.* into v_change from account.email_change c
  where c.id = p_id and c.state = 'confirmed' and c.swap_at <= clock_timestamp() for update skip locked;
  if v_change.id is null then return 'gone'; end if;
  if exists (select from account.person p where p.email_index = v_change.email_index and p.id <> v_change.person_id) then
    update account.email_change c set state = 'refused', ended_at = clock_timestamp(), sealed_email = null where c.id = p_id;
    perform engine.record_person(v_change.person_id, 'person.email_change_refused', '{}');
    perform engine.tell_person(gen_random_uuid(), 'email_change_refused', v_change.person_id, null, null);
    return 'taken';
  end if;
  select p.sealed_email into v_old from account.person p where p.id = v_change.person_id;
  update account.person p set email_index = v_change.email_index, sealed_email = p_email where p.id = v_change.person_id and p.deleted_at is null;
  update account.email_change c set state = 'done', ended_at = clock_timestamp(), sealed_email = null where c.id = p_id;
  -- Links that lie in the mailbox of the old address open nothing any more.
  update account.token t set used_at = clock_timestamp() where t.person_id = v_change.person_id and t.used_at is null;
  perform engine.record_person(v_change.person_id, 'person.email_changed', '{}');
  perform engine.tell_person(gen_random_uuid(), 'email_changed', v_change.person_id, v_old, null);
  return 'done';
end $$;

-- Recovery -------------------------------------------------------------------------------------------------------------------------

-- Whether somebody was a member, was not promoted since, and was not new (0024), at a time.
create function engine.stood_before(p_member uuid, p_at timestamptz) returns boolean
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
begin
  return exists (
    select from member m
    where m.id = p_member and m.created_at < p_at and (m.inert_until is null or m.inert_until <= p_at)
      and not exists (
        select from notices.change c
        where c.workspace_id = m.workspace_id and c.row_id = m.id and c.kind in ('owner.added', 'admin.added') and c.at >= p_at));
end $$;

-- What each workspace of the person must give. Others who have been owner (or admin, where the person is none of the owners) since before
-- the recovery: two of them, or the only one. Where there is nobody: a record in DNS and the operator's approval.
create function engine.recovery_needs(p_recovery uuid) returns table (
  workspace_id uuid, name text, role text, way text, needed integer, given integer
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  with r as (select * from account.recovery x where x.id = p_recovery),
  mine as (
    select m.workspace_id, w.name, m.role
    from r join member m on m.person_id = r.person_id and m.revoked_at is null join workspace w on w.id = m.workspace_id
  ),
  able as (
    select mine.workspace_id, o.person_id
    from r cross join mine
    join member o on o.workspace_id = mine.workspace_id and o.revoked_at is null and o.person_id <> r.person_id
      and (o.role = 'owner' or o.role = 'admin' and mine.role <> 'owner') and engine.stood_before(o.id, r.created_at)
    join account.person p on p.id = o.person_id and p.disabled_at is null and not p.honey
  ),
  counted as (
    select mine.workspace_id, mine.name, mine.role,
           (select count(*) from able where able.workspace_id = mine.workspace_id)::integer as able,
           (select count(*) from able join account.recovery_approval a
              on a.recovery_id = p_recovery and a.workspace = able.workspace_id and a.person_id = able.person_id
            where able.workspace_id = mine.workspace_id)::integer as approved,
           (select count(*) from account.recovery_approval a
            where a.recovery_id = p_recovery and a.workspace = mine.workspace_id and a.person_id is null)::integer as proved
    from mine
  )
  select c.workspace_id, c.name, c.role, case when c.able = 0 then 'dns' else 'people' end,
         case when c.able = 0 then 1 else least(2, c.able) end, case when c.able = 0 then c.proved else c.approved end
  from counted c
$$;

-- Whether everything is there: the time, every workspace, and the operator where there was nobody else to ask.
create function engine.recovery_ready(p_recovery uuid) returns boolean
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select coalesce((
    select r.ended_at is null and clock_timestamp() between r.ready_at and r.expires_at
       and not exists (select from engine.recovery_needs(r.id) n where n.given < n.needed)
       and (r.operator_approved_at is not null
            or exists (select from engine.recovery_needs(r.id) n) and not exists (select from engine.recovery_needs(r.id) n where n.way = 'dns'))
    from account.recovery r where r.id = p_recovery), false)
$$;

-- Begins the wait. The id of the one that is under way where there is one; null where the token is used up or the person may not sign in.
create function engine.start_recovery(p_token uuid, p_id uuid, p_proof text) returns uuid
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_token account.token;
  v_id uuid;
begin
  v_token := engine.use_token(p_token, 'recovery');
  perform from account.person p where p.id = v_token.person_id and p.disabled_at is null and p.deleted_at is null and not p.honey for update;
  if not found then return null; end if;
  select r.id into v_id from account.recovery r where r.person_id = v_token.person_id and r.ended_at is null;
  if v_id is not null then return v_id; end if;
  insert into account.recovery (id, person_id, proof, ready_at, expires_at)
  values (p_id, v_token.person_id, p_proof, clock_timestamp() + interval '72 hours 1 second', clock_timestamp() + interval '14 days');
  perform engine.record_person(v_token.person_id, 'person.recovery_started', jsonb_build_object('recovery', p_id));
  perform pg_notify('bulkhead_account', '');
  return p_id;
end $$;

create function engine.recovery_of(p_id uuid) returns table (
  id uuid, person_id uuid, state text, proof text, created_at timestamptz, ready_at timestamptz, expires_at timestamptz, operator_approved boolean,
  ready boolean, needs jsonb
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select r.id, r.person_id, r.state, r.proof, r.created_at, r.ready_at, r.expires_at, r.operator_approved_at is not null, engine.recovery_ready(r.id),
         coalesce((
           select jsonb_agg(jsonb_build_object('workspace', n.workspace_id, 'name', n.name, 'way', n.way, 'needed', n.needed, 'given', n.given,
             'domains', case when n.way = 'dns' then coalesce((
               select jsonb_agg(d.name order by d.name) from (
                 select d.name from sending_domain d where d.workspace_id = n.workspace_id and d.state = 'verified' order by d.name limit 20) d), '[]')
               else '[]' end) order by n.name, n.workspace_id)
           from engine.recovery_needs(r.id) n), '[]')
  from account.recovery r where r.id = p_id
$$;

-- Those that wait: of the people of one workspace, or of the whole installation (null), oldest first.
create function engine.list_recoveries(p_workspace uuid) returns setof uuid
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select r.id from account.recovery r
  where r.ended_at is null and (p_workspace is null
    or exists (select from member m where m.person_id = r.person_id and m.workspace_id = p_workspace and m.revoked_at is null))
  order by r.created_at limit 100
$$;

-- done; unknown; refused: not one who may (the rule is that of recovery_needs).
create function engine.approve_recovery(p_recovery uuid, p_workspace uuid, p_person uuid) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  perform from account.recovery r
  where r.id = p_recovery and r.ended_at is null and r.expires_at > clock_timestamp()
    and exists (select from member m where m.person_id = r.person_id and m.workspace_id = p_workspace and m.revoked_at is null)
  for update;
  if not found then return 'unknown'; end if;
  if not engine.may_approve_recovery(p_recovery, p_workspace, p_person) then return 'refused'; end if;
  insert into account.recovery_approval (recovery_id, workspace, person_id) values (p_recovery, p_workspace, p_person) on conflict do nothing;
  update account.recovery r set looked_at = null where r.id = p_recovery;
  perform pg_notify('bulkhead_account', '');
  return 'done';
end $$;

create function engine.may_approve_recovery(p_recovery uuid, p_workspace uuid, p_person uuid) returns boolean
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select exists (
    select from account.recovery r
    join member m on m.person_id = r.person_id and m.workspace_id = p_workspace and m.revoked_at is null
    join member o on o.workspace_id = p_workspace and o.person_id = p_person and o.revoked_at is null
      and (o.role = 'owner' or o.role = 'admin' and m.role <> 'owner') and engine.stood_before(o.id, r.created_at)
    join account.person p on p.id = o.person_id and p.disabled_at is null
    where r.id = p_recovery and r.person_id <> p_person)
$$;

-- The record stands in DNS. Only where nobody of the workspace can approve.
create function engine.prove_recovery(p_recovery uuid, p_workspace uuid) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if not exists (select from engine.recovery_needs(p_recovery) n where n.workspace_id = p_workspace and n.way = 'dns') then return false; end if;
  insert into account.recovery_approval (recovery_id, workspace, person_id)
  select r.id, p_workspace, null from account.recovery r where r.id = p_recovery and r.ended_at is null
  on conflict do nothing;
  if not found then return false; end if;
  perform engine.record_person(r.person_id, 'person.recovery_proved', jsonb_build_object('recovery', p_recovery)) from account.recovery r where r.id = p_recovery;
  return true;
end $$;

-- The operator's part: only where some workspace has nobody else, or the person has no workspace; and it is never enough by itself.
create function engine.operator_approve_recovery(p_recovery uuid) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_person uuid;
begin
  select r.person_id into v_person from account.recovery r where r.id = p_recovery and r.ended_at is null and r.expires_at > clock_timestamp() for update;
  if v_person is null then return 'unknown'; end if;
  if exists (select from engine.recovery_needs(p_recovery)) and not exists (select from engine.recovery_needs(p_recovery) n where n.way = 'dns') then
    return 'refused';
  end if;
  update account.recovery r set operator_approved_at = coalesce(r.operator_approved_at, clock_timestamp()), looked_at = null where r.id = p_recovery;
  perform engine.record_person(v_person, 'person.recovery_operator_approved', jsonb_build_object('recovery', p_recovery));
  perform pg_notify('bulkhead_account', '');
  return 'done';
end $$;

-- By a link (p_token), by a session of the person (p_person), or by somebody of the workspace who could approve (p_recovery, p_workspace, p_actor).
-- The id of the person; null where there was nothing to stop.
create function engine.cancel_recovery(p_token uuid, p_person uuid, p_recovery uuid, p_workspace uuid, p_actor uuid) returns uuid
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_token account.token;
  v_person uuid := p_person;
begin
  if p_token is not null then
    v_token := engine.use_token(p_token, 'cancel_recovery');
    if v_token.id is null then return null; end if;
    v_person := v_token.person_id;
  elsif p_recovery is not null then
    if not engine.may_approve_recovery(p_recovery, p_workspace, p_actor) then return null; end if;
    select r.person_id into v_person from account.recovery r where r.id = p_recovery;
  end if;
  update account.recovery r
  set state = 'cancelled', ended_at = clock_timestamp(), ended_by = case when p_actor is not null then 'member:' || p_actor when p_token is not null then 'link' else 'member:' || v_person end
  where r.person_id = v_person and r.ended_at is null
    and (p_token is null or r.id = v_token.subject) and (p_recovery is null or r.id = p_recovery);
  if not found then return null; end if;
  update account.token t set used_at = clock_timestamp()
  where t.person_id = v_person and t.kind in ('recovery', 'finish_recovery') and t.used_at is null;
  perform engine.record_person(v_person, 'person.recovery_cancelled', '{}');
  return v_person;
end $$;

-- Takes up to p_limit recoveries that were not looked at for p_every_seconds. `tell`: a day has passed since everybody was told, or nobody
-- was yet. One of whom a second factor was seen meanwhile is over, and so is one whose time is.
create function engine.look_at_recoveries(p_limit integer, p_every_seconds integer) returns table (id uuid, tell boolean)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_ended uuid;
begin
  for v_ended in
    update account.recovery r
    set state = case when r.expires_at <= clock_timestamp() then 'expired' else 'cancelled' end, ended_at = clock_timestamp(), ended_by = 'system:recovery'
    where r.ended_at is null and (r.expires_at <= clock_timestamp() or exists (
      select from account.session s
      where s.person_id = r.person_id and s.level = 'full' and s.factor in ('totp', 'passkey', 'recovery') and s.strong_at > r.created_at))
    returning r.person_id
  loop
    perform engine.record_person(v_ended, 'person.recovery_ended', '{}');
  end loop;
  return query
  update account.recovery r set looked_at = clock_timestamp()
  from (select x.id, x.noticed_at from account.recovery x
        where x.ended_at is null and (x.looked_at is null or x.looked_at < clock_timestamp() - make_interval(secs => p_every_seconds))
        order by x.looked_at nulls first limit least(p_limit, 50) for update skip locked) due
  where r.id = due.id
  returning r.id, due.noticed_at is null or due.noticed_at < clock_timestamp() - interval '1 day';
end $$;

create function engine.noticed_recovery(p_recovery uuid) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  update account.recovery r set noticed_at = clock_timestamp() where r.id = p_recovery
$$;

-- Whom to tell in each workspace of a person: its owners and who could approve.
create function engine.recovery_audience(p_recovery uuid) returns table (workspace_id uuid, name text, person_id uuid, sealed_email bytea)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select o.workspace_id, w.name, o.person_id, p.sealed_email
  from account.recovery r
  join member m on m.person_id = r.person_id and m.revoked_at is null
  join workspace w on w.id = m.workspace_id
  join member o on o.workspace_id = m.workspace_id and o.revoked_at is null and o.role in ('owner', 'admin') and o.person_id <> r.person_id
  join account.person p on p.id = o.person_id and p.disabled_at is null
  where r.id = p_recovery
  order by o.created_at, o.id
  limit 500
$$;

-- The end of it: the old factors go, all sessions end. The person; null where the token is used up or something is missing. It is the only
-- way in which somebody's factors go without one of them having been shown, and it asks again for everything.
create function engine.complete_recovery(p_token uuid, p_notice uuid, p_client bytea) returns uuid
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_token account.token;
  v_recovery account.recovery;
begin
  select t.* into v_token from account.token t where t.id = p_token and t.kind = 'finish_recovery' and t.used_at is null for update;
  select r.* into v_recovery from account.recovery r where r.id = v_token.subject and r.person_id = v_token.person_id for update;
  if v_recovery.id is null or not engine.recovery_ready(v_recovery.id) then return null; end if;
  v_token := engine.use_token(p_token, 'finish_recovery');
  if v_token.id is null then return null; end if;
  update account.recovery r set state = 'done', ended_at = clock_timestamp(), ended_by = 'member:' || r.person_id where r.id = v_recovery.id;
  perform engine.drop_factors(v_recovery.person_id);
  perform engine.end_email_change(v_recovery.person_id);
  update account.token t set used_at = clock_timestamp() where t.person_id = v_recovery.person_id and t.used_at is null;
  perform engine.revoke_sessions(v_recovery.person_id, null, null);
  perform engine.record_person(v_recovery.person_id, 'person.recovered', jsonb_build_object('recovery', v_recovery.id));
  perform engine.tell_person(p_notice, 'recovered', v_recovery.person_id, null, p_client);
  return v_recovery.person_id;
end $$;

-- The operator -------------------------------------------------------------------------------------------------------------------------

create function engine.list_people(p_after uuid, p_limit integer) returns table (
  id uuid, created_at timestamptz, disabled_at timestamptz, flagged_at timestamptz, workspaces integer
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select p.id, p.created_at, p.disabled_at, p.flagged_at,
         (select count(*) from member m where m.person_id = p.id and m.revoked_at is null)::integer
  from account.person p
  where (p_after is null or p.id > p_after) and p.deleted_at is null and not p.honey
  order by p.id limit least(p_limit, 101)
$$;

-- Suspends or lets in again; suspending ends all sessions. False where there is no such person.
create function engine.suspend_person(p_person uuid, p_suspended boolean) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update account.person p set disabled_at = case when p_suspended then coalesce(p.disabled_at, clock_timestamp()) end
  where p.id = p_person and p.deleted_at is null and not p.honey;
  if not found then return false; end if;
  if p_suspended then
    perform engine.revoke_sessions(p_person, null, null);
    -- Else the address of whoever is the reason takes its place while nobody can sign in.
    perform engine.end_email_change(p_person);
    perform engine.tell_person(gen_random_uuid(), 'suspended', p_person, null, null);
    perform pg_notify('bulkhead_epochs', '');
  end if;
  -- The operator's own record is the caller's; the workspaces of the person see this one.
  if exists (select from member m where m.person_id = p_person and m.revoked_at is null) then
    perform engine.record_person(p_person, case when p_suspended then 'person.suspended' else 'person.let_in' end, '{"by": "operator"}');
  end if;
  return true;
end $$;

-- Ends all sessions of a person; answers how many, null where there is no such person.
create function engine.sign_out_person(p_person uuid) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_ended integer;
begin
  perform from account.person p where p.id = p_person and p.deleted_at is null;
  if not found then return null; end if;
  v_ended := engine.revoke_sessions(p_person, null, null);
  if exists (select from member m where m.person_id = p_person and m.revoked_at is null) then
    perform engine.record_person(p_person, 'person.signed_out', '{"by": "operator"}');
  end if;
  perform engine.tell_person(gen_random_uuid(), 'signed_out', p_person, null, null);
  return v_ended;
end $$;

-- Upkeep: what ended 30 days ago, p_limit rows of each kind; answers how many.
create function engine.trim_accounts(p_limit integer) returns bigint
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_before timestamptz := clock_timestamp() - interval '30 days';
  v_limit integer := least(greatest(p_limit, 0), 10000);
  v_rows bigint;
  v_sum bigint := 0;
begin
  delete from account.request r where r.id in (select x.id from account.request x where x.done_at < v_before limit v_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_sum := v_sum + v_rows;
  delete from account.token t where t.id in (select x.id from account.token x where x.expires_at < v_before limit v_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_sum := v_sum + v_rows;
  delete from account.session s where s.id in (select x.id from account.session x where x.expires_at < v_before limit v_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_sum := v_sum + v_rows;
  update account.email_change c set state = 'expired', ended_at = clock_timestamp(), sealed_email = null
  where c.state = 'asked' and c.created_at < clock_timestamp() - interval '1 day';
  delete from account.email_change c where c.id in (select x.id from account.email_change x where x.ended_at < v_before limit v_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_sum := v_sum + v_rows;
  delete from account.recovery r where r.id in (select x.id from account.recovery x where x.ended_at < v_before limit v_limit for update skip locked);
  get diagnostics v_rows = row_count;
  return v_sum + v_rows;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('ask_account', 'tell_person', 'claim_requests', 'finish_request', 'person_by_index', 'has_invitation', 'person_of', 'issue_token',
      'find_token', 'use_token', 'complete_sign_up', 'set_password', 'rename_person', 'drop_factors', 'delete_person', 'begin_email_change', 'confirm_email_change',
      'undo_email_change', 'end_email_change', 'stood_before', 'due_email_changes', 'swap_email', 'recovery_needs', 'recovery_ready', 'start_recovery', 'recovery_of', 'list_recoveries',
      'approve_recovery', 'may_approve_recovery', 'prove_recovery', 'operator_approve_recovery', 'cancel_recovery', 'look_at_recoveries',
      'noticed_recovery', 'recovery_audience', 'complete_recovery', 'list_people', 'suspend_person', 'sign_out_person', 'trim_accounts')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.ask_account, engine.claim_requests, engine.finish_request, engine.person_by_index, engine.has_invitation, engine.person_of,
  engine.issue_token, engine.find_token, engine.complete_sign_up, engine.set_password, engine.rename_person, engine.delete_person,
  engine.begin_email_change, engine.confirm_email_change, engine.undo_email_change, engine.due_email_changes, engine.swap_email,
  engine.start_recovery, engine.recovery_of, engine.list_recoveries, engine.approve_recovery, engine.prove_recovery,
  engine.operator_approve_recovery, engine.cancel_recovery, engine.look_at_recoveries, engine.noticed_recovery, engine.recovery_audience,
  engine.complete_recovery, engine.list_people, engine.suspend_person, engine.sign_out_person, engine.trim_accounts to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
