-- Mail from outside that programs get by HTTP: routes by host name, what waits for them, its content until they have it. docs/inbound.md.
-- Lock impact: none, new objects only.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table inbound_route (
  workspace_id uuid not null references workspace,
  id uuid not null,
  hostname text not null check (length(hostname) <= 253 and hostname = lower(hostname)),
  url text not null,
  unparsed boolean not null default false,
  secret bytea not null,
  public_key text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (workspace_id, id)
);
create unique index inbound_route_own on inbound_route (workspace_id, hostname) where deleted_at is null;
create index inbound_route_hostname on inbound_route (hostname) where deleted_at is null;
comment on table inbound_route is 'class: business. Where mail to a host name goes by HTTP. Kept: until it was removed and nothing waits for it.';
comment on column inbound_route.workspace_id is 'class: identifier.';
comment on column inbound_route.id is 'class: identifier.';
comment on column inbound_route.hostname is 'class: public. A verified sending domain of the workspace, or a name below one; in DNS.';
comment on column inbound_route.url is 'class: business.';
comment on column inbound_route.unparsed is 'class: operational. The mail as it came, instead of its parts.';
comment on column inbound_route.secret is 'class: credential, sealed (webhook). The private key that signs requests.';
comment on column inbound_route.public_key is 'class: public. Its public half, base64 of SPKI.';
comment on column inbound_route.created_by is 'class: audit. The actor.';
comment on column inbound_route.created_at is 'class: operational.';
comment on column inbound_route.deleted_at is 'class: operational. Since then nothing is taken for it; what was taken before still goes there.';
select engine.protect('inbound_route');
select engine.guard('inbound_route', 'sender-change', p_open => array['bulkhead_worker']);
grant select, insert, update on inbound_route to bulkhead_api;
grant select, delete on inbound_route to bulkhead_engine;

-- Once for all recipients of a mail.
create table inbound_content (
  workspace_id uuid not null references workspace,
  id uuid not null,
  sealed bytea not null check (get_byte(sealed, 0) = 1 and length(sealed) >= 45),
  primary key (workspace_id, id)
);
alter table inbound_content alter column sealed set storage external;
comment on table inbound_content is 'class: personal. Mail from outside as it came. Kept: until every route has it, 3 days where one does not take it.';
comment on column inbound_content.workspace_id is 'class: identifier.';
comment on column inbound_content.id is 'class: identifier.';
comment on column inbound_content.sealed is 'class: personal, sealed (content). The mail as it came.';
select engine.protect('inbound_content');
select engine.guard('inbound_content', 'write', p_open => array['bulkhead_smtp', 'bulkhead_worker']);
grant select, insert, delete on inbound_content to bulkhead_engine;

create table inbound_mail (
  workspace_id uuid not null,
  id uuid not null,
  route_id uuid not null,
  content_id uuid not null,
  digest bytea not null check (length(digest) = 32),
  envelope bytea not null check (get_byte(envelope, 0) = 1 and length(envelope) >= 45),
  size_bytes integer not null check (size_bytes >= 0),
  state text not null default 'pending' check (state in ('pending', 'delivered', 'failed', 'expired')),
  attempts integer not null default 0,
  due timestamptz not null default now(),
  lease_until timestamptz,
  last_status integer,
  last_error text,
  received_at timestamptz not null default now(),
  expires_at timestamptz not null,
  settled_at timestamptz,
  primary key (workspace_id, id),
  foreign key (workspace_id, route_id) references inbound_route (workspace_id, id)
);
-- The same mail a second time: whoever sent it did not hear that it was taken.
create unique index inbound_mail_digest on inbound_mail (workspace_id, digest);
create index inbound_mail_listing on inbound_mail (workspace_id, route_id, id);
create index inbound_mail_content on inbound_mail (workspace_id, content_id);
create index inbound_mail_ready on inbound_mail (route_id, due) where state = 'pending';
create index inbound_mail_expiry on inbound_mail (expires_at) where state in ('pending', 'failed');
create index inbound_mail_age on inbound_mail (settled_at) where settled_at is not null;
comment on table inbound_mail is 'class: operational. A mail from outside for one recipient, and what became of it. Kept: 7 days after its end.';
comment on column inbound_mail.workspace_id is 'class: identifier.';
comment on column inbound_mail.id is 'class: identifier.';
comment on column inbound_mail.route_id is 'class: identifier.';
comment on column inbound_mail.content_id is 'class: identifier.';
comment on column inbound_mail.digest is 'class: blind index. Of recipient and content, to know a mail that comes twice.';
comment on column inbound_mail.envelope is 'class: personal, sealed (content). Sender, recipient and the client that brought it.';
comment on column inbound_mail.size_bytes is 'class: operational.';
comment on column inbound_mail.state is 'class: operational.';
comment on column inbound_mail.attempts is 'class: operational.';
comment on column inbound_mail.due is 'class: operational.';
comment on column inbound_mail.lease_until is 'class: operational.';
comment on column inbound_mail.last_status is 'class: operational.';
comment on column inbound_mail.last_error is 'class: operational. What the connection failed of; not what the receiver said.';
comment on column inbound_mail.received_at is 'class: operational.';
comment on column inbound_mail.expires_at is 'class: operational. Until when it is tried, and kept where it is refused.';
comment on column inbound_mail.settled_at is 'class: operational.';
select engine.protect('inbound_mail');
select engine.guard('inbound_mail', 'write', p_open => array['bulkhead_smtp', 'bulkhead_worker']);
grant select, update on inbound_mail to bulkhead_api;
grant select, insert, update, delete on inbound_mail to bulkhead_engine;

