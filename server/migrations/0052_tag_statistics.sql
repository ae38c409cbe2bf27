-- What happened to mail by its tags, day by day, and messages found by several tags and by the domain they come from. docs/statistics.md.
-- Lock impact: a new table, and functions that are replaced.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table tag_statistic (
  workspace_id uuid not null references workspace,
  tag text not null check (length(tag) <= 300),
  at timestamptz not null,
  accepted integer not null default 0,
  delivered integer not null default 0,
  bounced integer not null default 0,
  deferred integer not null default 0,
  expired integer not null default 0,
  suppressed integer not null default 0,
  cancelled integer not null default 0,
  returned integer not null default 0,
  complained integer not null default 0,
  unsubscribed integer not null default 0,
  opened integer not null default 0,
  clicked integer not null default 0,
  primary key (workspace_id, tag, at)
) with (fillfactor = 70);
create index tag_statistic_day on tag_statistic (workspace_id, at);
create index tag_statistic_age on tag_statistic (at);
comment on table tag_statistic is 'class: operational. What happened to the mail of a workspace by tag and day, of 2,000 tags a day at most. Kept: 400 days.';
comment on column tag_statistic.workspace_id is 'class: identifier.';
comment on column tag_statistic.tag is 'class: business. A tag of a sender, or one of our own for a template, topic or subaccount.';
comment on column tag_statistic.at is 'class: operational. The day, UTC.';
comment on column tag_statistic.accepted is 'class: operational. As statistic.accepted.';
comment on column tag_statistic.delivered is 'class: operational. As statistic.delivered.';
comment on column tag_statistic.bounced is 'class: operational. As statistic.bounced.';
comment on column tag_statistic.deferred is 'class: operational. As statistic.deferred.';
comment on column tag_statistic.expired is 'class: operational. As statistic.expired.';
comment on column tag_statistic.suppressed is 'class: operational. As statistic.suppressed.';
comment on column tag_statistic.cancelled is 'class: operational. As statistic.cancelled.';
comment on column tag_statistic.returned is 'class: operational. As statistic.returned.';
comment on column tag_statistic.complained is 'class: operational. As statistic.complained.';
comment on column tag_statistic.unsubscribed is 'class: operational. As statistic.unsubscribed.';
comment on column tag_statistic.opened is 'class: operational. As statistic.opened.';
comment on column tag_statistic.clicked is 'class: operational. As statistic.clicked.';
select engine.protect('tag_statistic');
grant select, insert, update, delete on tag_statistic to bulkhead_engine;
grant select on tag_statistic to bulkhead_api;

create function engine.tag_statistic_kept() returns interval
language sql immutable parallel safe
return interval '400 days';

create function engine.tags_a_day() returns integer
language sql immutable parallel safe
return 2000;

-- As in 0041; by tag and day too, in the same turn: each fact is counted once there as well.
create or replace function engine.roll_statistics(p_limit integer, p_relay text) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_limit integer := least(greatest(p_limit, 1), 20000);
  v_due uuid;
  v_workspace uuid;
  v_cursor statistic_cursor%rowtype;
  v_snapshot pg_snapshot;
  v_taken_at timestamptz;
  v_from xid8;
  v_until xid8;
  v_counted_until timestamptz;
  v_rows integer;
  v_last timestamptz;
  v_more boolean;
