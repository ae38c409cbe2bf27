-- Invitations, single sign-on, what a change of the policy waits for; people contain and lift; streams end with a membership.
-- Lock impact: short exclusive locks on member, permission_set, api_key and account.session (null columns, nothing is rewritten).

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;
grant create on schema account to bulkhead_engine;

-- A set of another workspace gives nothing, and one that somebody has does not go. Owners have everything.
alter table permission_set add constraint permission_set_in_workspace unique (workspace_id, id);
alter table member drop constraint member_permission_set_id_fkey;
alter table member add constraint member_permission_set foreign key (workspace_id, permission_set_id)
  references permission_set (workspace_id, id);
create index member_set on member (workspace_id, permission_set_id);
alter table member add constraint member_owner_has_all check (role <> 'owner' or permission_set_id is null);

-- The lock makes two owners who leave at one moment wait for each other; the check runs after the row is written, with a snapshot of its own.
create function engine.queue_owners() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('owners of ' || old.workspace_id, 0));
  return new;
end $$;
create function engine.keep_an_owner() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if not exists (
    select from member m join account.person p on p.id = m.person_id
    where m.workspace_id = old.workspace_id and m.role = 'owner' and m.revoked_at is null and p.disabled_at is null
  ) then
    raise exception using errcode = 'BH409', message = 'a workspace keeps at least one owner';
  end if;
  return null;
end $$;
create trigger queue_owners before update on member for each row
  when (old.role = 'owner' and old.revoked_at is null and (new.role <> 'owner' or new.revoked_at is not null))
  execute function engine.queue_owners();
create trigger keep_an_owner after update on member for each row
  when (old.role = 'owner' and old.revoked_at is null and (new.role <> 'owner' or new.revoked_at is not null))
  execute function engine.keep_an_owner();

create table invitation (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  email_index bytea not null,
  account_index bytea not null,
  sealed_email bytea not null,
  role text not null check (role in ('owner', 'admin', 'developer', 'marketer', 'analyst', 'auditor')),
  permission_set_id uuid,
  token_hash bytea not null unique,
  binding bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  sent_at timestamptz,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid,
  revoked_at timestamptz,
  constraint invitation_permission_set foreign key (workspace_id, permission_set_id) references permission_set (workspace_id, id),
  check (role <> 'owner' or permission_set_id is null),
  check ((accepted_at is null) = (accepted_by is null))
);
create unique index invitation_once on invitation (workspace_id, email_index) where accepted_at is null and revoked_at is null;
create index invitation_listing on invitation (workspace_id, id);
create index invitation_account on invitation (account_index) where accepted_at is null and revoked_at is null;
create index invitation_set on invitation (workspace_id, permission_set_id);
comment on table invitation is 'class: personal. Who was invited to a workspace, and as what. Kept: with the workspace.';
comment on column invitation.id is 'class: identifier.';
comment on column invitation.workspace_id is 'class: identifier.';
comment on column invitation.email_index is 'class: blind index. Of the address under the key of the workspace: one open invitation for each.';
comment on column invitation.account_index is 'class: blind index. Of the address under the key of the installation: as account.person.email_index.';
comment on column invitation.sealed_email is 'class: personal, sealed (content). The invited address.';
comment on column invitation.role is 'class: business.';
comment on column invitation.permission_set_id is 'class: identifier. Its scopes take the place of the role''s.';
comment on column invitation.token_hash is 'class: credential hash. HMAC of the token''s SHA-256 under a pepper that only the keyring has.';
comment on column invitation.binding is 'class: credential hash. HMAC under the pepper of what the invitation gives to whom. Without it, it opens nothing.';
comment on column invitation.created_at is 'class: operational.';
comment on column invitation.created_by is 'class: operational. Actor.';
comment on column invitation.sent_at is 'class: operational. When the letter was accepted; null: not yet.';
comment on column invitation.expires_at is 'class: operational. Seven days after it was made or sent again.';
comment on column invitation.accepted_at is 'class: operational.';
comment on column invitation.accepted_by is 'class: identifier. The person.';
comment on column invitation.revoked_at is 'class: operational.';
select engine.protect('invitation');
select engine.guard('invitation', 'credential');
grant select, insert, update on invitation to bulkhead_api;
grant select, insert, update on invitation to bulkhead_engine;

