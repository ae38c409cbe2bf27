-- Tracking of opens and clicks, link domains, unsubscribing.
-- Lock impact: none but on new tables.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table tracking_settings (
  workspace_id uuid primary key references workspace,
  opens text not null default 'off' check (opens in ('off', 'on', 'never')),
  clicks text not null default 'off' check (clicks in ('off', 'on', 'never')),
  critical boolean not null default false,
  updated_at timestamptz not null default now()
);
comment on table tracking_settings is 'class: business. Whether a workspace tracks what becomes of its mail. No row: it does not.';
comment on column tracking_settings.workspace_id is 'class: identifier.';
comment on column tracking_settings.opens is 'class: business. off and on: where a message says nothing; never: a message cannot say otherwise.';
comment on column tracking_settings.clicks is 'class: business. As opens.';
comment on column tracking_settings.critical is 'class: business. Whether on counts for the lane critical too.';
comment on column tracking_settings.updated_at is 'class: operational.';
select engine.protect('tracking_settings');
select engine.guard('tracking_settings', 'write');
grant select, insert, update on tracking_settings to bulkhead_api;
grant select on tracking_settings to bulkhead_engine;

create table link_domain (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  name text not null check (length(name) <= 253 and name = lower(name)),
  state text not null default 'pending' check (state in ('pending', 'verified', 'failing')),
  created_at timestamptz not null default now(),
  verified_at timestamptz,
  checked_at timestamptz,
  failing_since timestamptz,
  next_check_at timestamptz not null default now(),
  found text[] not null default '{}',
  advice text,
  unique (workspace_id, name)
);
create index link_domain_name on link_domain (name) where state = 'verified';
create index link_domain_due on link_domain (next_check_at);
comment on table link_domain is 'class: business. Hosts that the links in a workspace''s mail lead to, once their DNS shows that they lead here.';
comment on column link_domain.id is 'class: identifier.';
comment on column link_domain.workspace_id is 'class: identifier.';
comment on column link_domain.name is 'class: public. In DNS, lower case, A-labels.';
comment on column link_domain.state is 'class: operational.';
comment on column link_domain.created_at is 'class: operational.';
comment on column link_domain.verified_at is 'class: operational.';
comment on column link_domain.checked_at is 'class: operational.';
comment on column link_domain.failing_since is 'class: operational. First check of a verified one that did not find its record; null while it is found.';
comment on column link_domain.next_check_at is 'class: operational.';
comment on column link_domain.found is 'class: public. What DNS answered at the last check.';
comment on column link_domain.advice is 'class: operational. What to change; null where nothing.';
select engine.protect('link_domain');
select engine.guard('link_domain', 'sender-change');
grant select, insert, update, delete on link_domain to bulkhead_api;
grant select, update on link_domain to bulkhead_worker;
grant select, update on link_domain to bulkhead_engine;

-- Fetches of one picture or link. A link that is fetched a million times is one row here and some events.
create table link_count (
  message_id uuid not null,
  kind text not null check (kind in ('open', 'click')),
  number integer not null,
  link integer not null,
  workspace_id uuid not null,
  fetched bigint[] not null default '{0,0,0,0}' check (cardinality(fetched) = 4),
  told integer[] not null default '{0,0,0,0}' check (cardinality(told) = 4),
  first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  primary key (message_id, kind, number, link)
);
comment on table link_count is 'class: operational. How often a link of a message was fetched, by whom. Kept: as long as the message.';
comment on column link_count.message_id is 'class: identifier.';
comment on column link_count.kind is 'class: operational.';
comment on column link_count.number is 'class: identifier. The recipient; 0 where the message has several.';
comment on column link_count.link is 'class: operational. Place among the tracked links of the message, from 0; 0 for an open.';
comment on column link_count.workspace_id is 'class: identifier.';
comment on column link_count.fetched is 'class: operational. By a person, a proxy, a scanner, unknown.';
comment on column link_count.told is 'class: operational. How many events of each there are.';
comment on column link_count.first_at is 'class: operational.';
comment on column link_count.last_at is 'class: operational.';
select engine.protect('link_count');
grant select on link_count to bulkhead_api;
grant select, insert, update, delete on link_count to bulkhead_engine;

