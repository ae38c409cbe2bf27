-- What became of mail over time, counted in the background. docs/statistics.md.
-- Lock impact: none, new objects only. What happened before is counted by the worker, some thousand rows at a time.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

-- Upper ends of the buckets of durations, in milliseconds; the last bucket is what took longer. Never changed: rows were counted by it.
create function engine.statistic_bounds() returns double precision[]
language sql immutable parallel safe
return array[100, 200, 500, 1000, 2000, 3000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000, 900000, 1800000, 3600000, 7200000,
             14400000, 28800000, 86400000, 259200000]::double precision[];

-- Begin of the bucket of an instant, in UTC.
create function engine.statistic_begin(p_step text, p_at timestamptz) returns timestamptz
language sql immutable parallel safe
return case p_step when 'quarter' then date_bin('15 minutes', p_at, '2000-01-01 00:00:00+00') else date_trunc(p_step, p_at, 'UTC') end;

create table statistic (
  workspace_id uuid not null references workspace,
  step text not null check (step in ('minute', 'quarter', 'hour', 'day')),
  at timestamptz not null,
  lane lane not null,
  provider text not null check (length(provider) <= 100),
  source text not null check (length(source) <= 100),
  accepted integer not null default 0,
  attempts integer not null default 0,
  delivered integer not null default 0,
  bounced integer not null default 0,
  expired integer not null default 0,
  suppressed integer not null default 0,
  cancelled integer not null default 0,
  uncertain integer not null default 0,
  deferred integer not null default 0,
  unanswered integer not null default 0,
  waited integer not null default 0,
  returned integer not null default 0,
  complained integer not null default 0,
  unsubscribed integer not null default 0,
  opened integer not null default 0,
  opened_by_machine integer not null default 0,
  clicked integer not null default 0,
  clicked_by_machine integer not null default 0,
  first_attempt integer[] not null default '{}',
  delivery integer[] not null default '{}',
  primary key (workspace_id, step, at, lane, provider, source)
) with (fillfactor = 70);
create index statistic_age on statistic (step, at);
comment on table statistic is 'class: operational. What happened to the mail of a workspace, counted by time. Kept: by step, see engine.statistic_kept.';
select engine.protect('statistic');
grant select, insert, update, delete on statistic to bulkhead_engine;
grant select on statistic to bulkhead_api;

-- The same over all workspaces, so that nobody adds up a thousand of them to look at a page.
create table installation_statistic (like statistic including defaults including constraints) with (fillfactor = 70);
alter table installation_statistic drop column workspace_id;
alter table installation_statistic add primary key (step, at, lane, provider, source);
comment on table installation_statistic is 'class: operational. The sum of statistic over all workspaces. Kept: as statistic.';
grant select, insert, update, delete on installation_statistic to bulkhead_engine;

do $$
declare
  target text;
  described record;
begin
  for described in select * from (values
    ('step', 'How long a bucket is.'),
    ('at', 'Begin of the bucket, UTC.'),
    ('lane', ''),
    ('provider', 'Where mail went: a provider of the rules, other, a relay, simulator, local inbox; empty: not known, because nobody tried.'),
    ('source', 'Where it left from; empty: nobody tried.'),
    ('accepted', 'Recipients.'),
    ('attempts', 'Attempts that were made.'),
    ('delivered', 'Recipients, as the ledger has them; so with the other final states.'),
    ('bounced', ''), ('expired', ''), ('suppressed', ''), ('cancelled', ''), ('uncertain', ''),
    ('deferred', 'Attempts that failed for a time.'),
    ('unanswered', 'Attempts without an answer that are made again.'),
    ('waited', 'Times that mail had to wait without an attempt: a suspension, a limit, a policy.'),
    ('returned', 'Bounces that came back later.'),
    ('complained', ''), ('unsubscribed', ''),
    ('opened', 'Recipients whose mail was opened by a person or a proxy, at the time of the first; of a message with several, the message.'),
    ('opened_by_machine', 'The same by scanners and unknown.'),
    ('clicked', 'Recipients who clicked, at the time of the first.'),
    ('clicked_by_machine', 'The same by scanners, proxies and unknown.'),
    ('first_attempt', 'Durations until the first attempt began, in the buckets of engine.statistic_bounds; empty: none.'),
    ('delivery', 'Durations until delivery, likewise.')) as d(name, meaning)
  loop
    foreach target in array array['statistic', 'installation_statistic'] loop
      execute format('comment on column %I.%I is %L', target, described.name, trim('class: operational. ' || described.meaning));
    end loop;
  end loop;