-- A policy that would lock its author out waits for a second owner, who acts from where it leaves open.
create table policy_change (
  workspace_id uuid primary key references workspace,
  wanted jsonb not null,
  requested_by text not null,
  requested_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null default clock_timestamp() + interval '15 minutes'
);
comment on table policy_change is 'class: business. A change of the policy that a second owner has to confirm. Kept: until the next one.';
comment on column policy_change.workspace_id is 'class: identifier.';
comment on column policy_change.wanted is 'class: business. The whole policy as it shall be.';
comment on column policy_change.requested_by is 'class: operational. Actor; somebody else confirms.';
comment on column policy_change.requested_at is 'class: operational.';
comment on column policy_change.expires_at is 'class: operational. 15 minutes later.';
select engine.protect('policy_change');
select engine.guard('policy_change', 'credential');
grant select, insert, update, delete on policy_change to bulkhead_api;
grant select on policy_change to bulkhead_engine;

create table sso_connection (
  id uuid primary key,
  workspace_id uuid not null unique references workspace,
  issuer text not null check (length(issuer) <= 500),
  client_id text not null check (length(client_id) <= 500),
  sealed_secret bytea not null,
  domains text[] not null check (cardinality(domains) between 1 and 20),
  default_role text check (default_role in ('admin', 'developer', 'marketer', 'analyst', 'auditor')),
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  tested_at timestamptz,
  unique (workspace_id, id)
);
create index sso_connection_domains on sso_connection using gin (domains);
comment on table sso_connection is 'class: business. The identity provider of a workspace.';
comment on column sso_connection.id is 'class: identifier.';
comment on column sso_connection.workspace_id is 'class: identifier.';
comment on column sso_connection.issuer is 'class: business. Issuer URL of the provider.';
comment on column sso_connection.client_id is 'class: business. What the provider calls us.';
comment on column sso_connection.sealed_secret is 'class: personal, sealed (content). The client secret, with issuer, client, domains and role that it is for. The api process opens it at each log-in: it is the one that shows it to the provider.';
comment on column sso_connection.domains is 'class: business. Domains of the addresses that it may speak for.';
comment on column sso_connection.default_role is 'class: business. What newcomers become; null: only who is invited comes in.';
comment on column sso_connection.created_at is 'class: operational.';
comment on column sso_connection.changed_at is 'class: operational.';
comment on column sso_connection.tested_at is 'class: operational. When an owner last signed in through it as a test, since its last change.';
select engine.protect('sso_connection');
select engine.guard('sso_connection', 'credential');
grant select, insert, update, delete on sso_connection to bulkhead_api;
grant select, update on sso_connection to bulkhead_engine;

create table sso_identity (
  connection_id uuid not null,
  workspace_id uuid not null,
  subject_index bytea not null,
  person_id uuid not null references account.person,
  binding bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (connection_id, subject_index),
  unique (connection_id, person_id),
  foreign key (workspace_id, connection_id) references sso_connection (workspace_id, id) on delete cascade
);
create index sso_identity_workspace on sso_identity (workspace_id, connection_id);
create index sso_identity_person on sso_identity (person_id);
comment on table sso_identity is 'class: personal. Which account of the provider is which person; pinned at the first log-in, so that an address that is given to somebody else opens nothing.';
comment on column sso_identity.connection_id is 'class: identifier.';
comment on column sso_identity.workspace_id is 'class: identifier.';
comment on column sso_identity.subject_index is 'class: blind index. Of the subject claim under the key of the workspace.';
comment on column sso_identity.person_id is 'class: identifier.';
comment on column sso_identity.binding is 'class: credential hash. HMAC under the pepper of connection, subject and person: nobody is put in the place of another.';
comment on column sso_identity.created_at is 'class: operational.';
select engine.protect('sso_identity');
select engine.guard('sso_identity', 'credential');
grant select, insert on sso_identity to bulkhead_engine;

create table account.sso_state (
  state_hash bytea primary key,
  workspace_id uuid,
  connection_id uuid,
  is_test boolean not null,
  person_id uuid,
  fresh boolean not null,
  challenge text not null,
  nonce text not null,
  expires_at timestamptz not null default clock_timestamp() + interval '10 minutes'
);
create index sso_state_expires on account.sso_state (expires_at);
comment on table account.sso_state is 'class: operational. Log-ins that are on their way to a provider; each comes back once. Kept: ten minutes.';
comment on column account.sso_state.state_hash is 'class: credential hash. SHA-256 of 256 random bits.';
comment on column account.sso_state.workspace_id is 'class: identifier. Null where nobody has such a domain: the answer is the same.';
comment on column account.sso_state.connection_id is 'class: identifier.';
comment on column account.sso_state.is_test is 'class: operational. An owner tries the connection: no session is made.';
comment on column account.sso_state.person_id is 'class: identifier. The owner who tries it.';
comment on column account.sso_state.fresh is 'class: operational. The provider shall ask again: step-up.';
comment on column account.sso_state.challenge is 'class: operational. PKCE challenge (RFC 7636); the verifier follows from what only the page has.';
comment on column account.sso_state.nonce is 'class: operational. Goes into the ID token.';
comment on column account.sso_state.expires_at is 'class: operational.';
grant select, insert, update, delete on account.sso_state to bulkhead_engine;