begin
  for v_due in select c.workspace_id from statistic_cursor c where c.due_at <= clock_timestamp() order by c.due_at limit 20 loop
    -- Not a lock of the row, which would give this transaction its number.
    if pg_try_advisory_xact_lock(746241, hashtext(v_due::text)) then
      -- Another worker may have had its turn meanwhile.
      select * into v_cursor from statistic_cursor c where c.workspace_id = v_due and c.due_at <= clock_timestamp();
      if found then v_workspace := v_due; exit; end if;
    end if;
  end loop;
  if v_workspace is null then return null; end if;

  v_taken_at := clock_timestamp();
  v_snapshot := pg_current_snapshot();
  v_from := v_cursor.next_xid;
  v_counted_until := v_cursor.counted_until;
  if v_from > pg_snapshot_xmax(v_snapshot) then
    v_from := '0';
    v_counted_until := coalesce(v_cursor.through_at, v_counted_until);
  end if;

  -- Whole transactions only, so that the cursor is one number; those that may still be running are left for later.
  select least(
    (select (x.commit_xid::text::bigint + 1)::text::xid8 from message x
     where x.workspace_id = v_workspace and x.commit_xid >= v_from and x.commit_xid < pg_snapshot_xmin(v_snapshot)
     order by x.commit_xid offset v_limit - 1 limit 1),
    (select (x.commit_xid::text::bigint + 1)::text::xid8 from outcome x
     where x.workspace_id = v_workspace and x.commit_xid >= v_from and x.commit_xid < pg_snapshot_xmin(v_snapshot)
     order by x.commit_xid offset v_limit - 1 limit 1),
    (select (x.commit_xid::text::bigint + 1)::text::xid8 from event x
     where x.workspace_id = v_workspace and x.commit_xid >= v_from and x.commit_xid < pg_snapshot_xmin(v_snapshot)
     order by x.commit_xid offset v_limit - 1 limit 1),
    pg_snapshot_xmin(v_snapshot)) into v_until;
  v_more := v_until < pg_snapshot_xmin(v_snapshot);

  with ended as materialized (
    select o.message_id, o.number, o.state, o.attempts, o.at, d.provider, d.source, d.site, d.stage, d."durationMs" as took
    from outcome o
    cross join lateral jsonb_to_record(o.detail) as d(provider text, source text, site text, stage text, "durationMs" text)
    where o.workspace_id = v_workspace and o.commit_xid >= v_from and o.commit_xid < v_until and o.at > v_counted_until
  ), happened as materialized (
    select e.id, e.message_id, e.number, e.type, e.at, e.commit_xid, d.provider, d.source, d.site, d.attempt, d."durationMs" as took,
           case when d.by in ('person', 'proxy') and e.type = 'message.opened' or d.by = 'person' and e.type = 'message.clicked'
             then 'people' else 'machines' end as fetcher
    from event e
    cross join lateral jsonb_to_record(e.detail) as d(provider text, source text, site text, attempt text, "durationMs" text, by text)
    where e.workspace_id = v_workspace and e.commit_xid >= v_from and e.commit_xid < v_until and e.at > v_counted_until
      and e.type in ('message.deferred', 'message.uncertain', 'message.returned', 'message.complained', 'message.unsubscribed',
                     'message.opened', 'message.clicked')
  ), firsts as materialized (
    -- The first fetch of its kind, of those that are counted now and of those before: one answer, whenever it is asked.
    select h.id
    from (select distinct on (x.message_id, x.number, x.type, x.fetcher) x.* from happened x
          where x.type in ('message.opened', 'message.clicked')
          order by x.message_id, x.number, x.type, x.fetcher, x.commit_xid, x.id) h
    where not exists (
      select from event e
      where e.message_id = h.message_id and e.number is not distinct from h.number and e.type = h.type and e.commit_xid < v_from
        and (case when e.detail->>'by' in ('person', 'proxy') and e.type = 'message.opened' or e.detail->>'by' = 'person' and e.type = 'message.clicked'
               then 'people' else 'machines' end) = h.fetcher)
  ), fact as materialized (
    select m.created_at as at, m.id as message_id, null::integer as number, 'accepted' as kind, m.recipient_count as n, m.lane,
           null::text as provider, null::text as source, null::text as site, null::double precision as first_ms,
           null::double precision as delivery_ms, false as tried, false as placed, m.tags
    from message m
    where m.workspace_id = v_workspace and m.commit_xid >= v_from and m.commit_xid < v_until and m.created_at > v_counted_until
    union all
    select o.at, o.message_id, o.number, o.state::text, 1, m.lane, o.provider, o.source, o.site,
           case when o.attempts = 1 and o.stage is not null then
             extract(epoch from o.at - greatest(m.created_at, coalesce(m.send_at, m.created_at))) * 1000
             - case when o.took ~ '^\d{1,9}$' then o.took::double precision else 0 end end,
           case when o.state = 'delivered' then extract(epoch from o.at - greatest(m.created_at, coalesce(m.send_at, m.created_at))) * 1000 end,
           o.stage is not null, true, m.tags
    from ended o join message m on m.id = o.message_id
    union all
    select h.at, h.message_id, h.number, replace(h.type, 'message.', '') ||
             case when h.type = 'message.uncertain' then ' unanswered' when h.type = 'message.deferred' and h.attempt is null then ' waited'
                  when h.type in ('message.opened', 'message.clicked') then ' ' || h.fetcher else '' end,
           1, m.lane, coalesce(h.provider, d.provider), coalesce(h.source, d.source), coalesce(h.site, d.site),
           case when h.attempt = '1' then extract(epoch from h.at - greatest(m.created_at, coalesce(m.send_at, m.created_at))) * 1000
             - case when h.took ~ '^\d{1,9}$' then h.took::double precision else 0 end end,
           null, h.attempt is not null, true, m.tags
    from happened h join message m on m.id = h.message_id
    -- What is heard of later says nothing of where the mail went; its outcome does.
    left join outcome o on h.attempt is null and o.message_id = h.message_id and o.number = h.number
    left join lateral jsonb_to_record(o.detail) as d(provider text, source text, site text) on true
    where h.type not in ('message.opened', 'message.clicked') or h.id in (select f.id from firsts f)
  ), sites as materialized (
    -- What has no provider goes to a relay, or a place of this installation: those have no MX hosts; the rest is other people's servers.
    select s.site, (select cardinality(d.mx_hosts) = 0 from destination_site d where d.site = s.site limit 1) as own
    from (select distinct f.site from fact f where f.placed and f.provider is null and f.site is not null) s
  ), placed as materialized (
    select f.at, f.kind, f.n, f.lane, f.first_ms, f.delivery_ms, f.tried,
           left(case when not f.placed then ''
                     when f.provider is not null then f.provider
                     when f.site is not null then case when s.own or f.site in ('simulator', 'local inbox', p_relay) then f.site else 'other' end
                     else coalesce(k.place, '') end, 100) as provider,
           left(coalesce(f.source, ''), 100) as source
    from fact f
    left join sites s on s.site = f.site
    left join lateral (
      select coalesce(d.provider, case when cardinality(d.mx_hosts) = 0 then d.site else 'other' end) as place
      from recipient r join destination_site d on d.destination = r.destination
      where f.placed and f.provider is null and f.site is null and r.message_id = f.message_id and r.number = f.number
    ) k on true
  ), buckets as materialized (
    select s.step, engine.statistic_begin(s.step, p.at) as at, p.lane, p.provider, p.source,
           coalesce(sum(p.n) filter (where p.kind = 'accepted'), 0) as accepted,
           count(*) filter (where p.tried) as attempts,
           count(*) filter (where p.kind = 'delivered') as delivered,
           count(*) filter (where p.kind = 'bounced') as bounced,
           count(*) filter (where p.kind = 'expired') as expired,
           count(*) filter (where p.kind = 'suppressed') as suppressed,
           count(*) filter (where p.kind = 'cancelled') as cancelled,
           count(*) filter (where p.kind = 'uncertain') as uncertain,
           count(*) filter (where p.kind = 'deferred') as deferred,
           count(*) filter (where p.kind = 'uncertain unanswered') as unanswered,
           count(*) filter (where p.kind = 'deferred waited') as waited,
           count(*) filter (where p.kind = 'returned') as returned,
           count(*) filter (where p.kind = 'complained') as complained,
           count(*) filter (where p.kind = 'unsubscribed') as unsubscribed,
           count(*) filter (where p.kind = 'opened people') as opened,
           count(*) filter (where p.kind = 'opened machines') as opened_by_machine,
           count(*) filter (where p.kind = 'clicked people') as clicked,
           count(*) filter (where p.kind = 'clicked machines') as clicked_by_machine,
           engine.count_buckets(array_agg(p.first_ms) filter (where p.first_ms is not null)) as first_attempt,
           engine.count_buckets(array_agg(p.delivery_ms) filter (where p.delivery_ms is not null)) as delivery
    from placed p
    cross join (values ('minute'), ('quarter'), ('hour'), ('day')) as s(step)
    where p.at > now() - engine.statistic_kept(s.step)
    group by 1, 2, 3, 4, 5
  ), written as (
    insert into statistic as t
      (workspace_id, step, at, lane, provider, source, accepted, attempts, delivered, bounced, expired, suppressed, cancelled, uncertain,
      deferred, unanswered, waited, returned, complained, unsubscribed, opened, opened_by_machine, clicked, clicked_by_machine,
      first_attempt, delivery)
    select v_workspace, step, at, lane, provider, source, accepted, attempts, delivered, bounced, expired, suppressed, cancelled, uncertain, deferred,
      unanswered, waited, returned, complained, unsubscribed, opened, opened_by_machine, clicked, clicked_by_machine, first_attempt,
      delivery from buckets
    on conflict (workspace_id, step, at, lane, provider, source) do update set
      accepted = t.accepted + excluded.accepted, attempts = t.attempts + excluded.attempts, delivered = t.delivered + excluded.delivered,
      bounced = t.bounced + excluded.bounced, expired = t.expired + excluded.expired, suppressed = t.suppressed + excluded.suppressed,
      cancelled = t.cancelled + excluded.cancelled, uncertain = t.uncertain + excluded.uncertain, deferred = t.deferred + excluded.deferred,
      unanswered = t.unanswered + excluded.unanswered, waited = t.waited + excluded.waited, returned = t.returned + excluded.returned,
      complained = t.complained + excluded.complained, unsubscribed = t.unsubscribed + excluded.unsubscribed,
      opened = t.opened + excluded.opened, opened_by_machine = t.opened_by_machine + excluded.opened_by_machine,
      clicked = t.clicked + excluded.clicked, clicked_by_machine = t.clicked_by_machine + excluded.clicked_by_machine,
      first_attempt = engine.add_buckets(t.first_attempt, excluded.first_attempt), delivery = engine.add_buckets(t.delivery, excluded.delivery)
  ), summed as (
    -- In one order, so that two workers do not wait for each other.
    insert into installation_statistic as t
      (step, at, lane, provider, source, accepted, attempts, delivered, bounced, expired, suppressed, cancelled, uncertain, deferred,
      unanswered, waited, returned, complained, unsubscribed, opened, opened_by_machine, clicked, clicked_by_machine, first_attempt,
      delivery)
    select step, at, lane, provider, source, accepted, attempts, delivered, bounced, expired, suppressed, cancelled, uncertain, deferred,
      unanswered, waited, returned, complained, unsubscribed, opened, opened_by_machine, clicked, clicked_by_machine, first_attempt,
      delivery from buckets order by step, at, lane, provider, source
    on conflict (step, at, lane, provider, source) do update set
      accepted = t.accepted + excluded.accepted, attempts = t.attempts + excluded.attempts, delivered = t.delivered + excluded.delivered,
      bounced = t.bounced + excluded.bounced, expired = t.expired + excluded.expired, suppressed = t.suppressed + excluded.suppressed,
      cancelled = t.cancelled + excluded.cancelled, uncertain = t.uncertain + excluded.uncertain, deferred = t.deferred + excluded.deferred,
      unanswered = t.unanswered + excluded.unanswered, waited = t.waited + excluded.waited, returned = t.returned + excluded.returned,
      complained = t.complained + excluded.complained, unsubscribed = t.unsubscribed + excluded.unsubscribed,
      opened = t.opened + excluded.opened, opened_by_machine = t.opened_by_machine + excluded.opened_by_machine,
      clicked = t.clicked + excluded.clicked, clicked_by_machine = t.clicked_by_machine + excluded.clicked_by_machine,
      first_attempt = engine.add_buckets(t.first_attempt, excluded.first_attempt), delivery = engine.add_buckets(t.delivery, excluded.delivery)
  ), tagged as materialized (
    select x.tag, engine.statistic_begin('day', f.at) as at,
           coalesce(sum(f.n) filter (where f.kind = 'accepted'), 0) as accepted,
           count(*) filter (where f.kind = 'delivered') as delivered,
           count(*) filter (where f.kind = 'bounced') as bounced,
           count(*) filter (where f.kind = 'deferred') as deferred,
           count(*) filter (where f.kind = 'expired') as expired,
           count(*) filter (where f.kind = 'suppressed') as suppressed,
           count(*) filter (where f.kind = 'cancelled') as cancelled,
           count(*) filter (where f.kind = 'returned') as returned,
           count(*) filter (where f.kind = 'complained') as complained,
           count(*) filter (where f.kind = 'unsubscribed') as unsubscribed,
           count(*) filter (where f.kind = 'opened people') as opened,
           count(*) filter (where f.kind = 'clicked people') as clicked
    from fact f cross join lateral unnest(f.tags) as x(tag)
    where f.tags <> '{}' and f.at > now() - engine.tag_statistic_kept() and x.tag !~ '^(batch:bat|broadcast:brd)_[0-9a-z]{26}$'
    group by 1, 2
  ), placed_tags as materialized (
    -- Whoever tags each message with its own number has no statistics of it, and costs nobody more than this.
    select t.*, exists (select from tag_statistic s where s.workspace_id = v_workspace and s.tag = t.tag and s.at = t.at) as known
    from tagged t
  ), written_tags as (
    insert into tag_statistic as t (workspace_id, tag, at, accepted, delivered, bounced, deferred, expired, suppressed, cancelled, returned,
      complained, unsubscribed, opened, clicked)
    select v_workspace, p.tag, p.at, p.accepted, p.delivered, p.bounced, p.deferred, p.expired, p.suppressed, p.cancelled, p.returned,
      p.complained, p.unsubscribed, p.opened, p.clicked
    from (
      select k.*, row_number() over (partition by k.at, k.known order by k.accepted desc, k.tag) as place,
             (select count(*) from tag_statistic s where s.workspace_id = v_workspace and s.at = k.at) as there
      from placed_tags k
    ) p
    where p.known or p.place + p.there <= engine.tags_a_day()
    on conflict (workspace_id, tag, at) do update set
      accepted = t.accepted + excluded.accepted, delivered = t.delivered + excluded.delivered, bounced = t.bounced + excluded.bounced,
      deferred = t.deferred + excluded.deferred, expired = t.expired + excluded.expired, suppressed = t.suppressed + excluded.suppressed,
      cancelled = t.cancelled + excluded.cancelled, returned = t.returned + excluded.returned, complained = t.complained + excluded.complained,
      unsubscribed = t.unsubscribed + excluded.unsubscribed, opened = t.opened + excluded.opened, clicked = t.clicked + excluded.clicked
  )
  select count(*), max(f.at) into v_rows, v_last from fact f;

  update statistic_cursor c
  set next_xid = v_until,
      counted_until = v_counted_until,
      -- Everything that had begun to be written at an instant is counted when the cursor has passed the transactions that there were then.
      through_at = greatest(c.through_at, case
        when v_more then v_last - interval '10 seconds'
        when pg_snapshot_xmin(v_snapshot) = pg_snapshot_xmax(v_snapshot) then v_taken_at - interval '1 second'
        when v_until >= c.mark_xid then c.mark_at - interval '1 second' end),
      mark_xid = case when v_until < c.mark_xid and c.mark_xid <= pg_snapshot_xmax(v_snapshot) then c.mark_xid else pg_snapshot_xmax(v_snapshot) end,
      mark_at = case when v_until < c.mark_xid and c.mark_xid <= pg_snapshot_xmax(v_snapshot) then c.mark_at else v_taken_at end,
      catching_up = v_more,
      idle_turns = case when v_rows > 0 or v_more then 0 else least(c.idle_turns + 1, 10) end,
      due_at = clock_timestamp() + case
        when v_more then interval '0'
        when v_rows > 0 then interval '3 seconds'
        else make_interval(secs => least(60, 3 * 2 ^ least(c.idle_turns, 5))) end
  where c.workspace_id = v_workspace;
  return v_rows;
