-- Batches, which are paused or cancelled whole, and subaccounts, which are paused and have a quota of their own. docs/batches.md,
-- docs/subaccounts.md. Lock impact: new tables and functions only.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table batch (
  workspace_id uuid not null references workspace,
  id uuid not null,
  state text not null default 'active' check (state in ('active', 'paused', 'cancelled')),
  created_at timestamptz not null default now(),
  created_by text not null,
  updated_at timestamptz not null default now(),
  primary key (workspace_id, id)
);
create index batch_stopped on batch (workspace_id, id) where state <> 'active';
create index batch_age on batch (created_at);
comment on table batch is 'class: business. A name for messages that are paused or cancelled together. Kept: 60 days.';
comment on column batch.workspace_id is 'class: identifier.';
comment on column batch.id is 'class: identifier.';
comment on column batch.state is 'class: operational.';
comment on column batch.created_at is 'class: operational. Messages name it for ten days.';
comment on column batch.created_by is 'class: audit. The actor.';
comment on column batch.updated_at is 'class: operational.';
select engine.protect('batch');
select engine.guard('batch', 'write', p_open => array['bulkhead_worker']);
grant select, insert on batch to bulkhead_api;
grant select, update, delete on batch to bulkhead_engine;

create table subaccount (
  workspace_id uuid not null references workspace,
  id uuid not null,
  name text not null check (length(name) between 1 and 255),
  title text not null default '' check (length(title) <= 255),
  sealed_note bytea,
  hourly_quota integer check (hourly_quota > 0),
  state text not null default 'active' check (state in ('active', 'paused')),
  created_at timestamptz not null default now(),
  created_by text not null,
  updated_at timestamptz not null default now(),
  primary key (workspace_id, id),
  unique (workspace_id, name)
);
comment on table subaccount is 'class: business. Mail of one of the customer''s own customers: paused, counted and limited by itself.';
comment on column subaccount.workspace_id is 'class: identifier.';
comment on column subaccount.id is 'class: identifier.';
comment on column subaccount.name is 'class: business. By which messages name it.';
comment on column subaccount.title is 'class: business. A label.';
comment on column subaccount.sealed_note is 'class: personal, sealed (content). What the customer wrote about it.';
comment on column subaccount.hourly_quota is 'class: business. Recipients an hour; null: no limit of its own.';
comment on column subaccount.state is 'class: operational.';
comment on column subaccount.created_at is 'class: operational.';
comment on column subaccount.created_by is 'class: audit. The actor.';
comment on column subaccount.updated_at is 'class: operational.';
select engine.protect('subaccount');
select engine.guard('subaccount', 'write');
grant select, insert, update, delete on subaccount to bulkhead_api;
grant select, update on subaccount to bulkhead_engine;

create table subaccount_use (
  workspace_id uuid not null,
  subaccount_id uuid not null,
  hour timestamptz not null,
  recipients integer not null default 0,
  primary key (workspace_id, subaccount_id, hour)
) with (fillfactor = 70);
create index subaccount_use_age on subaccount_use (hour);
comment on table subaccount_use is 'class: operational. Recipients of a subaccount''s mail by the hour in which it goes. Kept: 400 days.';
comment on column subaccount_use.workspace_id is 'class: identifier.';
comment on column subaccount_use.subaccount_id is 'class: identifier.';
comment on column subaccount_use.hour is 'class: operational. Its begin, UTC.';
comment on column subaccount_use.recipients is 'class: operational. Those that were not suppressed.';
select engine.protect('subaccount_use');

grant select on subaccount_use to bulkhead_api;
grant select, insert, update, delete on subaccount_use to bulkhead_engine;