-- The route that takes mail for a host name: the workspace must have proved the name, now. Where several have, the one that came first.
create function engine.inbound_route_of(p_hostname text) returns table (workspace_id uuid, route_id uuid)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select r.workspace_id, r.id
  from inbound_route r
  where r.hostname = p_hostname and r.deleted_at is null
    and exists (select from sending_domain d where d.workspace_id = r.workspace_id and d.state = 'verified'
                and (d.name = r.hostname or right(r.hostname, length(d.name) + 1) = '.' || d.name))
    and not exists (select from shredded_workspace x where x.workspace_id = r.workspace_id)
  order by r.created_at, r.id
  limit 1
$$;

-- Whether another workspace gets the mail of a host name.
create function engine.inbound_taken(p_hostname text) returns boolean
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select exists (select from engine.inbound_route_of(p_hostname) f where f.workspace_id <> engine.current_workspace())
$$;

-- Keeps a mail for its recipients of one workspace. known: each was kept before; full: the workspace takes too little of what comes.
create function engine.keep_inbound(
  p_workspace uuid, p_content uuid, p_sealed bytea, p_size integer, p_kept interval,
  m_id uuid[], m_route uuid[], m_digest bytea[], m_envelope bytea[]
) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_rows bigint;
  v_bytes bigint;
begin
  select count(*), coalesce(sum(m.size_bytes), 0) into v_rows, v_bytes
  from inbound_mail m where m.workspace_id = p_workspace and m.state in ('pending', 'failed');
  if v_rows + cardinality(m_id) > 20000 or v_bytes + p_size > 2147483648 then return 'full'; end if;
  insert into inbound_mail (workspace_id, id, route_id, content_id, digest, envelope, size_bytes, expires_at)
  select p_workspace, x.id, x.route, p_content, x.digest, x.envelope, p_size, now() + p_kept
  from unnest(m_id, m_route, m_digest, m_envelope) as x(id, route, digest, envelope)
  order by x.digest
  on conflict (workspace_id, digest) do nothing;
  get diagnostics v_rows = row_count;
  if v_rows = 0 then return 'known'; end if;
  insert into inbound_content (workspace_id, id, sealed) values (p_workspace, p_content, p_sealed);
  return 'kept';
end $$;

-- What is due, a few for each route, with its content; p_flying names a route once for every mail that is under way to it.
create function engine.claim_inbound(p_limit integer, p_per_route integer, p_lease_seconds integer, p_flying uuid[])
returns table (
  id uuid, workspace_id uuid, route_id uuid, content_id uuid, envelope bytea, sealed bytea, attempts integer, received_at timestamptz,
  expires_at timestamptz, url text, unparsed boolean, secret bytea
)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_everything boolean;
  v_blocked uuid[] := '{}';
begin
  if current_setting('transaction_isolation') <> 'read committed' or pg_advisory_xact_lock_shared(engine.guard_lock()) is null then
    raise exception using errcode = '0A000', message = 'claims run at READ COMMITTED only';
  end if;
  if exists (select from containment c where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()) then
    select f.everything, f.workspaces into v_everything, v_blocked from engine.contained_for('worker', array['webhook']) f;
    if v_everything then return; end if;
  end if;
  return query
  with recursive waiting(r, n) as (
    (select (select m.route_id from inbound_mail m where m.state = 'pending' order by m.route_id limit 1), 1)
    union all
    select (select m.route_id from inbound_mail m where m.state = 'pending' and m.route_id > waiting.r order by m.route_id limit 1), waiting.n + 1
    from waiting where waiting.r is not null and waiting.n < 1000
  ), picked as materialized (
    select q.workspace_id, q.id
    from waiting
    cross join lateral (
      select m.workspace_id, m.id
      from inbound_mail m
      where m.route_id = waiting.r and m.state = 'pending' and m.due <= now() and (m.lease_until is null or m.lease_until < now())
        and m.workspace_id <> all(v_blocked)
      order by m.due
      limit greatest(0, p_per_route - (select count(*) from unnest(p_flying) f where f = waiting.r))
      for update skip locked
    ) q
    order by random()
    limit p_limit
  ), taken as (
    update inbound_mail m
    set lease_until = now() + make_interval(secs => p_lease_seconds)
    from picked
    where m.workspace_id = picked.workspace_id and m.id = picked.id
    returning m.*
  )
  select t.id, t.workspace_id, t.route_id, t.content_id, t.envelope, c.sealed, t.attempts, t.received_at, t.expires_at, r.url, r.unparsed, r.secret
  from taken t
  join inbound_route r on r.workspace_id = t.workspace_id and r.id = t.route_id
  join inbound_content c on c.workspace_id = t.workspace_id and c.id = t.content_id;