end $$;
comment on column statistic.workspace_id is 'class: identifier.';

create table statistic_cursor (
  workspace_id uuid primary key references workspace,
  next_xid xid8 not null default '0',
  counted_until timestamptz not null default '-infinity',
  through_at timestamptz,
  mark_xid xid8,
  mark_at timestamptz,
  catching_up boolean not null default true,
  due_at timestamptz not null default now(),
  idle_turns integer not null default 0
) with (fillfactor = 50);
create index statistic_cursor_due on statistic_cursor (due_at);
comment on table statistic_cursor is 'class: operational. How far the mail of a workspace has been counted. Kept: as long as the workspace.';
comment on column statistic_cursor.workspace_id is 'class: identifier.';
comment on column statistic_cursor.next_xid is 'class: operational. Rows of every transaction below it are counted.';
comment on column statistic_cursor.counted_until is 'class: operational. After a restore into another cluster: what happened before was counted under transaction numbers that mean nothing any more.';
comment on column statistic_cursor.through_at is 'class: operational. What happened before is counted, all of it.';
comment on column statistic_cursor.mark_xid is 'class: operational. The next transaction at the instant mark_at.';
comment on column statistic_cursor.mark_at is 'class: operational.';
comment on column statistic_cursor.catching_up is 'class: operational. There was more than one turn could count.';
comment on column statistic_cursor.due_at is 'class: operational. When it is looked at again.';
comment on column statistic_cursor.idle_turns is 'class: operational. Turns in a row that found nothing.';
select engine.protect('statistic_cursor');
grant select, insert, update, delete on statistic_cursor to bulkhead_engine;
grant select on statistic_cursor to bulkhead_api;

create function engine.statistic_kept(p_step text) returns interval
language sql immutable parallel safe
return case p_step when 'minute' then interval '3 days' when 'quarter' then interval '15 days' when 'hour' then interval '100 days'
  else interval '1826 days' end;

create function engine.add_buckets(p_one integer[], p_other integer[]) returns integer[]
language sql immutable parallel safe
return case when p_one = '{}' then p_other when p_other = '{}' then p_one
  else array(select coalesce(u.one, 0) + coalesce(u.other, 0) from unnest(p_one, p_other) with ordinality as u(one, other, place) order by place) end;

-- Counts the buckets that a list of durations in milliseconds falls into.
create function engine.count_buckets(p_ms double precision[]) returns integer[]
language sql immutable parallel safe
return case when p_ms is null then '{}'::integer[] else array(
  select coalesce(c.n, 0)::integer
  from generate_series(0, cardinality(engine.statistic_bounds())) as b(bucket)
  left join (select width_bucket(greatest(ms, 0), engine.statistic_bounds()) as bucket, count(*) as n from unnest(p_ms) ms group by 1) c
    on c.bucket = b.bucket
  order by b.bucket) end;