-- What is stopped by its tag. Claims mark its rows with a pause when they are due (operations.pause, 0028), so that it holds from the commit
-- that stops it, for what is accepted later too; the worker tells of what is marked and moves it to the id of the stop, cancels it, or gives
-- it back. Nothing walks the queue: what is not due yet is not touched.
create table operations.stop (
  id uuid primary key,
  workspace_id uuid not null references workspace on delete cascade,
  pause_id uuid not null unique,
  kind text not null check (kind in ('batch', 'subaccount')),
  name text not null,
  state text not null check (state in ('paused', 'cancelled', 'ending')),
  stopped_xid xid8,
  next_at timestamptz not null default clock_timestamp()
);
create index stop_due on operations.stop (next_at);
create index stop_workspace on operations.stop (workspace_id, kind);
comment on table operations.stop is 'class: operational. Batches and subaccounts that are paused or cancelled. Kept: until they are active again.';
comment on column operations.stop.id is 'class: identifier. Of the batch or subaccount; also queue.hold of the rows that it holds.';
comment on column operations.stop.workspace_id is 'class: identifier.';
comment on column operations.stop.pause_id is 'class: identifier. Of operations.pause.';
comment on column operations.stop.kind is 'class: operational.';
comment on column operations.stop.name is 'class: business. How people see what is stopped.';
comment on column operations.stop.state is 'class: operational. ending: gives back what it holds.';
comment on column operations.stop.stopped_xid is 'class: operational. Claims that began before may still mark rows for the pause.';
comment on column operations.stop.next_at is 'class: operational. When the worker looks at it.';
grant select, insert, update, delete on operations.stop to bulkhead_engine;

-- As in 0050; recipients of a subaccount's messages are counted in the hour in which they go.
drop function engine.accept(bytea, uuid[], uuid[], lane[], text[], boolean[], text[], text[], integer[], timestamptz[], timestamptz[], text[],
  integer[], integer[], integer[], integer[], bytea[], bytea[], timestamptz[], uuid[], integer[], integer[], text[], integer[], integer[],
  integer[], bigint[], uuid[], uuid[], text[]);
create function engine.accept(p_blob bytea, p_id uuid[], p_workspace uuid[], p_lane lane[], p_source text[], p_sensitive boolean[], p_from_domain text[], p_tags text[], p_size integer[], p_send_at timestamp with time zone[], p_expires_at timestamp with time zone[], p_actor text[], p_summary_at integer[], p_summary_length integer[], p_body_at integer[], p_body_length integer[], p_idempotency_key bytea[], p_idempotency_body bytea[], p_idempotency_expires timestamp with time zone[], p_event uuid[], r_message integer[], r_number integer[], r_kind text[], r_address_at integer[], r_address_length integer[], r_index_at integer[], r_destination bigint[], r_event uuid[], p_topic uuid[], p_bypass text[], p_subaccount uuid[])
 RETURNS TABLE(item integer, accepted boolean, message_id uuid, body_hash bytea, suppressed integer[], reasons text[])
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'engine', 'pg_temp'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
#variable_conflict use_column
declare
  v_fresh boolean[];
  v_listening boolean;
