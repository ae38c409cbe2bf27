-- The delivery engine: lines, sites, pauses, scopes of suppressions, late events.
-- Lock impact: ACCESS EXCLUSIVE on queue and suppression for moments, and the index of free rows is built anew: about a second per million
-- queued rows. New columns have constant defaults and rewrite nothing.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

-- A line holds what waits for a site that cannot take more: rows leave the index of ready rows once, so that claims read past nobody. A
-- million recipients at one slow provider otherwise stand before everybody else's (line 0: not in a line).
alter table queue add column line bigint not null default 0;
alter table queue add column hold uuid;
comment on column queue.line is 'class: operational. Hash of the site whose line it waits in; 0: ready for any claim.';
comment on column queue.hold is 'class: identifier. The pause or act that holds it; null where held is for another reason.';
drop index queue_ready;
create index queue_ready on queue (workspace_id, due) where lease is null and not held and line = 0;
create index queue_line on queue (line, workspace_id, due) where lease is null and not held and line <> 0;
create index queue_hold on queue (hold) where hold is not null;

alter table suppression add column applies_to text not null default 'all' check (applies_to in ('all', 'bulk'));
alter table suppression add column expires_at timestamptz;
comment on column suppression.applies_to is 'class: operational. all: no mail goes there; bulk: only mail of the lane bulk does not.';
comment on column suppression.expires_at is 'class: operational. The entry stops nothing from then on; null: for good.';

-- Where destinations lead, as senders found out: what operators name (a site, a provider) for what the queue holds (a keyed hash).
create table destination_site (
  destination bigint primary key,
  site text not null,
  provider text,
  mx_hosts text[] not null default '{}',
  policy text not null default 'none',
  resolved_at timestamptz not null default now()
);
create index destination_site_site on destination_site (site);
comment on table destination_site is 'class: operational. Which site the mail of a destination goes to. Kept: 30 days after the last look.';
comment on column destination_site.destination is 'class: pseudonymous. Keyed hash of the domain.';
comment on column destination_site.site is 'class: operational. The canonical set of MX hosts, a relay, or the local inbox.';
comment on column destination_site.provider is 'class: operational. The provider of the rules.';
comment on column destination_site.mx_hosts is 'class: operational. Host names in order of preference.';
comment on column destination_site.policy is 'class: operational. How TLS is enforced: dane, sts or none.';
comment on column destination_site.resolved_at is 'class: operational. When a sender last found it so.';
grant select, insert, update, delete on destination_site to bulkhead_engine;

-- What operators stop for a while.
create schema operations;
grant usage on schema operations to bulkhead_engine;
create table operations.pause (
  id uuid primary key,
  workspace_id uuid references workspace on delete cascade,
  lanes text[],
  destinations bigint[],
  sites text[],
  tags text[],
  from_domain text,
  reason text not null,
  made_by text not null,
  made_at timestamptz not null default now(),
  until timestamptz,
  ended_at timestamptz
);
create index pause_active on operations.pause (id) where ended_at is null;
create index pause_workspace on operations.pause (workspace_id, id);
comment on table operations.pause is 'class: operational. Standing pauses: claims mark rows that one names as held, instead of giving them out. Kept: until removed.';
comment on column operations.pause.id is 'class: identifier.';
comment on column operations.pause.workspace_id is 'class: identifier. Null: of every workspace.';
comment on column operations.pause.lanes is 'class: operational. Null: every lane; so with the others.';
comment on column operations.pause.destinations is 'class: pseudonymous. Keyed hashes of domains.';
comment on column operations.pause.sites is 'class: operational. As destination_site.site.';
comment on column operations.pause.tags is 'class: business. Any of them.';
comment on column operations.pause.from_domain is 'class: business.';
comment on column operations.pause.reason is 'class: operational.';
comment on column operations.pause.made_by is 'class: identifier. The actor.';
comment on column operations.pause.made_at is 'class: operational.';
comment on column operations.pause.until is 'class: operational. Ends by itself then; null: until resumed.';
comment on column operations.pause.ended_at is 'class: operational.';
grant select, insert, update, delete on operations.pause to bulkhead_engine;