end $$;

-- Content that no recipient waits for any more.
create function engine.erase_inbound(p_workspace uuid[], p_content uuid[]) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  delete from inbound_content c
  using unnest(p_workspace, p_content) as x(w, id)
  where c.workspace_id = x.w and c.id = x.id
    and not exists (select from inbound_mail m where m.workspace_id = x.w and m.content_id = x.id
                    and (m.state = 'pending' or m.state = 'failed' and m.expires_at > now()))
$$;

-- After a try. What is delivered or too late is erased; what was refused stays until it expires.
create function engine.settle_inbound(p_workspace uuid, p_id uuid, p_state text, p_due timestamptz, p_status integer, p_error text) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_content uuid;
begin
  update inbound_mail m
  set state = p_state, attempts = m.attempts + 1, due = coalesce(p_due, m.due), lease_until = null, last_status = p_status,
      last_error = left(p_error, 500), settled_at = case when p_state = 'pending' then null else now() end
  where m.workspace_id = p_workspace and m.id = p_id and m.state = 'pending'
  returning m.content_id into v_content;
  if v_content is not null and p_state in ('delivered', 'expired') then
    perform engine.erase_inbound(array[p_workspace], array[v_content]);
  end if;
end $$;

create function engine.release_inbound(p_workspace uuid, p_id uuid, p_due timestamptz) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  update inbound_mail set lease_until = null, due = p_due where workspace_id = p_workspace and id = p_id and state = 'pending'
$$;

-- Ends what was tried until its time was over, erases what was refused that long ago, and forgets what ended seven days before. What was never
-- tried, because nobody could, waits eleven days more.
create function engine.trim_inbound(p_limit integer) returns bigint
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_rows bigint;
  v_all bigint := 0;
begin
  with due as (
    select m.workspace_id, m.id from inbound_mail m
    where m.state = 'pending' and m.expires_at <= now() and (m.attempts > 0 or m.expires_at <= now() - interval '11 days')
      and (m.lease_until is null or m.lease_until < now())
    order by m.expires_at limit least(greatest(p_limit, 0), 10000) for update skip locked
  ), ended as (
    update inbound_mail m set state = 'expired', settled_at = now(), lease_until = null
    from due where m.workspace_id = due.workspace_id and m.id = due.id
    returning 1
  )
  select count(*) into v_rows from ended;
  v_all := v_all + v_rows;
  perform engine.erase_inbound(array_agg(x.workspace_id), array_agg(x.id)) from (
    select c.workspace_id, c.id from inbound_content c
    where not exists (select from inbound_mail m where m.workspace_id = c.workspace_id and m.content_id = c.id
                      and (m.state = 'pending' or m.state = 'failed' and m.expires_at > now()))
    limit least(greatest(p_limit, 0), 1000)) x
  having count(*) > 0;
  with gone as (
    delete from inbound_mail m
    where (m.workspace_id, m.id) in (
      select o.workspace_id, o.id from inbound_mail o
      where o.settled_at < now() - interval '7 days' and o.state <> 'pending' order by o.settled_at limit least(greatest(p_limit, 0), 10000))
    returning 1
  )
  select count(*) into v_rows from gone;
  delete from inbound_route r
  where r.deleted_at < now() - interval '7 days'
    and not exists (select from inbound_mail m where m.workspace_id = r.workspace_id and m.route_id = r.id);
  return v_all + v_rows;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('inbound_route_of', 'inbound_taken', 'keep_inbound', 'claim_inbound', 'erase_inbound',
      'settle_inbound', 'release_inbound', 'trim_inbound')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.inbound_route_of(text), engine.keep_inbound(uuid, uuid, bytea, integer, interval, uuid[], uuid[], bytea[], bytea[])
  to bulkhead_smtp;
grant execute on function engine.inbound_taken(text) to bulkhead_api;
grant execute on function engine.claim_inbound(integer, integer, integer, uuid[]), engine.settle_inbound(uuid, uuid, text, timestamptz, integer, text),
  engine.release_inbound(uuid, uuid, timestamptz), engine.trim_inbound(integer) to bulkhead_worker;
revoke create on schema engine from bulkhead_engine;