-- A session that a provider of one workspace vouches for opens that workspace and nothing else: not another one, not the account.
alter table account.session add column workspace_id uuid references workspace;
create index session_workspace on account.session (workspace_id) where workspace_id is not null;
comment on column account.session.workspace_id is 'class: identifier. The one workspace that it opens (single sign-on); null: all of the person''s.';

drop function engine.issue_session(uuid, uuid, bytea, bytea, text, text, timestamptz, bytea, bytea);
create function engine.issue_session(
  p_id uuid, p_person uuid, p_hash bytea, p_binding bytea, p_level text, p_factor text, p_expires timestamptz, p_device bytea, p_client bytea,
  p_workspace uuid, p_strong boolean
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
  insert into account.session (id, person_id, secret_hash, binding, level, factor, strong_at, expires_at, issued_epoch, sealed_device, client_key,
                               workspace_id)
  values (p_id, p_person, p_hash, p_binding, p_level, p_factor, case when p_level = 'full' and p_strong then clock_timestamp() end, p_expires,
          nextval('engine.epoch_counter'), p_device, p_client, p_workspace)
  returning created_at into v_made;
  return v_made;
end $$;

-- As in 0017; a session of one workspace shows that membership only.
drop function engine.find_session(bytea);
create function engine.find_session(p_hash bytea) returns table (
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
             'workspace', m.workspace_id, 'role', m.role, 'scopes', t.scopes,
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

-- Those of the given sessions that open the given workspaces no more, with the cause: for long connections. p_workspaces holds null where
-- none was entered, p_addresses where each came from; place counts from 1.
create function engine.dead_entries(p_sessions uuid[], p_workspaces uuid[], p_addresses inet[]) returns table (place integer, cause text)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select x.place::integer,
         case when s.id is null or s.revoked_at is not null or p.disabled_at is not null then 'revoked'
              when s.expires_at <= clock_timestamp() then 'expired'
              when s.issued_epoch <= engine.epoch_floor(x.workspace_id, s.person_id, 'session') then 'killed'
              else 'revoked' end
  from unnest(p_sessions, p_workspaces, p_addresses) with ordinality as x(session_id, workspace_id, address, place)
  left join account.session s on s.id = x.session_id
  left join account.person p on p.id = s.person_id
  left join member m on m.workspace_id = x.workspace_id and m.person_id = s.person_id and m.revoked_at is null
  left join workspace_policy y on y.workspace_id = x.workspace_id
  where s.id is null or s.revoked_at is not null or p.disabled_at is not null or s.expires_at <= clock_timestamp()
     or s.issued_epoch <= engine.epoch_floor(x.workspace_id, s.person_id, 'session')
     or x.workspace_id is not null and (
       m.id is null
       or s.workspace_id is distinct from x.workspace_id and s.workspace_id is not null
       or s.created_at + make_interval(hours => coalesce(y.session_hours, 168)) <= clock_timestamp()
       or coalesce(y.second_factor, 'required') = 'passkey' and s.factor not in ('passkey', 'sso')
       or coalesce(y.second_factor, 'required') = 'required' and s.factor = 'none'
       or coalesce(y.sso_required, false) and s.factor <> 'sso' and m.role <> 'owner'
       or coalesce(cardinality(y.allowed_cidrs), 0) > 0 and not coalesce(x.address <<= any (y.allowed_cidrs), false))
$$;
drop function engine.dead_sessions(uuid[]);

-- The members of the caller's workspace with their sealed addresses.
create function engine.list_members(p_workspace uuid, p_member uuid, p_after uuid, p_limit integer) returns table (
  id uuid, person_id uuid, role text, permission_set_id uuid, permission_set text, scopes text[], created_at timestamptz, created_by text,
  sealed_email bytea, sealed_name bytea, last_seen_at timestamptz
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
          where s.person_id = m.person_id and (s.workspace_id is null or s.workspace_id = m.workspace_id))
  from member m
  join account.person p on p.id = m.person_id
  left join permission_set t on t.workspace_id = m.workspace_id and t.id = m.permission_set_id
  where m.workspace_id = p_workspace and m.revoked_at is null
    and (p_member is null or m.id = p_member) and (p_after is null or m.id > p_after)
  order by m.id
  limit least(p_limit, 501);
end $$;

-- Sessions of a member that open the caller's workspace.
create function engine.member_sessions(p_workspace uuid, p_person uuid) returns table (
  id uuid, factor text, created_at timestamptz, last_seen_at timestamptz, expires_at timestamptz, sealed_device bytea
)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  if p_workspace is distinct from engine.current_workspace() then
    raise exception 'outside of the workspace' using errcode = '42501';
  end if;
  return query
  select s.id, s.factor, s.created_at, s.last_seen_at, s.expires_at, s.sealed_device
  from member m join account.session s on s.person_id = m.person_id
  where m.workspace_id = p_workspace and m.person_id = p_person and m.revoked_at is null
    and s.level = 'full' and s.revoked_at is null and s.expires_at > clock_timestamp()
    and (s.workspace_id is null or s.workspace_id = m.workspace_id)
    and s.issued_epoch > engine.epoch_floor(m.workspace_id, s.person_id, 'session')
    and s.issued_epoch > engine.epoch_floor(null, s.person_id, 'session')
  order by s.last_seen_at desc
  limit 200;
end $$;

-- Ends one session of a member of the caller's workspace; false where he has no such session.
create function engine.end_member_session(p_workspace uuid, p_person uuid, p_session uuid) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if p_workspace is distinct from engine.current_workspace() then
    raise exception 'outside of the workspace' using errcode = '42501';
  end if;
  update account.session s set revoked_at = clock_timestamp()
  where s.id = p_session and s.person_id = p_person and s.revoked_at is null and (s.workspace_id is null or s.workspace_id = p_workspace)
    and exists (select from member m where m.workspace_id = p_workspace and m.person_id = p_person and m.revoked_at is null);
  if not found then return false; end if;
  perform pg_notify('bulkhead_epochs', '');
  return true;
end $$;

-- An invitation by the digest of its token, whoever asks: its workspace is not known before.
create function engine.find_invitation(p_hash bytea) returns table (
  id uuid, workspace_id uuid, workspace text, account_index bytea, sealed_email bytea, role text, permission_set_id uuid, binding bytea,
  expires_at timestamptz
)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select i.id, i.workspace_id, w.name, i.account_index, i.sealed_email, i.role, i.permission_set_id, i.binding, i.expires_at
  from invitation i join workspace w on w.id = i.workspace_id
  where i.token_hash = p_hash and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp();
end $$;

-- A person becomes what the invitation says, once; p_binding is what its reader has checked. Answers the outcome.
create function engine.accept_invitation(p_id uuid, p_person uuid, p_member uuid, p_role text, p_set uuid, p_binding bytea) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_found invitation;
  v_actor text := 'member:' || p_person;
begin
  select * into v_found from invitation i
  where i.id = p_id and i.binding = p_binding and i.role = p_role and i.permission_set_id is not distinct from p_set
    and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp()
  for update;
  if not found then return 'gone'; end if;
  if not exists (select from account.person p where p.id = p_person and p.email_index = v_found.account_index
                 and p.disabled_at is null and not p.honey) then
    return 'other_address';
  end if;
  perform set_config('bulkhead.actor', v_actor, true);
  update invitation i set accepted_at = clock_timestamp(), accepted_by = p_person where i.id = p_id;
  insert into member (id, workspace_id, person_id, role, permission_set_id, created_by)
  values (p_member, v_found.workspace_id, p_person, p_role, p_set, v_found.created_by)
  on conflict do nothing;
  if not found then return 'member_already'; end if;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), v_found.workspace_id, v_actor, 'invitation.accepted', p_id::text,
          jsonb_build_object('person', p_person, 'member', p_member, 'role', p_role, 'permissionSet', p_set));
  return 'accepted';