-- As in 0003; suppressions have a scope and an end.
CREATE OR REPLACE FUNCTION engine.accept(p_blob bytea, p_id uuid[], p_workspace uuid[], p_lane lane[], p_source text[], p_sensitive boolean[], p_from_domain text[], p_tags text[], p_size integer[], p_send_at timestamp with time zone[], p_expires_at timestamp with time zone[], p_actor text[], p_summary_at integer[], p_summary_length integer[], p_body_at integer[], p_body_length integer[], p_idempotency_key bytea[], p_idempotency_body bytea[], p_idempotency_expires timestamp with time zone[], p_event uuid[], r_message integer[], r_number integer[], r_kind text[], r_address_at integer[], r_address_length integer[], r_index_at integer[], r_destination bigint[], r_event uuid[])
 RETURNS TABLE(item integer, accepted boolean, message_id uuid, body_hash bytea, suppressed integer[])
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
                       send_at, expires_at, actor, summary)
  select x.id, x.w, x.lane, x.source, x.sensitive, x.from_domain, x.tags::text[], x.size,
         (select count(*) from unnest(r_message) r(m) where r.m = x.ord), x.send_at, x.expires_at, x.actor,
         substring(p_blob from x.summary_at + 1 for x.summary_length)
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
           s.workspace_id is not null as is_suppressed
    from unnest(r_message, r_number, r_kind, r_address_at, r_address_length, r_index_at, r_destination, r_event)
         as x(m, n, kind, address_at, address_length, index_at, destination, event)
    cross join lateral (select substring(p_blob from x.index_at + 1 for 32) as address_index) y
    left join suppression s on s.workspace_id = p_workspace[x.m] and s.address_index = y.address_index
      and (s.applies_to = 'all' or p_lane[x.m] = 'bulk') and (s.expires_at is null or s.expires_at > now())
    where v_fresh is null or v_fresh[x.m]
  ), kept as (
    insert into recipient (message_id, number, workspace_id, kind, address, address_index, destination)
    select r.id, r.n, r.w, r.kind, r.address, r.address_index, r.destination from r
  ), queued as (
    insert into queue (lane, message_id, number, workspace_id, destination, due, expires_at)
    select r.lane, r.id, r.n, r.w, r.destination, coalesce(p_send_at[r.m], now()), p_expires_at[r.m]
    from r where not r.is_suppressed
  ), ended as (
    insert into outcome (message_id, number, workspace_id, event_id, state, attempts, detail)
    select r.id, r.n, r.w, r.event, 'suppressed', 0, '{"reason":"on the suppression list"}'
    from r where r.is_suppressed
  ), per_message as (
    select r.m, array_agg(r.n order by r.n) filter (where r.is_suppressed) as numbers from r group by r.m
  )
  select x.ord::integer, coalesce(v_fresh[x.ord], true), coalesce(i.message_id, x.id), i.body_hash,
         coalesce(p.numbers, i.suppressed, '{}')
  from unnest(p_id, p_workspace, p_idempotency_key) with ordinality as x(id, w, k, ord)
  left join idempotency i on v_fresh is not null and i.workspace_id = x.w and i.key_hash = x.k
  left join per_message p on p.m = x.ord
  order by x.ord;

  if v_fresh is not null then
    update idempotency i set suppressed = s.numbers
    from (select o.message_id as id, array_agg(o.number) as numbers from outcome o
          where o.message_id = any(p_id) group by o.message_id) s
    where i.message_id = s.id and i.workspace_id = any(p_workspace) and i.key_hash = any(p_idempotency_key);
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
end $function$
;