end $$;

-- As in 0041.
create or replace function engine.trim_statistics(p_limit integer) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_step text;
  v_rows integer;
  v_gone integer := 0;
begin
  foreach v_step in array array['minute', 'quarter', 'hour', 'day'] loop
    delete from statistic
    where ctid = any(array(
      select s.ctid from statistic s where s.step = v_step and s.at < now() - engine.statistic_kept(v_step) - interval '1 hour'
      order by s.at limit least(greatest(p_limit, 0), 100000)));
    get diagnostics v_rows = row_count;
    v_gone := v_gone + v_rows;
    delete from installation_statistic s
    where s.step = v_step and s.at < now() - engine.statistic_kept(v_step) - interval '1 hour';
    get diagnostics v_rows = row_count;
    v_gone := v_gone + v_rows;
  end loop;
  delete from tag_statistic
  where ctid = any(array(
    select s.ctid from tag_statistic s where s.at < now() - engine.tag_statistic_kept() - interval '1 hour'
    order by s.at limit least(greatest(p_limit, 0), 100000)));
  get diagnostics v_rows = row_count;
  return v_gone + v_rows;
end $$;

-- As in 0043, with several tags, all of which a message has to have, and the domain of From.
drop function engine.find_messages(uuid, uuid, uuid, uuid, lane, text, text, bytea, integer);
create function engine.find_messages(
  p_workspace uuid, p_before uuid, p_from uuid, p_until uuid, p_lane lane, p_tags text[], p_state text, p_address bytea, p_limit integer,
  p_from_domain text
) returns setof uuid
language plpgsql stable security definer set search_path = public, engine, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_material = off
set max_parallel_workers_per_gather = 0 set jit = off as $$
declare
  v_first constant integer := 5000;
  v_top uuid := least(coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff'), coalesce(p_until, 'ffffffff-ffff-ffff-ffff-ffffffffffff'));
  v_bottom uuid := coalesce(p_from, '00000000-0000-0000-0000-000000000000');
  v_last uuid;
  v_seen integer;
  v_found uuid[];
  v_kind text := '';
  v_state text := '';
  v_waiting text;
  v_driver text;
begin
  if p_workspace is distinct from engine.current_workspace() then return; end if;
  v_waiting := case p_state
    when 'held' then 'q.held'
    when 'scheduled' then 'not q.held and q.due > now() and q.attempts = 0 and q.lease is null'
    when 'pending' then 'not q.held and (q.due <= now() or q.attempts > 0 or q.lease is not null)'
  end;
  if p_lane is not null then
    v_kind := v_kind || ' and m.lane = $5' || case when p_lane <> 'transactional' then ' and m.lane <> ''transactional''' else '' end;
  end if;
  if p_tags is not null then v_kind := v_kind || ' and m.tags <> ''{}'' and m.tags @> $6'; end if;
  if p_from_domain is not null then v_kind := v_kind || ' and m.from_domain = $9'; end if;
  if v_waiting is not null then
    v_state := ' and exists (select 1 from queue q where q.lane = m.lane and q.message_id = m.id and ' || v_waiting || ')';
  elsif p_state is not null then
    v_state := ' and exists (select 1 from outcome o where o.message_id = m.id and o.state = $7::final_state)';
  end if;

  if p_address is null then
    execute 'with newest as materialized (
               select m.id, m.lane, m.tags, m.from_domain from message m
               where m.workspace_id = $1 and m.id < $2 and m.id >= $3 order by m.id desc limit $4
             ), kept as (
               select m.id from newest m where true' || v_kind || v_state || ' order by m.id desc limit $8
             )
             select (select min(n.id::text)::uuid from newest n), (select count(*) from newest), array(select k.id from kept k order by k.id desc)'
      into v_last, v_seen, v_found
      using p_workspace, v_top, v_bottom, v_first, p_lane, p_tags, p_state, p_limit, p_from_domain;
    return query select unnest(v_found);
    if v_seen < v_first or cardinality(v_found) >= p_limit then return; end if;
    v_top := v_last;
  end if;

  -- Each driver answers ids, newest first and each once; what it does not look at itself is asked of the message, one by one until there are
  -- enough. Tags come out of their index whole before anything is sorted: a plan that hopes to find enough on the way reads everything.
  v_driver := case
    when p_address is not null then
      'select distinct r.message_id as id from recipient r
       where r.workspace_id = $1 and r.address_index = $4 and r.message_id < $2 and r.message_id >= $3 order by 1 desc'
    when v_waiting is not null then
      'select distinct q.message_id as id from queue q
       where q.workspace_id = $1 and q.message_id < $2 and q.message_id >= $3 and ' || v_waiting || ' order by 1 desc'
    when p_state is not null and p_state <> 'delivered' then
      'select distinct o.message_id as id from outcome o
       where o.workspace_id = $1 and o.state = $7::final_state and o.state <> ''delivered'' and o.message_id < $2 and o.message_id >= $3
       order by 1 desc'
    when p_tags is not null and coalesce(p_lane not in ('critical', 'internal'), true) then
      'with found as materialized (
         select m.id from message m where m.workspace_id = $1 and m.id < $2 and m.id >= $3' || v_kind || '
       ) select f.id from found f order by 1 desc'
    when p_lane is not null then
      'select m.id from message m
       where m.workspace_id = $1 and m.id < $2 and m.id >= $3 and m.lane = $5'
       || case when p_lane <> 'transactional' then ' and m.lane <> ''transactional''' else '' end || ' order by 1 desc'
    else
      -- Nothing is known of how often there is a domain: the newest 200,000 are looked at.
      'select m.id from message m where m.workspace_id = $1 and m.id < $2 and m.id >= $3 order by 1 desc'
      || case when p_from_domain is not null then ' limit 200000' else '' end
  end;
  return query execute
    'select m.id from (' || v_driver || ') d join message m on m.id = d.id and m.workspace_id = $1' || v_kind || v_state || ' limit $8'
    using p_workspace, v_top, v_bottom, p_address, p_lane, p_tags, p_state, p_limit - coalesce(cardinality(v_found), 0), p_from_domain;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('tag_statistic_kept', 'tags_a_day', 'find_messages')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
  -- Replacing a function takes its settings away.
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname = 'roll_statistics'
  loop
    execute format('alter function %s set plan_cache_mode = force_generic_plan', signature);
    execute format('alter function %s set enable_seqscan = off', signature);
    execute format('alter function %s set enable_bitmapscan = off', signature);
    execute format('alter function %s set enable_hashjoin = off', signature);
    execute format('alter function %s set enable_mergejoin = off', signature);
    execute format('alter function %s set max_parallel_workers_per_gather = 0', signature);
    execute format('alter function %s set jit = off', signature);
  end loop;
end $$;
grant execute on function engine.find_messages to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