-- What recipients ask for. Written before it is answered, the same for messages that are there and for those that are gone; worked off after.
create table unsubscribe_request (
  message_id uuid not null,
  number integer not null,
  address_index bytea not null default '',
  workspace_id uuid not null,
  wanted text not null check (wanted in ('unsubscribed', 'subscribed')),
  via text not null check (via in ('one-click', 'page', 'mail')),
  asked_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  applied_at timestamptz,
  next_at timestamptz not null default now(),
  attempts integer not null default 0,
  primary key (message_id, number, address_index)
);
create index unsubscribe_request_due on unsubscribe_request (next_at) where applied_at is null;
create index unsubscribe_request_applied on unsubscribe_request (applied_at) where applied_at is not null;
comment on table unsubscribe_request is 'class: pseudonymous. Who asked for no more bulk mail, or for more of it again. Kept: 30 days.';
comment on column unsubscribe_request.message_id is 'class: identifier.';
comment on column unsubscribe_request.number is 'class: identifier. The recipient; 0 where the message has several.';
comment on column unsubscribe_request.address_index is 'class: blind index. Of the address that was typed, where the message has several recipients; else empty.';
comment on column unsubscribe_request.workspace_id is 'class: identifier.';
comment on column unsubscribe_request.wanted is 'class: operational.';
comment on column unsubscribe_request.via is 'class: operational. How it was asked: one-click (RFC 8058), page, mail.';
comment on column unsubscribe_request.asked_at is 'class: operational.';
comment on column unsubscribe_request.applied_at is 'class: operational. When it was done; null while it waits.';
comment on column unsubscribe_request.next_at is 'class: operational. When it is tried.';
comment on column unsubscribe_request.attempts is 'class: operational.';
select engine.protect('unsubscribe_request');
grant select, insert, update, delete on unsubscribe_request to bulkhead_engine;

-- What acceptance needs to know of a workspace: one row always. The oldest verified link domain is the one in use.
create function engine.tracking_of(p_workspace uuid) returns table (opens text, clicks text, critical boolean, host text)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select coalesce(t.opens, 'off'), coalesce(t.clicks, 'off'), coalesce(t.critical, false),
         (select d.name from link_domain d where d.workspace_id = p_workspace and d.state = 'verified' order by d.id limit 1)
  from (select 1) as always left join tracking_settings t on t.workspace_id = p_workspace
$$;

create function engine.is_link_domain(p_name text) returns boolean
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select exists (select from link_domain d where d.name = p_name and d.state = 'verified')
$$;

-- As engine.due_domains: a check could make one usable.
create function engine.due_link_domains(p_limit integer, p_hold_seconds integer) returns table (id uuid, workspace_id uuid)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_everything boolean;
  v_blocked uuid[];
begin
  perform pg_advisory_xact_lock_shared(engine.guard_lock());
  select f.everything, f.workspaces into v_everything, v_blocked from engine.contained_for('worker', array['sender-change']) f;
  if v_everything then return; end if;
  return query
  update link_domain d
  set next_check_at = now() + make_interval(secs => p_hold_seconds)
  from (
    select c.id from link_domain c
    where c.next_check_at <= now() and c.workspace_id <> all(v_blocked)
    order by c.next_check_at limit p_limit for update skip locked
  ) c
  where d.id = c.id
  returning d.id, d.workspace_id;
end $$;

-- What tells a person from a machine and stands in the database: when the message was delivered, and whether it was opened before.
create function engine.link_facts(p_message uuid[], p_number integer[])
returns table (place integer, delivered_at timestamptz, opened boolean)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select u.ord::integer,
         (select min(o.at) from outcome o
          where o.message_id = u.message_id and (u.number = 0 or o.number = u.number) and o.state = 'delivered'),
         exists (select from link_count c
                 where c.message_id = u.message_id and c.kind = 'open' and c.number = u.number and c.link = 0 and c.fetched[1] + c.fetched[2] > 0)
  from unnest(p_message, p_number) with ordinality as u(message_id, number, ord)
$$;

-- Counts fetches and makes events of the first of each kind of fetcher: 10 of people, 3 of each other. Links of messages that are gone
-- count nothing. Counters of messages that are gone go, a few at a time. Answers how many events were written.
create function engine.note_links(
  p_event uuid[], p_workspace uuid[], p_message uuid[], p_number integer[], p_kind text[], p_link integer[], p_by text[], p_fetched bigint[],
  p_detail text[]
) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  x record;
  v_by integer;
  v_told integer[];
  v_tell integer[] := '{}';