-- Looks for workspaces that have to be counted: new ones, and those that had been quiet and have accepted mail since p_after. Only a hint: each
-- is looked at again within a minute anyway. Reads at most p_limit messages.
create function engine.wake_statistics(p_after timestamptz, p_limit integer) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare v_rows integer;
begin
  insert into statistic_cursor (workspace_id)
  select w.id from workspace w
  where not exists (select from statistic_cursor c where c.workspace_id = w.id)
  on conflict do nothing;
  with seen as materialized (
    select distinct r.workspace_id from (
      select m.workspace_id from message m
      where m.id >= (lpad(to_hex((extract(epoch from p_after) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
      order by m.id desc limit least(greatest(p_limit, 0), 100000)) r
  ), quiet as (
    select c.workspace_id from statistic_cursor c join seen s on s.workspace_id = c.workspace_id
    where c.idle_turns > 2
    order by c.workspace_id for update of c skip locked
  )
  update statistic_cursor c set due_at = clock_timestamp(), idle_turns = 0 from quiet q where c.workspace_id = q.workspace_id;
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;

-- One turn: counts what was committed for one workspace that is due, at most about 3 * p_limit rows (never part of a transaction), and moves
-- its cursor in the same transaction. Answers how many rows it counted; null where no workspace is due.
-- p_relay: the relay to which all mail goes now, or null; where earlier mail went, destinations tell.
-- The transaction gets a number only when everything is computed: the live feed waits for every transaction that has one.
create function engine.roll_statistics(p_limit integer, p_relay text) returns integer
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
           null::double precision as delivery_ms, false as tried, false as placed
    from message m
    where m.workspace_id = v_workspace and m.commit_xid >= v_from and m.commit_xid < v_until and m.created_at > v_counted_until
    union all
    select o.at, o.message_id, o.number, o.state::text, 1, m.lane, o.provider, o.source, o.site,
           case when o.attempts = 1 and o.stage is not null then
             extract(epoch from o.at - greatest(m.created_at, coalesce(m.send_at, m.created_at))) * 1000
             - case when o.took ~ '^\d{1,9}$' then o.took::double precision else 0 end end,
           case when o.state = 'delivered' then extract(epoch from o.at - greatest(m.created_at, coalesce(m.send_at, m.created_at))) * 1000 end,
           o.stage is not null, true
    from ended o join message m on m.id = o.message_id
    union all
    select h.at, h.message_id, h.number, replace(h.type, 'message.', '') ||
             case when h.type = 'message.uncertain' then ' unanswered' when h.type = 'message.deferred' and h.attempt is null then ' waited'
                  when h.type in ('message.opened', 'message.clicked') then ' ' || h.fetcher else '' end,
           1, m.lane, coalesce(h.provider, d.provider), coalesce(h.source, d.source), coalesce(h.site, d.site),
           case when h.attempt = '1' then extract(epoch from h.at - greatest(m.created_at, coalesce(m.send_at, m.created_at))) * 1000
             - case when h.took ~ '^\d{1,9}$' then h.took::double precision else 0 end end,
           null, h.attempt is not null, true
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

-- Lets buckets go that have served their time; answers how many rows went.
create function engine.trim_statistics(p_limit integer) returns integer
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
  return v_gone;
end $$;

create function engine.installation_statistics(p_step text, p_since timestamptz, p_until timestamptz) returns setof installation_statistic
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select * from installation_statistic s where s.step = p_step and s.at >= p_since and s.at < p_until
$$;

-- Until when all workspaces are counted, and how many are behind.
create function engine.statistics_through() returns table (through_at timestamptz, behind integer)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select min(c.through_at), (count(*) filter (where c.catching_up))::integer from statistic_cursor c
$$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('statistic_bounds', 'statistic_begin', 'statistic_kept', 'add_buckets', 'count_buckets',
      'wake_statistics', 'roll_statistics', 'trim_statistics', 'statistics_through', 'installation_statistics')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
  -- As in 0003: one plan, and rows are looked up by index, however new a partition is.
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('wake_statistics', 'roll_statistics')
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
grant execute on function engine.wake_statistics, engine.roll_statistics, engine.trim_statistics to bulkhead_worker;
grant execute on function engine.statistics_through, engine.installation_statistics to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