end $$;

-- The workspaces of a person, for the person.
create function engine.workspaces_of(p_person uuid) returns table (
  id uuid, name text, role text, permission_set text, since timestamptz, second_factor text, sso_required boolean
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select w.id, w.name, m.role, t.name, m.created_at, coalesce(y.second_factor, 'required'), coalesce(y.sso_required, false)
  from member m
  join workspace w on w.id = m.workspace_id
  left join permission_set t on t.workspace_id = m.workspace_id and t.id = m.permission_set_id
  left join workspace_policy y on y.workspace_id = m.workspace_id
  where m.person_id = p_person and m.revoked_at is null
  order by m.created_at
  limit 500
$$;

-- A log-in begins: the same work whether anybody has such a domain or not.
create function engine.begin_sso(
  p_state bytea, p_workspace uuid, p_domain text, p_test_of uuid, p_fresh boolean, p_challenge text, p_nonce text
) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_connection sso_connection;
begin
  delete from account.sso_state s
  where s.state_hash in (select o.state_hash from account.sso_state o where o.expires_at <= clock_timestamp() order by o.expires_at limit 20);
  -- Nobody fills the disk with log-ins that he never goes on with.
  if (select count(*) from (select from account.sso_state s limit 50000) x) >= 50000 then return false; end if;
  select * into v_connection from sso_connection c
  where (c.workspace_id = p_workspace or p_workspace is null and p_domain = any (c.domains))
    and (c.tested_at is not null or p_test_of is not null)
  order by c.created_at
  limit 1;
  insert into account.sso_state (state_hash, workspace_id, connection_id, is_test, person_id, fresh, challenge, nonce)
  values (p_state, v_connection.workspace_id, v_connection.id, p_test_of is not null, p_test_of, p_fresh, p_challenge, p_nonce);
  return true;
end $$;

-- Where a log-in goes, or with p_take where it has come back from: then it is gone.
create function engine.read_sso(p_state bytea, p_take boolean) returns table (
  workspace_id uuid, connection_id uuid, is_test boolean, person_id uuid, fresh boolean, challenge text, nonce text,
  issuer text, client_id text, sealed_secret bytea, domains text[], default_role text
)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare v_state account.sso_state;
begin
  select * into v_state from account.sso_state s where s.state_hash = p_state and s.expires_at > clock_timestamp() for update;
  if not found then return; end if;
  if p_take then delete from account.sso_state s where s.state_hash = p_state; end if;
  return query
  select v_state.workspace_id, v_state.connection_id, v_state.is_test, v_state.person_id, v_state.fresh, v_state.challenge, v_state.nonce,
         c.issuer, c.client_id, c.sealed_secret, c.domains, c.default_role
  from (values (1)) one
  left join sso_connection c on c.id = v_state.connection_id and c.workspace_id = v_state.workspace_id;
end $$;

-- The open invitation of an address into a workspace.
create function engine.open_invitation(p_workspace uuid, p_index bytea) returns table (
  id uuid, workspace_id uuid, account_index bytea, role text, permission_set_id uuid, token_hash bytea, binding bytea, expires_at timestamptz
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select i.id, i.workspace_id, i.account_index, i.role, i.permission_set_id, i.token_hash, i.binding, i.expires_at
  from invitation i
  where i.workspace_id = p_workspace and i.account_index = p_index and i.accepted_at is null and i.revoked_at is null
    and i.expires_at > clock_timestamp()
$$;

-- Whom a provider speaks of: the person that the subject is pinned to, with the binding of the pin, or who has the address. The caller checks
-- the binding, or opens the address, before he believes it.
create function engine.sso_person(p_connection uuid, p_subject bytea, p_index bytea) returns table (
  id uuid, sealed_email bytea, binding bytea
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select x.id, x.sealed_email, x.binding
  from (
    select p.id, p.sealed_email, i.binding
    from sso_identity i join account.person p on p.id = i.person_id
    where i.connection_id = p_connection and i.subject_index = p_subject
    union all
    select p.id, p.sealed_email, null from account.person p where p.email_index = p_index
  ) x
  order by x.binding is null
  limit 1
$$;

-- As what somebody that a provider vouches for is a member. p_person is who the caller has found, or a new id; p_default what its
-- connection gives newcomers. The subject is pinned at the first log-in. Somebody whose membership was
-- ended comes back by an invitation only (p_invitation, whose binding the caller has checked), and nobody becomes an owner this way.
create function engine.enter_sso(
  p_workspace uuid, p_connection uuid, p_subject bytea, p_index bytea, p_person uuid, p_sealed_email bytea, p_sealed_name bytea,
  p_member uuid, p_domain text, p_invitation uuid, p_role text, p_set uuid, p_binding bytea, p_default text
) returns table (outcome text, person_id uuid)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_connection sso_connection;
  v_person uuid;
  v_invitation uuid;
  v_role text;
  v_how text := 'member';
begin
  select * into v_connection from sso_connection c
  where c.workspace_id = p_workspace and c.id = p_connection and c.tested_at is not null for share;
  if not found then return query select 'gone'::text, null::uuid; return; end if;
  select i.person_id into v_person from sso_identity i where i.connection_id = p_connection and i.subject_index = p_subject;
  if v_person is null then
    select p.id into v_person from account.person p where p.email_index = p_index for share;
    if v_person is not null and exists (select from sso_identity i where i.connection_id = p_connection and i.person_id = v_person) then
      return query select 'other_subject'::text, null::uuid; return;
    end if;
  end if;
  -- Somebody else than the caller has judged.
  if v_person <> p_person then return query select 'gone'::text, null::uuid; return; end if;
  if exists (select from account.person p where p.id = v_person and (p.disabled_at is not null or p.honey)) then
    return query select 'refused'::text, null::uuid; return;
  end if;
  if v_person is null or not exists (select from member m where m.workspace_id = p_workspace and m.person_id = v_person and m.revoked_at is null) then
    select i.id into v_invitation from invitation i
    where i.workspace_id = p_workspace and i.id = p_invitation and i.account_index = p_index and i.role = p_role and i.role <> 'owner'
      and i.permission_set_id is not distinct from p_set and i.accepted_at is null and i.revoked_at is null
      and i.expires_at > clock_timestamp() for update;
    if v_invitation is not null then
      v_role := p_role;
    elsif not exists (select from member m where m.workspace_id = p_workspace and m.person_id = v_person)
      and not exists (select from workspace_policy y where y.workspace_id = p_workspace
                      and cardinality(y.sign_in_domains) > 0 and not p_domain = any (y.sign_in_domains)) then
      v_role := p_default;
    end if;
    if v_role is null then return query select 'not_member'::text, null::uuid; return; end if;
    if v_person is null then
      insert into account.person (id, email_index, sealed_email, sealed_name) values (p_person, p_index, p_sealed_email, p_sealed_name);
      v_person := p_person;
    end if;
    perform set_config('bulkhead.actor', 'member:' || v_person, true);
    insert into member (id, workspace_id, person_id, role, permission_set_id, created_by)
    values (p_member, p_workspace, v_person, v_role, case when v_invitation is not null then p_set end, 'sso:' || p_connection);
    update invitation i set accepted_at = clock_timestamp(), accepted_by = v_person where i.id = v_invitation;
    v_how := 'joined';
  end if;
  insert into sso_identity (connection_id, workspace_id, subject_index, person_id, binding)
  values (p_connection, p_workspace, p_subject, v_person, p_binding) on conflict do nothing;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), p_workspace, 'member:' || v_person, 'sso.signed_in', p_connection::text,
          jsonb_build_object('person', v_person, 'how', v_how));
  return query select v_how, v_person;
end $$;

-- An owner has signed in through the connection as a test.
create function engine.sso_tested(p_workspace uuid, p_connection uuid, p_person uuid) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if not exists (select from member m where m.workspace_id = p_workspace and m.person_id = p_person and m.revoked_at is null) then
    return false;
  end if;
  perform set_config('bulkhead.actor', 'member:' || p_person, true);
  update sso_connection c set tested_at = clock_timestamp() where c.workspace_id = p_workspace and c.id = p_connection;
  if not found then return false; end if;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), p_workspace, 'member:' || p_person, 'sso.tested', p_connection::text, '{}');
  return true;