begin
  for x in
    select u.ord::integer as ord, u.workspace_id, u.message_id, u.number, u.kind, u.link, u.fetcher, u.fetched
    from unnest(p_workspace, p_message, p_number, p_kind, p_link, p_by, p_fetched) with ordinality
      as u(workspace_id, message_id, number, kind, link, fetcher, fetched, ord)
    join message m on m.id = u.message_id and m.workspace_id = u.workspace_id
    -- In one order, so that two processes do not wait for each other.
    order by u.message_id, u.kind, u.number, u.link, u.ord
  loop
    v_by := array_position(array['person', 'proxy', 'scanner', 'unknown'], x.fetcher);
    if v_by is null then raise exception using errcode = '22023', message = 'not a fetcher'; end if;
    insert into link_count (message_id, kind, number, link, workspace_id)
    values (x.message_id, x.kind, x.number, x.link, x.workspace_id)
    on conflict do nothing;
    update link_count c
    set fetched[v_by] = c.fetched[v_by] + x.fetched, last_at = now(),
        told[v_by] = c.told[v_by] + (c.told[v_by] < case x.fetcher when 'person' then 10 else 3 end)::integer
    from (select o.told from link_count o
          where o.message_id = x.message_id and o.kind = x.kind and o.number = x.number and o.link = x.link for update) before
    where c.message_id = x.message_id and c.kind = x.kind and c.number = x.number and c.link = x.link
    returning before.told into v_told;
    if v_told[v_by] < (case x.fetcher when 'person' then 10 else 3 end) then v_tell := v_tell || x.ord; end if;
  end loop;
  delete from link_count c
  where (c.message_id, c.kind, c.number, c.link) in (
    select o.message_id, o.kind, o.number, o.link
    from (select l.message_id, l.kind, l.number, l.link from link_count l order by l.message_id limit 20) o
    where not exists (select from message m where m.id = o.message_id)
    for update skip locked);
  if v_tell = '{}' then return 0; end if;
  return engine.note_events(
    (select array_agg(p_event[i] order by i) from unnest(v_tell) i),
    (select array_agg(p_message[i] order by i) from unnest(v_tell) i),
    (select array_agg(nullif(p_number[i], 0) order by i) from unnest(v_tell) i),
    (select array_agg(case p_kind[i] when 'open' then 'message.opened' else 'message.clicked' end order by i) from unnest(v_tell) i),
    (select array_agg(p_detail[i] order by i) from unnest(v_tell) i));
end $$;

-- Takes in what a recipient asks for. p_workspace null: the message's, where there is one. Nothing here tells whether there is one. Of a
-- message with several recipients at most 200 typed addresses are kept: one that was nobody's makes room, so that whoever types strangers'
-- names keeps no recipient from leaving. A typed address takes nothing back: nobody proved that it is his.
create function engine.ask_unsubscribe(
  p_workspace uuid, p_message uuid, p_number integer, p_index bytea, p_wanted text, p_via text
) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_workspace uuid := coalesce(p_workspace, (select m.workspace_id from message m where m.id = p_message));
begin
  if v_workspace is null or (p_number = 0 and p_wanted = 'subscribed') then return; end if;
  if p_number = 0 and (select count(*) from (select 1 from unsubscribe_request r where r.message_id = p_message limit 200) x) >= 200
    and not exists (select from unsubscribe_request r where r.message_id = p_message and r.number = 0 and r.address_index = p_index) then
    delete from unsubscribe_request r
    where (r.message_id, r.number, r.address_index) in (
      select o.message_id, o.number, o.address_index from unsubscribe_request o
      where o.message_id = p_message and o.number = 0 and o.applied_at is not null
        and not exists (select from recipient p where p.message_id = p_message and p.address_index = o.address_index)
      order by o.applied_at limit 1 for update skip locked);
    if not found then return; end if;
  end if;
  insert into unsubscribe_request as r (message_id, number, address_index, workspace_id, wanted, via)
  values (p_message, p_number, p_index, v_workspace, p_wanted, p_via)
  on conflict (message_id, number, address_index) do update
  set wanted = excluded.wanted, via = excluded.via, asked_at = excluded.asked_at, applied_at = null, next_at = now(), attempts = 0
  where r.wanted <> excluded.wanted;
  perform pg_notify('bulkhead_unsubscribe', '');