begin
  if exists (select 1 from unnest(p_idempotency_key) k where k is not null) then
    -- A concurrent request with the same key makes this insert wait for its commit and then do nothing.
    insert into idempotency (workspace_id, key_hash, body_hash, message_id, expires_at)
    select x.w, x.k, x.b, x.id, x.e
    from unnest(p_workspace, p_idempotency_key, p_idempotency_body, p_id, p_idempotency_expires) as x(w, k, b, id, e)
    where x.k is not null
    order by x.w, x.k
    on conflict do nothing;
    select array_agg(x.k is null or i.message_id = x.id order by x.ord)
    into v_fresh
    from unnest(p_workspace, p_idempotency_key, p_id) with ordinality as x(w, k, id, ord)
    left join idempotency i on i.workspace_id = x.w and i.key_hash = x.k;
  end if;

  insert into message (id, workspace_id, lane, source, sensitive, from_domain, tags, size_bytes, recipient_count,
                       send_at, expires_at, actor, summary, topic_id, bypass)
  select x.id, x.w, x.lane, x.source, x.sensitive, x.from_domain, x.tags::text[], x.size,
         (select count(*) from unnest(r_message) r(m) where r.m = x.ord), x.send_at, x.expires_at, x.actor,
         substring(p_blob from x.summary_at + 1 for x.summary_length), p_topic[x.ord], p_bypass[x.ord]::text[]
  from unnest(p_id, p_workspace, p_lane, p_source, p_sensitive, p_from_domain, p_tags, p_size, p_send_at, p_expires_at,
              p_actor, p_summary_at, p_summary_length)
       with ordinality as x(id, w, lane, source, sensitive, from_domain, tags, size, send_at, expires_at,
                            actor, summary_at, summary_length, ord)
  where v_fresh is null or v_fresh[x.ord];

  insert into body (message_id, workspace_id, sealed)
  select x.id, x.w, substring(p_blob from x.body_at + 1 for x.body_length)
  from unnest(p_id, p_workspace, p_body_at, p_body_length) with ordinality as x(id, w, body_at, body_length, ord)
  where v_fresh is null or v_fresh[x.ord];

  return query
  with r as materialized (
    select x.m, x.n, p_id[x.m] as id, p_workspace[x.m] as w, p_lane[x.m] as lane, x.kind, x.destination, x.event,
           substring(p_blob from x.address_at + 1 for x.address_length) as address,
           y.address_index,
           case when s.workspace_id is not null
                     and (p_bypass is null or engine.stops(s.reason, s.reasons, s.evidence, p_bypass[x.m]::text[])) then s.reason
                when t.workspace_id is not null and coalesce('topic' <> all(p_bypass[x.m]::text[]), true) then 'topic'
           end as stopped_by
    from unnest(r_message, r_number, r_kind, r_address_at, r_address_length, r_index_at, r_destination, r_event)
         as x(m, n, kind, address_at, address_length, index_at, destination, event)
    cross join lateral (select substring(p_blob from x.index_at + 1 for 32) as address_index) y
    left join suppression s on s.workspace_id = p_workspace[x.m] and s.address_index = y.address_index
      and (s.applies_to = 'all' or p_lane[x.m] = 'bulk') and (s.expires_at is null or s.expires_at > now())
    left join topic_suppression t on t.workspace_id = p_workspace[x.m] and t.topic_id = p_topic[x.m] and t.address_index = y.address_index
    where v_fresh is null or v_fresh[x.m]
  ), kept as (
    insert into recipient (message_id, number, workspace_id, kind, address, address_index, destination)
    select r.id, r.n, r.w, r.kind, r.address, r.address_index, r.destination from r
  ), queued as (
    insert into queue (lane, message_id, number, workspace_id, destination, due, expires_at)
    select r.lane, r.id, r.n, r.w, r.destination, coalesce(p_send_at[r.m], now()), p_expires_at[r.m]
    from r where r.stopped_by is null
  ), ended as (
    insert into outcome (message_id, number, workspace_id, event_id, state, attempts, detail)
    select r.id, r.n, r.w, r.event, 'suppressed', 0, engine.stopped_detail(r.stopped_by)
    from r where r.stopped_by is not null
  ), per_message as (
    select r.m, array_agg(r.n order by r.n) filter (where r.stopped_by is not null) as numbers,
           array_agg(r.stopped_by order by r.n) filter (where r.stopped_by is not null) as reasons
    from r group by r.m
  )
  select x.ord::integer, coalesce(v_fresh[x.ord], true), coalesce(i.message_id, x.id), i.body_hash,
         coalesce(p.numbers, i.suppressed, '{}'), coalesce(p.reasons, i.reasons, '{}')
  from unnest(p_id, p_workspace, p_idempotency_key) with ordinality as x(id, w, k, ord)
  left join idempotency i on v_fresh is not null and i.workspace_id = x.w and i.key_hash = x.k
  left join per_message p on p.m = x.ord
  order by x.ord;

  if v_fresh is not null then
    update idempotency i set suppressed = s.numbers, reasons = s.reasons
    from (select o.message_id as id, array_agg(o.number order by o.number) as numbers,
                 array_agg(o.detail ->> 'suppression' order by o.number) as reasons
          from outcome o
          where o.message_id = any(p_id) group by o.message_id) s
    where i.message_id = s.id and i.workspace_id = any(p_workspace) and i.key_hash = any(p_idempotency_key);
  end if;

  if p_bypass is not null then
    insert into event (id, message_id, number, workspace_id, type, detail)
    select engine.new_event_id(gen_random_uuid()), c.message_id, c.number, c.workspace_id, 'message.bypassed',
           jsonb_build_object('suppressions', to_jsonb(array_remove(coalesce(s.reasons, array[s.reason]) || case when t.workspace_id is not null then 'topic' end, null)))
    from unnest(p_id, p_bypass) with ordinality as x(id, bypass, ord)
    join recipient c on c.message_id = x.id
    left join suppression s on s.workspace_id = c.workspace_id and s.address_index = c.address_index
      and (s.applies_to = 'all' or p_lane[x.ord] = 'bulk') and (s.expires_at is null or s.expires_at > now())
    left join topic_suppression t on t.workspace_id = c.workspace_id and t.topic_id = p_topic[x.ord] and t.address_index = c.address_index
    where x.bypass is not null and (v_fresh is null or v_fresh[x.ord]) and (s.workspace_id is not null or t.workspace_id is not null)
      and not exists (select from outcome o where o.message_id = c.message_id and o.number = c.number);
  end if;

  if p_subaccount is not null then
    -- What is suppressed is not sent. In one order, so that two commits do not wait for each other.
    insert into subaccount_use as u (workspace_id, subaccount_id, hour, recipients)
    select x.w, x.s, engine.statistic_begin('hour', coalesce(x.send_at, now())), count(*)
    from unnest(p_id, p_workspace, p_subaccount, p_send_at) with ordinality as x(id, w, s, send_at, ord)
    join recipient c on c.message_id = x.id
    where x.s is not null and (v_fresh is null or v_fresh[x.ord])
      and not exists (select from outcome o where o.message_id = c.message_id and o.number = c.number)
    group by 1, 2, 3
    order by 1, 2, 3
    on conflict (workspace_id, subaccount_id, hour) do update set recipients = u.recipients + excluded.recipients;
  end if;

  select exists (select 1 from webhook_endpoint e where e.workspace_id = any(p_workspace) and e.state = 'enabled')
  into v_listening;
  if v_listening then
    perform engine.enqueue_webhooks(
      array_agg(m.workspace_id), array_agg(p_event[array_position(p_id, m.id)]), array_agg(m.id),
      array_agg(null::integer), array_agg('message.accepted'::text))
    from message m where m.id = any(p_id);
    perform engine.enqueue_webhooks(
      array_agg(o.workspace_id), array_agg(o.event_id), array_agg(o.message_id), array_agg(o.number),
      array_agg('message.suppressed'::text))
    from outcome o where o.message_id = any(p_id);
  end if;