-- The pause that stops a row; null where none does.
create function engine.pause_of(p_lane lane, p_workspace uuid, p_destination bigint, p_message uuid) returns uuid
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select p.id
  from operations.pause p
  join message m on m.id = p_message
  where p.ended_at is null and (p.until is null or p.until > clock_timestamp())
    and (p.workspace_id is null or p.workspace_id = p_workspace)
    and (p.lanes is null or p_lane::text = any(p.lanes))
    and (p.destinations is null or p_destination = any(p.destinations))
    and (p.sites is null or exists (select 1 from destination_site d where d.destination = p_destination and d.site = any(p.sites)))
    and (p.tags is null or m.tags && p.tags)
    and (p.from_domain is null or m.from_domain = p.from_domain)
  order by p.id
  limit 1
$$;

-- As in 0007, with lines and pauses. p_line 0: takes ready rows; those of a destination that p_avoid names go into a line instead, at
-- once and for all, so that the next claim does not read them again. p_avoid: {"destination": line, "destination/workspace": line}.
-- Another p_line: takes rows of that line, but none of p_skip's workspaces. A last row without a message names the workspace behind
-- which the next claim is to begin: the scan stopped at its 64th, or rows were put aside and there may be more.
drop function engine.claim(lane, bigint, integer, uuid, bigint[]);
create function engine.claim(
  p_lane lane, p_lease bigint, p_limit integer, p_after uuid, p_line bigint, p_avoid jsonb, p_skip uuid[]
) returns table (
  message_id uuid, number integer, workspace_id uuid, destination bigint, attempts integer, due timestamptz,
  expires_at timestamptz, created_at timestamptz, size_bytes integer, sensitive boolean, from_domain text, summary bytea, address bytea,
  address_index bytea, suppressed boolean, actor text
)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_everything boolean;
  v_blocked uuid[] := p_skip;
  v_contained uuid[];
  v_actors text[];
  v_paused boolean := false;
  v_avoiding boolean := p_avoid <> '{}';
  v_messages uuid[];
  v_numbers integer[];
  v_lines bigint[];
  v_pauses uuid[];
  v_stopped uuid;