end $$;

-- Takes what waits, each for p_hold_seconds at first and ever longer. The recipient is null where the message is gone or has no such one.
create function engine.claim_unsubscribes(p_limit integer, p_hold_seconds integer) returns table (
  message_id uuid, number integer, address_index bytea, workspace_id uuid, wanted text, via text, asked_at timestamptz, attempts integer,
  recipient integer, recipient_index bytea, address bytea
)
language sql security definer set search_path = public, engine, pg_temp as $$
  with due as (
    select c.message_id, c.number, c.address_index from unsubscribe_request c
    where c.applied_at is null and c.next_at <= now()
    order by c.next_at limit p_limit for update skip locked
  ), taken as (
    update unsubscribe_request r
    set next_at = now() + make_interval(secs => least(3600, p_hold_seconds * 2 ^ least(r.attempts, 10))), attempts = r.attempts + 1
    from due d
    where r.message_id = d.message_id and r.number = d.number and r.address_index = d.address_index
    returning r.*
  )
  select t.message_id, t.number, t.address_index, t.workspace_id, t.wanted, t.via, t.asked_at, t.attempts, c.number, c.address_index, c.address
  from taken t
  left join lateral (
    select p.number, p.address_index, p.address from recipient p
    where p.message_id = t.message_id and p.workspace_id = t.workspace_id
      and case when t.number = 0 then p.address_index = t.address_index else p.number = t.number end
    order by p.number limit 1
  ) c on true
$$;

-- Does what was asked for, in one commit with its event. p_address: sealed for the entry p_entry; null where nothing is to be done. Only the
-- entry that this message's unsubscribe made is taken away again: an older one was meant, and who holds another message may be anybody. False where something else was asked for meanwhile.
create function engine.apply_unsubscribe(
  p_message uuid, p_number integer, p_index bytea, p_asked_at timestamptz, p_entry uuid, p_address bytea, p_recipient integer,
  p_recipient_index bytea, p_event uuid, p_evidence text
) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare r unsubscribe_request;
begin
  update unsubscribe_request u set applied_at = now()
  where u.message_id = p_message and u.number = p_number and u.address_index = p_index and u.asked_at = p_asked_at and u.applied_at is null
  returning u.* into r;
  if not found then return false; end if;
  delete from unsubscribe_request u
  where (u.message_id, u.number, u.address_index) in (
    select o.message_id, o.number, o.address_index from unsubscribe_request o
    where o.applied_at < now() - interval '30 days' limit 20 for update skip locked);
  if p_recipient is null then return true; end if;
  if r.wanted = 'unsubscribed' then
    perform engine.suppress_with(array[p_entry], array[r.workspace_id], array[p_recipient_index], array[p_address],
                                 array['unsubscribe'], array[p_message], array[p_evidence]);
  else
    delete from suppression s
    where s.workspace_id = r.workspace_id and s.address_index = p_recipient_index and s.reason = 'unsubscribe' and s.applies_to = 'bulk'
      and s.message_id = p_message;
    if not found then return true; end if;
  end if;
  perform engine.note_events(array[p_event], array[p_message], array[p_recipient], array['message.unsubscribed'], array[p_evidence]);
  return true;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('tracking_of', 'is_link_domain', 'due_link_domains', 'link_facts', 'note_links',
      'ask_unsubscribe', 'claim_unsubscribes', 'apply_unsubscribe')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.tracking_of(uuid) to bulkhead_api, bulkhead_smtp;
grant execute on function engine.is_link_domain(text) to bulkhead_api;
grant execute on function engine.due_link_domains(integer, integer) to bulkhead_worker;
grant execute on function engine.link_facts(uuid[], integer[]) to bulkhead_api;
grant execute on function engine.note_links(uuid[], uuid[], uuid[], integer[], text[], integer[], text[], bigint[], text[]) to bulkhead_api;
grant execute on function engine.ask_unsubscribe(uuid, uuid, integer, bytea, text, text) to bulkhead_api, bulkhead_smtp;
grant execute on function engine.claim_unsubscribes(integer, integer) to bulkhead_api;
grant execute on function engine.apply_unsubscribe(uuid, integer, bytea, timestamptz, uuid, bytea, integer, bytea, uuid, text) to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