end $function$;

-- What a message names, in one look-up: nulls where there is nothing by that name. p_topic_number 0: the default topic.
create function engine.find_names(p_workspace uuid, p_topic uuid, p_topic_number integer, p_batch uuid, p_subaccount text)
returns table (topic_id uuid, batch_id uuid, batch_fresh boolean, subaccount_id uuid, hourly_quota integer)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select (select t.id from topic t
          where t.workspace_id = p_workspace and t.deleted_at is null and case when p_topic_number = 0 then t.is_default else t.id = p_topic or t.number = p_topic_number end),
         b.id, b.created_at > now() - interval '10 days', s.id, s.hourly_quota
  from (select 1) as always
  left join batch b on b.workspace_id = p_workspace and b.id = p_batch
  left join subaccount s on s.workspace_id = p_workspace and s.name = p_subaccount
$$;
drop function engine.find_topic(uuid, uuid);

-- When messages of subaccounts may go: not before they were to, and in the first hour in which the quota has room; a message with more
-- recipients than the quota has an hour of its own. Null: there is no room before it expires. Called in the transaction that accepts, which
-- counts; whoever asks for the same subaccount meanwhile waits, and sees what was counted.
create function engine.take_subaccounts(
  p_workspace uuid[], p_subaccount uuid[], p_cost integer[], p_send_at timestamptz[], p_expires_at timestamptz[]
) returns table (item integer, due timestamptz)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  x record;
  v_hour timestamptz;
  v_used integer;
  v_now timestamptz := clock_timestamp();
  v_mine jsonb := '{}';
  v_key text;