begin
  if current_setting('transaction_isolation') <> 'read committed' or pg_advisory_xact_lock_shared(engine.guard_lock()) is null then
    raise exception using errcode = '0A000', message = 'claims run at READ COMMITTED only';
  end if;
  if exists (select from containment c where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()) then
    select f.everything, f.workspaces, f.actors into v_everything, v_contained, v_actors
    from engine.contained_for('sender', array['deliver', 'deliver:' || p_lane]) f;
    if v_everything then return; end if;
    v_blocked := v_blocked || v_contained;
  end if;
  if exists (select from operations.pause p where p.ended_at is null) then v_paused := true; end if;
  -- Rows under a lease that is gone would come back to nobody. The lock makes the lease's end wait for this claim, and then see it.
  perform 1 from worker_lease l where l.id = p_lease for key share;
  if not found then return; end if;

  if p_line = 0 then
    with recursive waiting(w, due, n) as (
      (select q.workspace_id, q.due, 1 from queue q
       where q.lane = p_lane and q.lease is null and not q.held and q.line = 0 and q.workspace_id > p_after
       order by q.workspace_id, q.due limit 1)
      union all
      select x.workspace_id, x.due, waiting.n + 1
      from waiting
      cross join lateral (
        select q.workspace_id, q.due from queue q
        where q.lane = p_lane and q.lease is null and not q.held and q.line = 0 and q.workspace_id > waiting.w
        order by q.workspace_id, q.due limit 1
      ) x
      where waiting.n < 64
    ), share as (
      -- Workspaces whose first row is not due yet have no part in it, nor have contained ones.
      select w, (p_limit + count(*) over () - 1) / count(*) over () as rows_max from waiting
      where waiting.due <= now() and waiting.w <> all(v_blocked)
    ), picked as (
      select q.message_id, q.number, q.line, q.pause, share.rows_max,
             row_number() over (partition by share.w, q.line = 0 and q.pause is null order by q.due) as place
      from share
      cross join lateral (
        select c.message_id, c.number, c.due,
               case when v_avoiding then coalesce((p_avoid ->> c.destination::text)::bigint,
                                                  (p_avoid ->> (c.destination || '/' || c.workspace_id))::bigint, 0) else 0 end as line,
               case when v_paused then engine.pause_of(p_lane, c.workspace_id, c.destination, c.message_id) end as pause
        from queue c
        where c.lane = p_lane and c.workspace_id = share.w and c.lease is null and not c.held and c.line = 0 and c.due <= now()
          and (v_actors is null or not exists (select 1 from message b where b.id = c.message_id and b.actor = any(v_actors)))
        order by c.due
        limit share.rows_max * case when v_avoiding or v_paused then 4 else 1 end
        for update skip locked
      ) q
    )
    select array_agg(k.message_id), array_agg(k.number), array_agg(k.line), array_agg(k.pause), (select w from waiting where n = 64)
    into v_messages, v_numbers, v_lines, v_pauses, v_stopped
    from picked k where k.line <> 0 or k.pause is not null or k.place <= k.rows_max;
  else
    with recursive waiting(w, due, n) as (
      (select q.workspace_id, q.due, 1 from queue q
       where q.lane = p_lane and q.lease is null and not q.held and q.line <> 0 and q.line = p_line and q.workspace_id > p_after
       order by q.workspace_id, q.due limit 1)
      union all
      select x.workspace_id, x.due, waiting.n + 1
      from waiting
      cross join lateral (
        select q.workspace_id, q.due from queue q
        where q.lane = p_lane and q.lease is null and not q.held and q.line <> 0 and q.line = p_line and q.workspace_id > waiting.w
        order by q.workspace_id, q.due limit 1
      ) x
      where waiting.n < 64
    ), share as (
      select w, (p_limit + count(*) over () - 1) / count(*) over () as rows_max from waiting
      where waiting.due <= now() and waiting.w <> all(v_blocked)
    ), picked as (
      select q.message_id, q.number, q.pause
      from share
      cross join lateral (
        select c.message_id, c.number,
               case when v_paused then engine.pause_of(p_lane, c.workspace_id, c.destination, c.message_id) end as pause
        from queue c
        where c.lane = p_lane and c.line <> 0 and c.line = p_line and c.workspace_id = share.w and c.lease is null and not c.held
          and c.due <= now()
          and (v_actors is null or not exists (select 1 from message b where b.id = c.message_id and b.actor = any(v_actors)))
        order by c.due
        limit share.rows_max
        for update skip locked
      ) q
    )
    select array_agg(k.message_id), array_agg(k.number), array_agg(0::bigint), array_agg(k.pause), (select w from waiting where n = 64)
    into v_messages, v_numbers, v_lines, v_pauses, v_stopped
    from picked k;
  end if;

  if v_messages is not null and (v_avoiding or v_paused) then
    with aside as (
      update queue q
      set line = case when x.pause is null then x.line else q.line end, held = x.pause is not null, hold = x.pause
      from unnest(v_messages, v_numbers, v_lines, v_pauses) as x(message_id, number, line, pause)
      where q.lane = p_lane and q.message_id = x.message_id and q.number = x.number and (x.line <> 0 or x.pause is not null)
      returning 1
    )
    select case when v_stopped is null and exists (select from aside) then p_after else v_stopped end into v_stopped;
  end if;

  return query
  with taken as (
    update queue q
    set lease = p_lease
    from unnest(v_messages, v_numbers, v_lines, v_pauses) as x(message_id, number, line, pause)
    where q.lane = p_lane and q.message_id = x.message_id and q.number = x.number and x.line = 0 and x.pause is null
    returning q.message_id, q.number, q.workspace_id, q.destination, q.attempts, q.due, q.expires_at
  )
  select t.message_id, t.number, t.workspace_id, t.destination, t.attempts, t.due, t.expires_at, m.created_at, m.size_bytes, m.sensitive,
         m.from_domain, m.summary, r.address, r.address_index,
         exists (select 1 from suppression s where s.workspace_id = t.workspace_id and s.address_index = r.address_index
                 and (s.applies_to = 'all' or p_lane = 'bulk') and (s.expires_at is null or s.expires_at > now())), m.actor
  from taken t
  join message m on m.id = t.message_id
  join recipient r on r.message_id = t.message_id and r.number = t.number
  union all
  select null, null, v_stopped, null, null, null, null, null, null, null, null, null, null, null, null, null
  where v_stopped is not null;