end $$;

-- Ends the sessions that the workspace's provider has vouched for: it is gone, or another one now.
create function engine.end_sso_sessions(p_workspace uuid) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_count integer;
begin
  if p_workspace is distinct from engine.current_workspace() then
    raise exception 'outside of the workspace' using errcode = '42501';
  end if;
  update account.session s set revoked_at = clock_timestamp() where s.workspace_id = p_workspace and s.revoked_at is null;
  get diagnostics v_count = row_count;
  perform pg_notify('bulkhead_epochs', '');
  return v_count;
end $$;

-- Who made a key, so that one person with two keys is one person.
alter table api_key add column created_by text default nullif(current_setting('bulkhead.actor', true), '');
comment on column api_key.created_by is 'class: operational. Actor; null: the operator, or from before it was kept.';
create function engine.keep_creator() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  new.created_by := old.created_by;
  return new;
end $$;
create trigger keep_creator before update of created_by on api_key for each row execute function engine.keep_creator();
alter table smtp_credential add column created_by text default nullif(current_setting('bulkhead.actor', true), '');
comment on column smtp_credential.created_by is 'class: operational. Actor; null: the operator, or from before it was kept.';
create trigger keep_creator before update of created_by on smtp_credential for each row execute function engine.keep_creator();

-- The person behind an actor of a workspace: himself, or whoever made the key, or the key that made it; null where there is none.
create function engine.person_behind(p_workspace uuid, p_actor text) returns uuid
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
declare
  v_actor text := p_actor;