begin
  if cardinality(p_workspace) > 1000 then raise exception using errcode = '22023', message = 'not a batch of messages'; end if;
  perform from subaccount s
  where (s.workspace_id, s.id) in (select u.w, u.s from unnest(p_workspace, p_subaccount) as u(w, s))
  order by s.workspace_id, s.id
  for no key update;
  for x in
    select u.w, u.s, u.cost, greatest(coalesce(u.send_at, v_now), v_now) as begins, u.send_at, u.expires_at, u.ord::integer as ord,
           (select q.hourly_quota from subaccount q where q.workspace_id = u.w and q.id = u.s) as quota
    from unnest(p_workspace, p_subaccount, p_cost, p_send_at, p_expires_at) with ordinality as u(w, s, cost, send_at, expires_at, ord)
    order by u.ord
  loop
    v_hour := engine.statistic_begin('hour', x.begins);
    loop
      v_key := x.s || ' ' || extract(epoch from v_hour)::bigint;
      v_used := coalesce((select o.recipients from subaccount_use o
                          where o.workspace_id = x.w and o.subaccount_id = x.s and o.hour = v_hour), 0) + coalesce((v_mine ->> v_key)::integer, 0);
      exit when x.quota is null or v_used = 0 or v_used + x.cost <= x.quota or v_hour >= x.expires_at;
      v_hour := v_hour + interval '1 hour';
    end loop;
    item := x.ord;
    due := case when v_hour >= x.expires_at then null when v_hour <= x.begins then x.send_at else v_hour end;
    if v_hour < x.expires_at then
      v_mine := v_mine || jsonb_build_object(v_key, coalesce((v_mine ->> v_key)::integer, 0) + x.cost);
      if due is null then due := '-infinity'; end if;
    end if;
    return next;
  end loop;
end $$;

-- Stops what has a tag, or ends that. p_state 'active': what it holds is free again within a second and goes when it is due.
create function engine.set_stop(p_workspace uuid, p_id uuid, p_kind text, p_tag text, p_name text, p_state text, p_actor text) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  s operations.stop;
  v_pause uuid := gen_random_uuid();
  v_reason text := format('%s %s is %s', p_kind, p_name, p_state);
begin
  if p_workspace is distinct from engine.current_workspace() then
    raise exception using errcode = 'BH403', message = 'a workspace acts on its own mail';
  end if;
  select * into s from operations.stop o where o.id = p_id and o.workspace_id = p_workspace for update;
  if p_state = 'active' then
    if s.id is null then return; end if;
    update operations.pause p set ended_at = clock_timestamp() where p.id = s.pause_id;
    update operations.stop o set state = 'ending', stopped_xid = pg_current_xact_id(), next_at = clock_timestamp() where o.id = p_id;
  elsif s.id is null then
    if (select count(*) from operations.stop o where o.workspace_id = p_workspace and o.kind = p_kind and o.state <> 'ending') >= 100 then
      raise exception using errcode = 'BH409', message = format('there are 100 of kind %s that are paused or cancelled; make some active first', p_kind);
    end if;
    insert into operations.pause (id, workspace_id, tags, reason, made_by) values (v_pause, p_workspace, array[p_tag], v_reason, p_actor);
    -- Whose rows the worker has told of; it has ended, so that no claim asks it.
    insert into operations.pause (id, workspace_id, tags, reason, made_by, ended_at)
    values (p_id, p_workspace, array[p_tag], v_reason, p_actor, '-infinity');
    insert into operations.stop (id, workspace_id, pause_id, kind, name, state) values (p_id, p_workspace, v_pause, p_kind, p_name, p_state);
  else
    update operations.pause p set ended_at = case when p.id = p_id then p.ended_at end, reason = v_reason, made_by = p_actor, made_at = clock_timestamp()
    where p.id in (p_id, s.pause_id);
    update operations.stop o set state = p_state, stopped_xid = null, next_at = clock_timestamp() where o.id = p_id;
  end if;
  perform pg_notify('bulkhead_stops', '');