end $$;

-- Lines of a lane with rows that are due; found by skipping from line to line.
create function engine.waiting_lines(p_lane lane) returns setof bigint
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  with recursive lines(line, n) as (
    (select q.line, 1 from queue q
     where q.lane = p_lane and q.lease is null and not q.held and q.line <> 0 order by q.line limit 1)
    union all
    select x.line, lines.n + 1
    from lines
    cross join lateral (
      select q.line from queue q
      where q.lane = p_lane and q.lease is null and not q.held and q.line <> 0 and q.line > lines.line order by q.line limit 1
    ) x
    where lines.n < 5000
  )
  select line from lines;
end $$;

-- As in 0003; a row that goes back leaves its line. Where it waits is found out anew.
create or replace function engine.settle(
  p_lane lane, p_lease bigint, p_or_free boolean,
  p_message uuid[], p_number integer[], p_event uuid[], p_state text[], p_attempted boolean[], p_due timestamptz[],
  p_type text[], p_detail text[]
) returns table (item integer)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  with x as materialized (
    select * from unnest(p_message, p_number, p_event, p_state, p_attempted, p_due, p_type, p_detail)
      with ordinality as u(message_id, number, event_id, state, attempted, due, type, detail, ord)
  ), finished as (
    delete from queue q using x
    where q.lane = p_lane and q.message_id = x.message_id and q.number = x.number
      and (q.lease = p_lease or (p_or_free and q.lease is null))
      and x.state is not null
    returning q.message_id, q.number, q.workspace_id, q.attempts, x.event_id, x.state, x.attempted, x.detail, x.ord
  ), put_back as (
    update queue q
    set lease = null, line = 0, due = coalesce(x.due, q.due), attempts = q.attempts + x.attempted::integer
    from x
    where q.lane = p_lane and q.message_id = x.message_id and q.number = x.number
      and (q.lease = p_lease or (p_or_free and q.lease is null))
      and x.state is null
    returning q.message_id, q.number, q.workspace_id, x.event_id, x.type, x.detail, x.ord
  ), written as (
    insert into outcome (message_id, number, workspace_id, event_id, state, attempts, detail)
    select f.message_id, f.number, f.workspace_id, f.event_id, f.state::final_state, f.attempts + f.attempted::integer,
           f.detail::jsonb
    from finished f
  ), noted as (
    insert into event (id, message_id, number, workspace_id, type, detail)
    select b.event_id, b.message_id, b.number, b.workspace_id, b.type, b.detail::jsonb
    from put_back b where b.type is not null
  ), heard as (
    insert into webhook_delivery (endpoint_id, workspace_id, event_id, message_id, number, type)
    select e.id, h.workspace_id, h.event_id, h.message_id, h.number, h.type
    from (
      select f.workspace_id, f.event_id, f.message_id, f.number, 'message.' || f.state as type from finished f
      union all
      select b.workspace_id, b.event_id, b.message_id, b.number, b.type from put_back b where b.type is not null
    ) h
    join webhook_endpoint e
      on e.workspace_id = h.workspace_id and e.state = 'enabled' and (e.event_types = '{}' or h.type = any(e.event_types))
  )
  select x.ord::integer from x
  where not exists (select 1 from finished f where f.ord = x.ord)
    and not exists (select 1 from put_back b where b.ord = x.ord);