begin
  for v_step in 1..20 loop
    if v_actor ~ '^member:[0-9a-f-]{36}$' then return substring(v_actor from 8)::uuid; end if;
    select k.created_by into v_actor from api_key k where k.workspace_id = p_workspace and v_actor = 'api_key:' || k.id;
    if v_actor is null then return null; end if;
  end loop;
  return null;
end $$;

-- Since when somebody has been a member of a workspace; null for who is not.
create function engine.member_since(p_workspace uuid, p_person uuid) returns timestamptz
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select m.created_at from member m where m.workspace_id = p_workspace and m.person_id = p_person and m.revoked_at is null
$$;

-- The people of a workspace who could contain and lift at an instant, so that nobody makes himself the only one by removing the others.
create function engine.people_who_lift(p_workspace uuid, p_at timestamptz) returns integer
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select count(distinct m.person_id)::integer
  from member m left join permission_set t on t.workspace_id = m.workspace_id and t.id = m.permission_set_id
  where m.workspace_id = p_workspace and m.created_at < p_at and (m.revoked_at is null or m.revoked_at > p_at)
    and case when m.permission_set_id is null then m.role in ('owner', 'admin', 'developer') else 'containments:write' = any (t.scopes) end
$$;

create or replace function engine.liftable(p_containment uuid, p_actor text) returns containment
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_found containment;
  v_since timestamptz;
  v_person uuid;