end $$;

create function engine.set_batch_state(p_workspace uuid, p_batch uuid, p_tag text, p_name text, p_state text, p_actor text) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if p_workspace is distinct from engine.current_workspace() or p_state not in ('active', 'paused', 'cancelled') then
    raise exception using errcode = 'BH403', message = 'a workspace acts on its own mail';
  end if;
  perform from batch b where b.workspace_id = p_workspace and b.id = p_batch for update;
  if not found then raise exception using errcode = 'BH404', message = 'there is no such batch'; end if;
  perform engine.set_stop(p_workspace, p_batch, 'batch', p_tag, p_name, p_state, p_actor);
  update batch b set state = p_state, updated_at = clock_timestamp() where b.workspace_id = p_workspace and b.id = p_batch and b.state <> p_state;
end $$;

-- One batch of rows of the stop that is due next. Answers how many rows; null where none is due. All of it is one transaction.
create function engine.work_stops(p_rows integer) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  s operations.stop;
  v_detail jsonb;
  v_lanes lane[];
  v_m uuid[];
  v_n integer[];
  v_w uuid[];
  v_rows integer := 0;
begin
  select o.* into s from operations.stop o where o.next_at <= clock_timestamp() order by o.next_at limit 1 for update skip locked;
  if not found then return null; end if;
  v_detail := jsonb_build_object('reason', format('%s %s is %s', s.kind, s.name, s.state), 'by', 'workspace', s.kind, s.name);
  begin
    select array_agg(t.lane), array_agg(t.message_id), array_agg(t.number), array_agg(t.workspace_id), count(*)
    into v_lanes, v_m, v_n, v_w, v_rows
    from (
      select q.lane, q.message_id, q.number, q.workspace_id from queue q
      where q.hold = any(case s.state when 'paused' then array[s.pause_id] else array[s.pause_id, s.id] end) and q.held and q.lease is null
      order by q.hold, q.message_id, q.number limit p_rows for update skip locked
    ) t;
    if v_rows > 0 then
      case s.state
        when 'paused' then
          update queue q set hold = s.id from unnest(v_lanes, v_m, v_n) as t(l, m, n)
          where q.lane = t.l and q.message_id = t.m and q.number = t.n;
          perform engine.tell_queue('message.held', v_detail, v_m, v_n, v_w);
        when 'cancelled' then
          delete from operations.second_hold h using unnest(v_m, v_n) as t(m, n) where h.message_id = t.m and h.number = t.n;
          with gone as (
            delete from queue q using unnest(v_lanes, v_m, v_n) as t(l, m, n)
            where q.lane = t.l and q.message_id = t.m and q.number = t.n
            returning q.message_id, q.number, q.workspace_id, q.attempts, gen_random_uuid() as event_id
          ), written as (
            insert into outcome (message_id, number, workspace_id, event_id, state, attempts, detail)
            select g.message_id, g.number, g.workspace_id, engine.new_event_id(g.event_id), 'cancelled', g.attempts, v_detail from gone g
          )
          insert into webhook_delivery (endpoint_id, workspace_id, event_id, message_id, number, type)
          select e.id, g.workspace_id, engine.new_event_id(g.event_id), g.message_id, g.number, 'message.cancelled'
          from gone g join webhook_endpoint e
            on e.workspace_id = g.workspace_id and e.state = 'enabled' and (e.event_types = '{}' or 'message.cancelled' = any(e.event_types));
        else
          -- A row goes to whoever else holds it, and is free when nobody is left.
          with x as materialized (
            select t.l, t.m, t.n, (select h.act_id from operations.second_hold h where h.message_id = t.m and h.number = t.n order by h.act_id limit 1) as heir
            from unnest(v_lanes, v_m, v_n) as t(l, m, n)
          ), dropped as (
            delete from operations.second_hold h using x where h.message_id = x.m and h.number = x.n and h.act_id = x.heir
          ), moved as (
            update queue q
            set held = x.heir is not null or exists (select from notices.hold h where h.message_id = x.m), hold = x.heir,
                line = case when x.heir is null then 0 else q.line end
            from x where q.lane = x.l and q.message_id = x.m and q.number = x.n
            returning q.message_id, q.number, q.workspace_id, q.held
          )
          select array_agg(f.message_id), array_agg(f.number), array_agg(f.workspace_id) into v_m, v_n, v_w from moved f where not f.held;
          if v_m is not null then
            perform engine.tell_queue('message.released', v_detail || jsonb_build_object('reason', format('%s %s is active', s.kind, s.name)), v_m, v_n, v_w);
            perform pg_notify('bulkhead_queue', 'critical,transactional,bulk,internal');
          end if;
      end case;
    elsif s.state = 'ending' and pg_snapshot_xmin(pg_current_snapshot()) > s.stopped_xid
      and not exists (select from queue q where q.hold in (s.id, s.pause_id)) then
      delete from operations.stop o where o.id = s.id;
      delete from operations.pause p where p.id in (s.id, s.pause_id);
    end if;
  exception when sqlstate 'BH423' then
    -- Contained: it waits with everything else of the workspace.
    v_rows := 0;
  end;
  update operations.stop o
  set next_at = clock_timestamp() + case when v_rows >= p_rows then interval '0' when s.state = 'ending' then interval '200 milliseconds'
                                      else interval '1 second' end
  where o.id = s.id;
  return coalesce(v_rows, 0);