end $$;

-- What a site that rests keeps from going: the free rows of a workspace for one destination, of those that are due first, move behind the
-- rest. It reads at most p_limit rows of the index, however long the queue is.
create function engine.defer_waiting(p_lane lane, p_workspace uuid, p_destination bigint, p_until timestamptz, p_limit integer) returns bigint
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare v_rows bigint;
begin
  update queue q set due = p_until + random() * interval '5 seconds'
  from (
    select c.message_id, c.number from (
      select h.message_id, h.number, h.destination from queue h
      where h.lane = p_lane and h.workspace_id = p_workspace and h.lease is null and not h.held and h.line = 0
        and h.due <= now() + interval '1 second'
      order by h.due limit p_limit for update skip locked
    ) c
    where c.destination = p_destination
  ) c
  where q.lane = p_lane and q.message_id = c.message_id and q.number = c.number and q.due < p_until;
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;
drop function engine.defer_destination(lane, bigint, timestamptz, integer);

-- What a domain signs with, and whether its own return path leads here.
create function engine.sending_identity(p_workspace uuid, p_domain text)
returns table (selector text, algorithm text, key_id uuid, return_path boolean)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select k.selector, k.algorithm, k.key_id, d.checks @> '[{"purpose": "return-path", "state": "ok"}]'
  from sending_domain d
  join dkim_selector k on k.domain_id = d.id
  where d.workspace_id = p_workspace and d.name = p_domain and k.role = 'active' and k.published
  order by k.algorithm desc;
end $$;
drop function engine.signing_keys(uuid, text);

-- The sealed addresses of recipients that bounced, for the suppression list.
create function engine.bounced_recipients(p_message uuid[], p_number integer[])
returns table (message_id uuid, number integer, workspace_id uuid, address bytea, address_index bytea)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select r.message_id, r.number, r.workspace_id, r.address, r.address_index
  from unnest(p_message, p_number) as x(message_id, number)
  join recipient r on r.message_id = x.message_id and r.number = x.number
  join outcome o on o.message_id = x.message_id and o.number = x.number and o.state = 'bounced';
end $$;

-- Writes where destinations lead.
create function engine.note_sites(p_destination bigint[], p_site text[], p_provider text[], p_mx_hosts text[], p_policy text[]) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  insert into destination_site (destination, site, provider, mx_hosts, policy)
  select x.d, x.s, x.p, x.h::text[], x.t from unnest(p_destination, p_site, p_provider, p_mx_hosts, p_policy) as x(d, s, p, h, t)
  order by x.d
  on conflict (destination) do update
  set site = excluded.site, provider = excluded.provider, mx_hosts = excluded.mx_hosts, policy = excluded.policy, resolved_at = now()
$$;

create function engine.trim_sites(p_limit integer) returns bigint
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_rows bigint;
begin
  delete from destination_site d
  using (select s.destination from destination_site s where s.resolved_at < now() - interval '30 days' limit p_limit) old
  where d.destination = old.destination;
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;