begin
  select * into v_found from containment c where c.id = p_containment for update;
  if not found or session_user = 'bulkhead_api' and v_found.workspace_id is distinct from engine.current_workspace() then
    raise exception using errcode = 'BH404', message = 'there is no such containment';
  end if;
  if v_found.state in ('lifted', 'expired') or v_found.until <= clock_timestamp() then
    raise exception using errcode = 'BH409', message = 'the containment has ended already';
  end if;
  if (v_found.origin = 'workspace') <> (session_user = 'bulkhead_api') then
    raise exception using errcode = 'BH403', message = case v_found.origin
      when 'staff' then 'what staff contained only staff may lift' else 'what the workspace contained only the workspace may lift' end;
  end if;
  if v_found.origin = 'workspace' and p_actor !~ '^(member|api_key):' then
    raise exception using errcode = 'BH403', message = 'only a member or a key of the workspace may lift it';
  end if;
  v_person := case when v_found.origin = 'workspace' then engine.person_behind(v_found.workspace_id, p_actor) end;
  v_since := case when p_actor like 'member:%' then engine.member_since(v_found.workspace_id, v_person) else engine.actor_since(p_actor) end;
  if v_since is null or v_since >= v_found.made_at then
    raise exception using errcode = 'BH403', message = 'only who was there before the containment was made may lift it';
  end if;
  if v_found.origin = 'workspace' and p_actor like 'api_key:%' and not exists (
    select from api_key k where p_actor = 'api_key:' || k.id and k.workspace_id = v_found.workspace_id
  ) then
    raise exception using errcode = 'BH403', message = 'only a member or a key of the workspace may lift it';
  end if;
  -- Where there are two people, two people lift: a key counts as whoever made it.
  if v_found.origin = 'workspace' and engine.people_who_lift(v_found.workspace_id, v_found.made_at) >= 2 then
    if v_person is null or coalesce(engine.member_since(v_found.workspace_id, v_person), 'infinity') >= v_found.made_at then
      raise exception using errcode = 'BH403', message = 'this workspace has people: two of them lift, or keys that they made';
    end if;
    if exists (select from containment_approval a where a.containment_id = v_found.id
               and engine.person_behind(v_found.workspace_id, a.actor) = v_person) then
      raise exception using errcode = 'BH403', message = 'who requested a lift does not approve it; it takes two people';
    end if;
  end if;
  -- Whoever connects a provider can be any of its members: what it vouches for was there before only if it was.
  if v_found.origin = 'workspace' and current_setting('bulkhead.vouched_by', true) = 'sso' and not exists (
    select from sso_connection c where c.workspace_id = v_found.workspace_id and c.changed_at < v_found.made_at
  ) then
    raise exception using errcode = 'BH403',
      message = 'the provider was connected or changed after the containment was made: sign in with your own means to lift it';
  end if;
  if p_actor = v_found.subject or v_found.subject = 'member:' || v_person then
    raise exception using errcode = 'BH403', message = 'who is contained does not lift its own containment';
  end if;
  return v_found;
end $$;

-- As in 0007; members contain, and are contained.
create or replace function engine.contain(
  p_scope text, p_workspace uuid, p_subject text, p_actor_class text, p_capabilities text[], p_reason_code text, p_reason text,
  p_incident text, p_evidence text, p_until timestamptz, p_actor text
) returns table (id uuid, made_at timestamptz, ended integer, unfinished integer)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_id uuid := engine.new_event_id(gen_random_uuid());
  v_made_at timestamptz;
  v_origin text := case session_user when 'bulkhead_api' then 'workspace' else 'staff' end;
  v_holders integer[];
  v_transactions text[];
  v_ended integer := 0;
  v_unfinished integer := 0;
  v_lock_timeout text := current_setting('lock_timeout');