end $$;

-- Batches of 60 days ago: nothing of them waits any more (10 days of new messages, 30 of schedules, 7 of attempts).
create function engine.trim_batches(p_limit integer) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_rows integer;
begin
  with old as (
    delete from batch b where (b.workspace_id, b.id) in (
      select o.workspace_id, o.id from batch o where o.created_at < now() - interval '60 days' limit p_limit for update skip locked)
    returning b.id
  ), ended as (
    update operations.pause p set ended_at = clock_timestamp()
    from operations.stop s, old where s.id = old.id and p.id = s.pause_id and p.ended_at is null
  ), ending as (
    update operations.stop s set state = 'ending', stopped_xid = pg_current_xact_id(), next_at = clock_timestamp() from old where s.id = old.id
  )
  select count(*) into v_rows from old;
  delete from subaccount_use u where (u.workspace_id, u.subaccount_id, u.hour) in (
    select o.workspace_id, o.subaccount_id, o.hour from subaccount_use o where o.hour < now() - interval '400 days' limit p_limit for update skip locked);
  return v_rows;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('accept', 'find_names', 'take_subaccounts', 'set_stop', 'set_batch_state', 'work_stops', 'trim_batches')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
  -- As in 0003: hot functions keep one plan, and may only look rows up by index.
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('accept', 'work_stops')
  loop
    execute format('alter function %s set plan_cache_mode = force_generic_plan', signature);
    execute format('alter function %s set enable_seqscan = off', signature);
    execute format('alter function %s set enable_bitmapscan = off', signature);
    execute format('alter function %s set enable_hashjoin = off', signature);
    execute format('alter function %s set enable_mergejoin = off', signature);
    execute format('alter function %s set max_parallel_workers_per_gather = 0', signature);
  end loop;
end $$;
grant execute on function engine.accept, engine.find_names, engine.take_subaccounts to bulkhead_api, bulkhead_smtp;
grant execute on function engine.set_stop, engine.set_batch_state to bulkhead_api;
grant execute on function engine.work_stops, engine.trim_batches to bulkhead_worker;
revoke create on schema engine from bulkhead_engine;