-- What is heard of messages later: bounces that came back, complaints, opens. For functions that have looked at the evidence; no process
-- calls it. Events of messages that are gone are dropped; answers how
-- many were written. The outcome of a recipient stays what it is: the other side took it.
create function engine.note_events(p_id uuid[], p_message uuid[], p_number integer[], p_type text[], p_detail text[]) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare v_rows integer;
begin
  if exists (select from unnest(p_type) t
             where t <> all(array['message.returned', 'message.complained', 'message.opened', 'message.clicked', 'message.unsubscribed'])) then
    raise exception using errcode = '22023', message = 'not an event that is heard of later';
  end if;
  with x as materialized (
    select u.id, u.message_id, u.number, u.type, u.detail, m.workspace_id
    from unnest(p_id, p_message, p_number, p_type, p_detail) as u(id, message_id, number, type, detail)
    join message m on m.id = u.message_id
    where u.number is null or exists (select 1 from recipient r where r.message_id = u.message_id and r.number = u.number)
  ), noted as (
    insert into event (id, message_id, number, workspace_id, type, detail)
    select x.id, x.message_id, x.number, x.workspace_id, x.type, x.detail::jsonb from x
    returning 1
  ), heard as (
    insert into webhook_delivery (endpoint_id, workspace_id, event_id, message_id, number, type)
    select e.id, x.workspace_id, x.id, x.message_id, x.number, x.type
    from x join webhook_endpoint e
      on e.workspace_id = x.workspace_id and e.state = 'enabled' and (e.event_types = '{}' or x.type = any(e.event_types))
  )
  select count(*) into v_rows from noted;
  return v_rows;
end $$;

-- As in 0024; the first row that is due is looked for among the ready ones, by index.
create or replace function engine.staff_workspaces(p_after uuid, p_limit integer) returns table (
  id uuid, name text, created_at timestamptz, api_keys bigint, smtp_credentials bigint, domains_verified bigint,
  domains_other bigint, webhooks_enabled bigint, webhooks_disabled bigint, waiting bigint, oldest_due timestamptz, contained bigint
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select w.id, w.name, w.created_at,
         (select count(*) from api_key k where k.workspace_id = w.id and k.revoked_at is null),
         (select count(*) from smtp_credential c where c.workspace_id = w.id and c.revoked_at is null),
         (select count(*) from sending_domain d where d.workspace_id = w.id and d.state = 'verified'),
         (select count(*) from sending_domain d where d.workspace_id = w.id and d.state <> 'verified'),
         (select count(*) from webhook_endpoint e where e.workspace_id = w.id and e.state = 'enabled'),
         (select count(*) from webhook_endpoint e where e.workspace_id = w.id and e.state <> 'enabled'),
         (select count(*) from (
            (select 1 from queue q where q.workspace_id = w.id and q.lease is null and not q.held and q.line = 0 limit 10000)
            union all
            (select 1 from queue q where q.workspace_id = w.id and q.lease is null and not q.held and q.line <> 0 limit 10000)
            limit 10000) x),
         (select q.due from queue q where q.workspace_id = w.id and q.lease is null and not q.held and q.line = 0 order by q.due limit 1),
         (select count(*) from containment c where c.workspace_id = w.id and c.state in ('active', 'lift_requested') and c.until > now())
  from workspace w
  where w.id > p_after and w.id <> '00000000-0000-7000-8000-000000000001'
  order by w.id
  limit least(p_limit, 1000)
$$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('accept', 'claim', 'settle', 'pause_of', 'waiting_lines', 'defer_waiting', 'sending_identity',
      'bounced_recipients', 'note_sites', 'trim_sites', 'note_events', 'staff_workspaces')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
  -- As in 0003: hot functions keep one plan, and may only look rows up by index.
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('claim', 'settle', 'waiting_lines', 'defer_waiting', 'sending_identity', 'note_events')
  loop
    execute format('alter function %s set plan_cache_mode = force_generic_plan', signature);
    execute format('alter function %s set enable_seqscan = off', signature);
    execute format('alter function %s set enable_bitmapscan = off', signature);
    execute format('alter function %s set enable_hashjoin = off', signature);
    execute format('alter function %s set enable_mergejoin = off', signature);
    execute format('alter function %s set max_parallel_workers_per_gather = 0', signature);
  end loop;
end $$;

grant execute on function engine.claim, engine.waiting_lines, engine.defer_waiting, engine.sending_identity, engine.bounced_recipients,
  engine.note_sites to bulkhead_sender;
grant execute on function engine.trim_sites to bulkhead_worker;
revoke create on schema engine from bulkhead_engine;