begin
  if v_origin = 'workspace' and (p_scope = 'installation' or p_workspace is distinct from engine.current_workspace()) then
    raise exception using errcode = 'BH403', message = 'a workspace contains itself and nobody else';
  end if;
  if v_origin = 'workspace' then
    if not exists (select from api_key k where p_actor = 'api_key:' || k.id and k.workspace_id = p_workspace)
      and (p_actor !~ '^member:' or engine.member_since(p_workspace, engine.person_behind(p_workspace, p_actor)) is null) then
      raise exception using errcode = 'BH403', message = 'only a member or a key of the workspace may contain it';
    end if;
    -- Every process keeps a copy of all that is in force: nobody may make it as large as he likes.
    if (select count(*) from containment c
        where c.workspace_id = p_workspace and c.origin = 'workspace' and c.state in ('active', 'lift_requested')
          and c.until > clock_timestamp()) >= 100
      or (select count(*) from (select from containment c where c.origin = 'workspace' and c.state in ('active', 'lift_requested')
          and c.until > clock_timestamp() limit 10000) x) >= 10000 then
      raise exception using errcode = 'BH409', message = 'too many containments are in force; lift one, make a wider one or ask staff';
    end if;
  elsif session_user = 'bulkhead_staff' and p_actor !~ '^(staff|operator):' then
    raise exception using errcode = 'BH403', message = 'staff act as staff';
  end if;
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = '0A000', message = 'contain runs at READ COMMITTED only';
  end if;
  if p_scope = 'credential' and not exists (
    select 1 from api_key k where p_subject = 'api_key:' || k.id and k.workspace_id = p_workspace
    union all
    select 1 from smtp_credential s where p_subject = 'smtp_credential:' || s.id and s.workspace_id = p_workspace
  ) then
    raise exception using errcode = 'BH404', message = 'the workspace has no such credential';
  end if;
  if p_scope = 'member' and not exists (
    select 1 from member m where p_subject = 'member:' || m.person_id and m.workspace_id = p_workspace
  ) then
    raise exception using errcode = 'BH404', message = 'the workspace has no such member';
  end if;

  for v_try in 1..2 loop
    -- Who holds the lock now has 300 ms; whoever comes later is young, waits for us and is left alone.
    select array_agg(h.pid), array_agg(h.transaction) into v_holders, v_transactions from engine.guard_holders() h;
    begin
      perform set_config('lock_timeout', '300ms', true);
      perform pg_advisory_xact_lock(engine.guard_lock());
      v_unfinished := 0;
      exit;
    exception when lock_not_available then
      v_ended := v_ended + engine.end_stragglers(v_holders, v_transactions);
      -- At least 1: the lock was not had, so somebody may be writing whom this cannot see any more.
      v_unfinished := greatest(1, (select count(*) from engine.guard_holders() h));
    end;
  end loop;

  v_made_at := clock_timestamp();
  insert into containment (id, workspace_id, scope, subject, actor_class, capabilities, reason_code, reason, incident, evidence,
                           until, origin, made_by, made_at)
  values (v_id, p_workspace, p_scope, p_subject, p_actor_class, array(select distinct x from unnest(p_capabilities) x order by x),
          p_reason_code, p_reason, p_incident, p_evidence, p_until, v_origin, p_actor, v_made_at);
  perform engine.record_containment(p_workspace, p_actor, 'containment.contained', v_id, jsonb_build_object(
    'scope', p_scope, 'subject', p_subject, 'actorClass', p_actor_class, 'capabilities', p_capabilities, 'reasonCode', p_reason_code,
    'reason', p_reason, 'incident', p_incident, 'until', p_until, 'ended', v_ended, 'unfinished', v_unfinished));
  perform engine.tell_containment(p_workspace, v_id);
  perform set_config('lock_timeout', v_lock_timeout, true);
  perform pg_notify('bulkhead_containment', v_id::text);
  return query select v_id, v_made_at, v_ended, v_unfinished;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('queue_owners', 'keep_an_owner', 'issue_session', 'find_session', 'dead_entries', 'list_members',
      'member_sessions', 'end_member_session', 'find_invitation', 'open_invitation', 'accept_invitation', 'workspaces_of', 'begin_sso',
      'read_sso', 'sso_person', 'enter_sso', 'sso_tested', 'end_sso_sessions', 'keep_creator', 'person_behind', 'member_since', 'people_who_lift', 'liftable', 'contain')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.issue_session, engine.find_session, engine.dead_entries, engine.list_members, engine.member_sessions,
  engine.end_member_session, engine.find_invitation, engine.open_invitation, engine.accept_invitation, engine.workspaces_of, engine.begin_sso,
  engine.read_sso, engine.sso_person, engine.enter_sso, engine.sso_tested,
  engine.end_sso_sessions to bulkhead_api;
revoke create on schema account from bulkhead_engine;
revoke create on schema engine from bulkhead_engine;
