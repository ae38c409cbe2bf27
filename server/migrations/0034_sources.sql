-- Sources, pools, warm-ups, and the budgets that senders share.
-- Lock impact: a trigger is added to event (a short exclusive lock on it and its partitions); everything else is new.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;
create schema sources;
grant usage on schema sources to bulkhead_engine;

-- Which pool the mail of a workspace leaves from. Set by the operator; lanes without a row use the pool that the file gives the lane.
create table routing (
  workspace_id uuid not null references workspace,
  lane lane not null,
  pool text not null check (pool ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  set_at timestamptz not null default clock_timestamp(),
  set_by text not null,
  primary key (workspace_id, lane)
);
comment on table routing is 'class: operational. Pools that the operator gave to workspaces, by lane. Kept: until cleared.';
comment on column routing.workspace_id is 'class: identifier.';
comment on column routing.lane is 'class: operational.';
comment on column routing.pool is 'class: operational. A pool of the file; where the file has it no more, the pool of the lane is used.';
comment on column routing.set_at is 'class: operational.';
comment on column routing.set_by is 'class: operational. Actor.';
select engine.protect('routing');
select engine.guard('routing', 'write');
grant select, insert, update, delete on routing to bulkhead_engine;

-- Senders read routing again when this number has changed.
create table sources.version (
  one boolean primary key default true check (one),
  routing bigint not null default 1
);
insert into sources.version default values;
comment on table sources.version is 'class: operational. One row: how often routing was changed.';
comment on column sources.version.one is 'class: operational.';
comment on column sources.version.routing is 'class: operational.';
grant select, update on sources.version to bulkhead_engine;

create function engine.routing_changed() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update sources.version set routing = routing + 1;
  return null;
end $$;
create trigger changed after insert or update or delete on routing for each statement execute function engine.routing_changed();
alter table routing enable always trigger changed;

-- What each host makes of the file. The file lies on the hosts; this is how the rest of the installation knows of it.
create table sources.presence (
  source text not null check (length(source) <= 63),
  host text not null check (length(host) <= 255),
  ehlo text not null check (length(ehlo) <= 255),
  local_ips text[] not null,
  weight integer not null,
  pools text[] not null,
  usable boolean not null,
  why text,
  seen_at timestamptz not null,
  primary key (source, host)
);
comment on table sources.presence is 'class: operational. Sources as the senders of each host know them. Kept: 7 days after a host was last heard of.';
comment on column sources.presence.source is 'class: operational. Its name.';
comment on column sources.presence.host is 'class: operational.';
comment on column sources.presence.ehlo is 'class: public. What it calls itself.';
comment on column sources.presence.local_ips is 'class: public. Addresses of this installation, to which everybody connects from.';
comment on column sources.presence.weight is 'class: operational.';
comment on column sources.presence.pools is 'class: operational.';
comment on column sources.presence.usable is 'class: operational. Whether the host has the addresses.';
comment on column sources.presence.why is 'class: operational. Why it is not usable there.';
comment on column sources.presence.seen_at is 'class: operational.';
grant select, insert, update, delete on sources.presence to bulkhead_engine;

create table sources.pause (
  id uuid primary key,
  source text not null check (length(source) <= 63),
  provider text check (length(provider) <= 63),
  kind text not null check (kind in ('operator', 'automatic')),
  reason text not null check (length(reason) between 1 and 500),
  evidence jsonb not null default '[]',
  made_by text not null,
  began_at timestamptz not null default clock_timestamp(),
  until_at timestamptz,
  ended_at timestamptz,
  ended_by text
);
create unique index pause_one on sources.pause (source, coalesce(provider, '*'), kind) where ended_at is null;
create index pause_history on sources.pause (source, began_at desc);
comment on table sources.pause is 'class: operational. Sources that rest, everywhere or at a provider. Kept: 400 days.';
comment on column sources.pause.id is 'class: identifier.';
comment on column sources.pause.source is 'class: operational. Its name.';
comment on column sources.pause.provider is 'class: operational. Null: everywhere.';
comment on column sources.pause.kind is 'class: operational.';
comment on column sources.pause.reason is 'class: operational.';
comment on column sources.pause.evidence is 'class: operational. At most 10 replies, without addresses.';
comment on column sources.pause.made_by is 'class: operational. Actor, or the rule.';
comment on column sources.pause.began_at is 'class: operational.';
comment on column sources.pause.until_at is 'class: operational. Null: until it is resumed.';
comment on column sources.pause.ended_at is 'class: operational.';
comment on column sources.pause.ended_by is 'class: operational. Actor; null: its time was over.';
grant select, insert, update, delete on sources.pause to bulkhead_engine;

create table sources.warm_up (
  source text not null check (length(source) <= 63),
  provider text not null check (length(provider) <= 63),
  start_day date not null,
  ramp integer[] not null check (cardinality(ramp) between 1 and 366),
  steps_back integer not null default 0,
  paused_step integer,
  paused_back integer not null default 0,
  told_at timestamptz not null,
  primary key (source, provider)
);
comment on table sources.warm_up is 'class: operational. New addresses at providers, and how far they are. Kept: 400 days after a sender last spoke of it.';
comment on column sources.warm_up.source is 'class: operational. Its name.';
comment on column sources.warm_up.provider is 'class: operational.';
comment on column sources.warm_up.start_day is 'class: operational. Day 1, UTC.';
comment on column sources.warm_up.ramp is 'class: operational. Recipients a day.';
comment on column sources.warm_up.steps_back is 'class: operational. Days by which pauses have set it back.';
comment on column sources.warm_up.paused_step is 'class: operational. The step at which a pause found it, until it goes on.';
comment on column sources.warm_up.paused_back is 'class: operational. How many steps before that it goes on.';
comment on column sources.warm_up.told_at is 'class: operational. When a sender last told of it.';
grant select, insert, update, delete on sources.warm_up to bulkhead_engine;

create table sources.warm_up_day (
  source text not null,
  provider text not null,
  day date not null,
  spent integer not null default 0,
  allowed integer,
  workspaces uuid[] not null default '{}',
  complaints integer not null default 0,
  complained_of uuid[] not null default '{}',
  primary key (source, provider, day)
);
comment on table sources.warm_up_day is 'class: operational. What was sent of a day''s allowance. Kept: 90 days.';
comment on column sources.warm_up_day.source is 'class: operational.';
comment on column sources.warm_up_day.provider is 'class: operational.';
comment on column sources.warm_up_day.day is 'class: operational. UTC.';
comment on column sources.warm_up_day.spent is 'class: operational. By senders whose lease is over.';
comment on column sources.warm_up_day.allowed is 'class: operational. The day''s number when it was last asked for; null: none, warm.';
comment on column sources.warm_up_day.workspaces is 'class: identifier. Whose mail it was; at most 16.';
comment on column sources.warm_up_day.complaints is 'class: operational. That came in on this day.';
comment on column sources.warm_up_day.complained_of is 'class: identifier. Whose mail they were about; at most 16.';
grant select, insert, update, delete on sources.warm_up_day to bulkhead_engine;

create table sources.warm_up_share (
  source text not null,
  provider text not null,
  day date not null,
  lease bigint not null,
  used integer not null,
  opened integer not null check (opened >= used),
  round bigint not null,
  primary key (source, provider, day, lease)
);
create index warm_up_share_lease on sources.warm_up_share (lease);
comment on table sources.warm_up_share is 'class: operational. What each sender may have used of a day''s allowance. Kept: until its lease is over.';
comment on column sources.warm_up_share.source is 'class: operational.';
comment on column sources.warm_up_share.provider is 'class: operational.';
comment on column sources.warm_up_share.day is 'class: operational. UTC.';
comment on column sources.warm_up_share.lease is 'class: identifier. worker_lease.id.';
comment on column sources.warm_up_share.used is 'class: operational. As it last told.';
comment on column sources.warm_up_share.round is 'class: operational. Number of the sender''s question: an earlier one that comes late changes nothing.';
comment on column sources.warm_up_share.opened is 'class: operational. It never uses more than this before it asks again.';
grant select, insert, update, delete on sources.warm_up_share to bulkhead_engine;

create table sources.trouble (
  source text not null,
  provider text not null,
  rule text not null,
  at timestamptz not null,
  hits integer not null,
  workspaces uuid[] not null,
  sites text[] not null,
  evidence jsonb not null,
  primary key (source, provider, rule, at)
);
comment on table sources.trouble is 'class: operational. Replies that speak against a warming source, in buckets of 5 minutes. Kept: 2 days.';
comment on column sources.trouble.source is 'class: operational.';
comment on column sources.trouble.provider is 'class: operational.';
comment on column sources.trouble.rule is 'class: operational.';
comment on column sources.trouble.at is 'class: operational. Begin of the bucket.';
comment on column sources.trouble.hits is 'class: operational.';
comment on column sources.trouble.workspaces is 'class: identifier. Whose mail it was; at most 16.';
comment on column sources.trouble.sites is 'class: operational. Who said so; at most 16.';
comment on column sources.trouble.evidence is 'class: operational. At most 10 replies, without addresses.';
grant select, insert, update, delete on sources.trouble to bulkhead_engine;

create table sources.budget_share (
  budget text not null check (length(budget) between 1 and 300),
  lease bigint not null,
  cap integer not null,
  want integer not null,
  amount integer not null check (amount >= 0),
  turn_at timestamptz,
  round bigint not null,
  expires_at timestamptz not null,
  primary key (budget, lease)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
comment on table sources.budget_share is 'class: operational. Parts of limits that senders share. Kept: 10 seconds after the last renewal.';
comment on column sources.budget_share.budget is 'class: operational. What is limited, as shaping names it.';
comment on column sources.budget_share.lease is 'class: identifier. worker_lease.id.';
comment on column sources.budget_share.cap is 'class: operational. The whole limit, as this sender knows it.';
comment on column sources.budget_share.want is 'class: operational. What it could use.';
comment on column sources.budget_share.amount is 'class: operational. What it has.';
comment on column sources.budget_share.turn_at is 'class: operational. When it last came from nothing to something.';
comment on column sources.budget_share.round is 'class: operational. Number of the sender''s question: an earlier one that comes late changes nothing.';
comment on column sources.budget_share.expires_at is 'class: operational. From then on it is everybody''s again.';
grant select, insert, update, delete on sources.budget_share to bulkhead_engine;

-- Shares of limits, for many keys at once: what p_lease keeps of each (p_keep, never more than it has), and what it could use (p_want).
-- Answers what it has from now on and what would be its fair part (target): who has more lowers itself first and then tells, so that what
-- is in use is never more than what stands here. Fair is max-min: nobody gets more than it wants, and who wants more gets as much as the
-- others who do. Where a limit has fewer units than senders that want one, they take turns of 6 seconds.
-- One statement for all keys: senders that ask at the same time wait for each other in 64 stripes, taken in one order, so that nobody
-- locks two the other way round. The clock is read behind the locks; expiries are by this clock alone.
create function engine.share_budgets(
  p_lease bigint, p_round bigint, p_key text[], p_limit integer[], p_keep integer[], p_want integer[]
) returns table (budget text, amount integer, target integer, lasts_ms double precision)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz;
  v_until timestamptz;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = '0A000', message = 'shares are given out at READ COMMITTED only';
  end if;
  if cardinality(p_key) > 5000 then
    raise exception using errcode = '54000', message = 'at most 5000 budgets at once';
  end if;
  perform pg_advisory_xact_lock(1112689491, s.stripe)
  from (select distinct hashtext(k) & 63 as stripe from unnest(p_key) as k order by 1) s;

  v_now := clock_timestamp();
  -- A share never outlives the lease: who lost it may not use what it has.
  select least(v_now + interval '10 seconds', l.expires_at) into v_until
  from worker_lease l where l.id = p_lease and l.expires_at > v_now;
  delete from sources.budget_share s
  where s.budget = any(p_key)
    and (s.expires_at <= v_now or not exists (select from worker_lease l where l.id = s.lease));
  if v_until is null then return; end if;

  return query
  with asked as (
    select a.key, greatest(a.cap, 0) as cap, greatest(a.keep, 0) as keep, greatest(a.want, 0) as want
    from unnest(p_key, p_limit, p_keep, p_want) as a(key, cap, keep, want)
    -- A question whose answer the sender no longer waits for may come behind the next one.
    where not exists (select from sources.budget_share s where s.budget = a.key and s.lease = p_lease and s.round >= p_round)
  ), holders as (
    select a.key, s.lease, s.cap, s.want, s.amount, s.turn_at
    from asked a join sources.budget_share s on s.budget = a.key and s.lease <> p_lease
    union all
    select a.key, p_lease, a.cap, a.want, least(a.keep, coalesce(s.amount, 0)), s.turn_at
    from asked a left join sources.budget_share s on s.budget = a.key and s.lease = p_lease
  ), capped as (
    select h.key, h.lease, h.amount, h.turn_at, c.cap, least(h.want, c.cap) as want
    from holders h join (select key, min(cap) as cap from holders group by key) c using (key)
  ), placed as (
    select c.*,
           c.want * (count(*) over w - row_number() over (w order by c.want, c.lease) + 1)
             <= c.cap - coalesce(sum(c.want) over (w order by c.want, c.lease rows between unbounded preceding and 1 preceding), 0) as fits
    from capped c window w as (partition by c.key)
  ), ranked as (
    select p.*, l.held, l.rest / greatest(l.wanting, 1) as base, l.rest % greatest(l.wanting, 1) as odd,
           row_number() over (
             partition by p.key, p.fits
             order by
               case when l.rest >= l.wanting then -p.amount
                    when p.amount > 0 and p.turn_at > v_now - interval '6 seconds' then 0 else 1 end,
               case when l.rest < l.wanting then p.turn_at end nulls first,
               p.lease) as place
    from placed p
    join (select key, max(cap) - coalesce(sum(want) filter (where fits), 0) as rest, count(*) filter (where not fits) as wanting,
                 sum(amount) as held
          from placed group by key) l using (key)
  ), judged as (
    select r.key, r.cap, r.want, r.amount as keep, r.turn_at,
           case when r.fits then r.want else r.base + (r.place <= r.odd)::integer end::integer as target,
           r.cap - r.held as free
    from ranked r where r.lease = p_lease
  ), given as (
    select j.*, case when j.target > j.keep then least(j.target, j.keep + greatest(j.free, 0)) else j.keep end::integer as gets
    from judged j
  ), over as (
    delete from sources.budget_share s using given g
    where s.budget = g.key and s.lease = p_lease and g.gets = 0 and g.want = 0
  ), kept as (
    insert into sources.budget_share as s (budget, lease, cap, want, amount, turn_at, round, expires_at)
    select g.key, p_lease, a.cap, a.want, g.gets, case when g.gets > 0 and g.keep = 0 then v_now else g.turn_at end, p_round, v_until
    from given g join asked a using (key)
    where g.gets > 0 or g.want > 0
    on conflict (budget, lease) do update
    set cap = excluded.cap, want = excluded.want, amount = excluded.amount, turn_at = excluded.turn_at, round = excluded.round,
        expires_at = excluded.expires_at
  )
  select g.key, g.gets, g.target, extract(epoch from v_until - v_now)::double precision * 1000 from given g;
end $$;

-- The step of a warm-up on a day: 0 is the first; below 0 it has not begun.
create function engine.warm_up_step(p_warm_up sources.warm_up, p_day date) returns integer
language sql stable security definer set search_path = public, engine, pg_temp
return case when p_warm_up.paused_step is null then p_day - p_warm_up.start_day - p_warm_up.steps_back
            else greatest(p_warm_up.paused_step - p_warm_up.paused_back, 0) end;

-- The pause that stops a source at a provider now, the longest first; one that an operator made goes before.
create function engine.source_pause(p_source text, p_provider text) returns sources.pause
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select p from sources.pause p
  where p.source = p_source and (p.provider is null or p.provider = p_provider) and p.ended_at is null
    and (p.until_at is null or p.until_at > clock_timestamp())
  order by p.kind desc, p.until_at desc nulls first, p.id
  limit 1
$$;

-- What was taken by senders whose lease is over is spent: which of it they used before they died, nobody knows, and rather a few recipients
-- less than one too many. It is little: senders open no more than they need for the next seconds.
create function engine.close_warm_up_shares(p_source text, p_provider text) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  with over as (
    delete from sources.warm_up_share s
    where s.source = p_source and s.provider = p_provider
      and not exists (select from worker_lease l where l.id = s.lease and l.expires_at > clock_timestamp())
    returning s.day, s.opened
  )
  insert into sources.warm_up_day as d (source, provider, day, spent)
  select p_source, p_provider, o.day, sum(o.opened) from over o group by o.day
  on conflict (source, provider, day) do update set spent = d.spent + excluded.spent
$$;

-- Takes of the day's allowance of sources that are new to a provider. For each: p_day and p_used are what the sender has used since it got
-- its first units of that day, p_hold what it keeps, p_more what it would like besides. Never more than the day's number for all senders
-- together: the row of the day is locked, and the day is this clock's, in UTC.
-- Answers for each: state warming, warm, early, paused, lost (the lease, or a later question came first); what it may use from now on (open, besides p_used where the day is the same);
-- when that ends or changes; what all have taken.
create function engine.take_allowance(
  p_lease bigint, p_round bigint, p_source text[], p_provider text[], p_start date[], p_ramp text[], p_day date[], p_used integer[], p_hold integer[],
  p_more integer[], p_workspaces text[]
) returns table (item integer, state text, day text, open integer, allowed integer, taken integer, ends_ms double precision, reason text)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v record;
  v_up sources.warm_up;
  v_pause sources.pause;
  v_day sources.warm_up_day;
  v_now timestamptz;
  v_today date;
  v_step integer;
  v_taken integer;
  v_used integer;
  v_hold integer;
  v_has integer;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = '0A000', message = 'allowances are taken at READ COMMITTED only';
  end if;
  if cardinality(p_source) > 1000 then
    raise exception using errcode = '54000', message = 'at most 1000 allowances at once';
  end if;
  for v in
    select x.* from unnest(p_source, p_provider, p_start, p_ramp, p_day, p_used, p_hold, p_more, p_workspaces)
      with ordinality as x(source, provider, start, ramp, day, used, hold, more, workspaces, ord)
    order by x.source, x.provider
  loop
    item := v.ord; state := null; day := null; open := 0; allowed := null; taken := 0; ends_ms := null; reason := null;
    insert into sources.warm_up as w (source, provider, start_day, ramp, told_at)
    values (v.source, v.provider, v.start, v.ramp::integer[], clock_timestamp())
    on conflict (source, provider) do update
    set start_day = excluded.start_day, ramp = excluded.ramp, told_at = excluded.told_at,
        -- A new first day is a new warm-up: what set the old one back is over.
        steps_back = case when w.start_day = excluded.start_day then w.steps_back else 0 end,
        paused_step = case when w.start_day = excluded.start_day then w.paused_step end
    returning w.* into v_up;
    -- The row of the warm-up is locked now: whoever asks for the same waits here, and the clock is read behind.
    v_now := clock_timestamp();
    v_today := (v_now at time zone 'utc')::date;
    if not exists (select from worker_lease l where l.id = p_lease and l.expires_at > v_now)
      or exists (select from sources.warm_up_share s
                 where s.source = v.source and s.provider = v.provider and s.lease = p_lease and s.round >= p_round)
    then
      state := 'lost';
      return next;
      continue;
    end if;
    perform engine.close_warm_up_shares(v.source, v.provider);

    v_pause := engine.source_pause(v.source, v.provider);
    if v_pause.id is null and v_up.paused_step is not null then
      update sources.warm_up w
      set steps_back = v_today - w.start_day - greatest(w.paused_step - w.paused_back, 0), paused_step = null, paused_back = 0
      where w.source = v.source and w.provider = v.provider
      returning w.* into v_up;
    end if;

    -- What is said of an earlier day closes that day.
    if v.day is not null and v.day <> v_today then
      update sources.warm_up_share s set used = least(v.used, s.opened), opened = least(v.used, s.opened)
      where s.source = v.source and s.provider = v.provider and s.day = v.day and s.lease = p_lease;
    end if;
    v_step := engine.warm_up_step(v_up, v_today);
    allowed := case when v_step < 0 then 0 when v_step >= cardinality(v_up.ramp) then null else v_up.ramp[v_step + 1] end;
    insert into sources.warm_up_day as d (source, provider, day, allowed, workspaces)
    values (v.source, v.provider, v_today, allowed, v.workspaces::uuid[])
    on conflict (source, provider, day) do update
    set allowed = excluded.allowed,
        workspaces = case when excluded.workspaces <@ d.workspaces or cardinality(d.workspaces) >= 16 then d.workspaces
                          else (array(select distinct u from unnest(d.workspaces || excluded.workspaces) u))[:16] end
    returning d.* into v_day;

    -- A sender has no more than what stands here, whatever it says.
    select s.opened into v_has from sources.warm_up_share s
    where s.source = v.source and s.provider = v.provider and s.day = v_today and s.lease = p_lease;
    v_has := coalesce(v_has, 0);
    v_used := case when v.day = v_today then least(greatest(v.used, 0), v_has) else 0 end;
    v_hold := case when v.day = v_today then least(greatest(v.hold, 0), v_has - v_used) else 0 end;
    select v_day.spent + coalesce(sum(s.opened), 0) into v_taken from sources.warm_up_share s
    where s.source = v.source and s.provider = v.provider and s.day = v_today and s.lease <> p_lease;

    day := v_today::text;
    ends_ms := extract(epoch from (v_today + 1)::timestamp at time zone 'utc' - v_now) * 1000;
    if v_pause.id is not null then
      state := 'paused';
      reason := v_pause.reason;
      ends_ms := extract(epoch from v_pause.until_at - v_now) * 1000;
    elsif v_step < 0 then
      state := 'early';
      reason := 'waits for the first day of its warm-up, ' || v_up.start_day;
      ends_ms := extract(epoch from (v_up.start_day + v_up.steps_back)::timestamp at time zone 'utc' - v_now) * 1000;
    elsif allowed is null then
      state := 'warm';
    else
      state := 'warming';
      v_hold := v_hold + greatest(0, least(greatest(v.more, 0), allowed - v_taken - v_used - v_hold));
      open := v_hold;
    end if;
    -- What it held stays opened where it may hold no more: some of it was used while it asked, as it will tell.
    if v_used + v_hold > 0 or v_has > 0 then
      insert into sources.warm_up_share (source, provider, day, lease, used, opened, round)
      values (v.source, v.provider, v_today, p_lease, v_used, v_used + v_hold, p_round)
      on conflict (source, provider, day, lease) do update
      set used = excluded.used, opened = excluded.opened, round = excluded.round;
    end if;
    taken := v_taken + v_used + v_hold;
    return next;
  end loop;
end $$;

-- Gives back what a sender holds and has not used, when it ends in order.
create function engine.end_allowances(p_lease bigint, p_source text[], p_provider text[], p_day date[], p_used integer[]) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  update sources.warm_up_share s
  set used = greatest(least(x.used, s.opened), 0), opened = greatest(least(x.used, s.opened), 0)
  from unnest(p_source, p_provider, p_day, p_used) as x(source, provider, day, used)
  where s.source = x.source and s.provider = x.provider and s.day = x.day and s.lease = p_lease
$$;

-- A sender tells what its host makes of the file, and hears what it needs to choose: the number of routing, pauses, and pools that have a usable
-- source on a host that was heard of within 30 seconds. p_sources null: it only hears.
create function engine.beat_sources(p_host text, p_sources text) returns table (routing bigint, pauses text, pools text[])
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare v_now timestamptz := clock_timestamp();
begin
  insert into sources.presence as p (source, host, ehlo, local_ips, weight, pools, usable, why, seen_at)
  select x.source, p_host, x.ehlo, x.local_ips, x.weight, x.pools, x.usable, x.why, v_now
  from jsonb_to_recordset(p_sources::jsonb)
       as x(source text, ehlo text, local_ips text[], weight integer, pools text[], usable boolean, why text)
  where p_sources is not null
  order by x.source
  on conflict (source, host) do update
  set ehlo = excluded.ehlo, local_ips = excluded.local_ips, weight = excluded.weight, pools = excluded.pools, usable = excluded.usable,
      why = excluded.why, seen_at = excluded.seen_at
  where p.seen_at < v_now;
  delete from sources.presence p
  where (p_sources is not null and p.host = p_host and p.seen_at < v_now - interval '10 seconds')
     or p.seen_at < v_now - interval '7 days';
  return query
  select v.routing,
         (select coalesce(jsonb_agg(jsonb_build_object(
            'source', p.source, 'provider', p.provider, 'reason', p.reason,
            'endsMs', extract(epoch from p.until_at - v_now) * 1000) order by p.kind, p.id), '[]')::text
          from sources.pause p where p.ended_at is null and (p.until_at is null or p.until_at > v_now)),
         array(select distinct u from sources.presence p cross join lateral unnest(p.pools) u
               where p.usable and p.seen_at > v_now - interval '30 seconds' order by 1)
  from sources.version v;
end $$;

create function engine.read_routing() returns table (workspace_id uuid, lane text, pool text)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select r.workspace_id, r.lane::text, r.pool from routing r order by r.workspace_id, r.lane limit 200000
$$;

-- Makes a source rest at a provider. The warm-up goes on where it was, or a step before, when the rest is over.
create function engine.rest_source(
  p_id uuid, p_source text, p_provider text, p_kind text, p_reason text, p_evidence jsonb, p_by text, p_until timestamptz
) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_today date := (clock_timestamp() at time zone 'utc')::date;
begin
  -- What is over makes room for the next.
  update sources.pause p set ended_at = p.until_at
  where p.source = p_source and p.ended_at is null and p.until_at <= clock_timestamp();
  insert into sources.pause (id, source, provider, kind, reason, evidence, made_by, until_at)
  values (p_id, p_source, p_provider, p_kind, p_reason, p_evidence, p_by, p_until)
  on conflict do nothing;
  if not found then return false; end if;
  update sources.warm_up w
  set paused_step = coalesce(w.paused_step, engine.warm_up_step(w, v_today)),
      paused_back = greatest(w.paused_back, (p_kind = 'automatic')::integer)
  where w.source = p_source and (p_provider is null or w.provider = p_provider)
    and engine.warm_up_step(w, v_today) between 0 and cardinality(w.ramp) - 1;
  return true;
end $$;

-- Notes replies that speak against warming sources and judges them: p_rules are the rules of this version of the product, as data. A rule
-- is met when its hits within its window reach `hits` and `percent` of what was sent today and yesterday, from at least two workspaces
-- or from all there are (`spread`): one workspace's bad mail is that workspace's matter. Where there is no provider (`other`), replies count
-- only from three sites and as if `spread`: otherwise one hostile server, or a workspace with three servers of its own, could stop
-- everybody's mail to all small ones. Answers what rests now.
create function engine.judge_sources(
  p_source text[], p_provider text[], p_rule text[], p_hits integer[], p_workspaces text[], p_sites text[], p_evidence text[], p_rules text
) returns table (source text, provider text, rule text, reason text)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
  v_today date := (clock_timestamp() at time zone 'utc')::date;
  v record;
begin
  insert into sources.trouble as t (source, provider, rule, at, hits, workspaces, sites, evidence)
  select x.source, x.provider, x.rule, date_bin('5 minutes', v_now, 'epoch'), x.hits, x.workspaces::uuid[],
         array(select jsonb_array_elements_text(x.sites::jsonb)), x.evidence::jsonb
  from unnest(p_source, p_provider, p_rule, p_hits, p_workspaces, p_sites, p_evidence)
    as x(source, provider, rule, hits, workspaces, sites, evidence)
  -- Sources that are warm are shaping's matter.
  where exists (select from sources.warm_up w where w.source = x.source and w.provider = x.provider)
  order by x.source, x.provider, x.rule
  on conflict (source, provider, rule, at) do update
  set hits = t.hits + excluded.hits,
      workspaces = (array(select distinct u from unnest(t.workspaces || excluded.workspaces) u))[:16],
      sites = (array(select distinct u from unnest(t.sites || excluded.sites) u))[:16],
      evidence = case when jsonb_array_length(t.evidence) >= 10 then t.evidence
                      else jsonb_path_query_array(t.evidence || excluded.evidence, '$[0 to 9]') end;
  delete from sources.trouble t where t.at < v_now - interval '2 days';

  for v in
    with sent as (
      select w.source, w.provider,
             coalesce((select sum(d.spent) from sources.warm_up_day d
                       where d.source = w.source and d.provider = w.provider and d.day >= v_today - 1), 0)
             + coalesce((select sum(s.used) from sources.warm_up_share s
                         where s.source = w.source and s.provider = w.provider and s.day >= v_today - 1), 0) as sent,
             (select count(distinct u) from sources.warm_up_day d cross join lateral unnest(d.workspaces) u
              where d.source = w.source and d.provider = w.provider and d.day >= v_today - 1) as workspaces,
             coalesce((select sum(d.complaints) from sources.warm_up_day d
                       where d.source = w.source and d.provider = w.provider and d.day >= v_today - 1
                         and d.day > coalesce((select max((p.began_at at time zone 'utc')::date) from sources.pause p
                                               where p.source = w.source and p.provider = w.provider and p.kind = 'automatic'),
                                              '-infinity')), 0) as complaints
      from sources.warm_up w
      where engine.warm_up_step(w, v_today) between 0 and cardinality(w.ramp) - 1
        and (engine.source_pause(w.source, w.provider)).id is null
    ), rules as (
      select r.* from jsonb_to_recordset(p_rules::jsonb)
        as r(name text, hits integer, percent double precision, "windowMinutes" integer, "pauseHours" integer, spread boolean, says text)
    ), counted as (
      select s.source, s.provider, s.sent, s.workspaces, r.*,
             case when r.name = 'complaints' then s.complaints else coalesce(sum(t.hits), 0) end as n,
             (select count(distinct u)
              from (select unnest(y.workspaces) as u from sources.trouble y
                    where y.source = s.source and y.provider = s.provider and y.rule = r.name
                      and y.at > v_now - make_interval(mins => r."windowMinutes")
                    union all
                    select unnest(d.complained_of) from sources.warm_up_day d
                    where r.name = 'complaints' and d.source = s.source and d.provider = s.provider and d.day >= v_today - 1) w) as blamed,
             (select count(distinct u) from sources.trouble y cross join lateral unnest(y.sites) u
              where y.source = s.source and y.provider = s.provider and y.rule = r.name
                and y.at > v_now - make_interval(mins => r."windowMinutes")) as sites,
             coalesce(jsonb_agg(t.evidence order by t.at) filter (where t.evidence is not null), '[]') as evidence
      from sent s cross join rules r
      left join sources.trouble t on t.source = s.source and t.provider = s.provider and t.rule = r.name
        and t.at > v_now - make_interval(mins => r."windowMinutes")
        -- What led to an earlier rest does not lead to the next one.
        and t.at > coalesce((select max(coalesce(p.ended_at, p.until_at)) from sources.pause p
                             where p.source = s.source and (p.provider is null or p.provider = s.provider)), '-infinity')
      group by s.source, s.provider, s.sent, s.workspaces, s.complaints, r.name, r.hits, r.percent, r."windowMinutes", r."pauseHours",
               r.spread, r.says
    )
    select c.*, format('%s of %s recipients: %s', c.n, c.sent, c.says) as reason
    from counted c
    where c.n >= c.hits and c.n * 100 >= c.percent * c.sent and (not c.spread or c.blamed >= least(2, c.workspaces))
      and (c.provider <> 'other' or c.name = 'complaints' or c.sites >= 3 and c.blamed >= least(2, c.workspaces))
    order by c.source, c.provider, c.name
  loop
    if engine.rest_source(
      gen_random_uuid(), v.source, v.provider, 'automatic', v.reason,
      jsonb_path_query_array(v.evidence, '$[*][*]'), 'rule:' || v.name, v_now + make_interval(hours => v."pauseHours"))
    then
      source := v.source; provider := v.provider; rule := v.name; reason := v.reason;
      return next;
    end if;
  end loop;
end $$;

-- A complaint counts against the source that the message left from, and from one workspace's mail alone stops nobody's: any recipient can
-- complain of what he got. Where the outcome says which one that was.
create function engine.count_complaint() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update sources.warm_up_day d
  set complaints = d.complaints + 1, complained_of = (array(select distinct u from unnest(d.complained_of || new.workspace_id) u))[:16]
  from (
    select o.detail ->> 'source' as source, coalesce(o.detail ->> 'provider', 'other') as provider
    from outcome o
    where o.message_id = new.message_id and (new.number is null or o.number = new.number) and o.detail ? 'source'
    limit 1
  ) o
  where d.source = o.source and d.provider = o.provider and d.day = (clock_timestamp() at time zone 'utc')::date;
  return null;
end $$;
create trigger complained after insert on event for each row when (new.type = 'message.complained')
  execute function engine.count_complaint();

-- For the operator: sources as the hosts know them, with pauses and warm-ups of today.
create function engine.list_sources() returns table (source text, hosts text, pauses text, warm_ups text)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  with names as (
    select p.source from sources.presence p union select w.source from sources.warm_up w where w.told_at > now() - interval '1 day'
    union select p.source from sources.pause p where p.ended_at is null and (p.until_at is null or p.until_at > now())
    order by 1 limit 1000
  )
  select n.source,
         (select coalesce(jsonb_agg(jsonb_build_object(
            'host', p.host, 'ehloName', p.ehlo, 'addresses', p.local_ips, 'weight', p.weight, 'pools', p.pools, 'usable', p.usable,
            'why', p.why, 'live', p.seen_at > clock_timestamp() - interval '30 seconds', 'seenAt', p.seen_at) order by p.host), '[]')::text
          from sources.presence p where p.source = n.source),
         (select coalesce(jsonb_agg(jsonb_build_object(
            'id', p.id, 'provider', p.provider, 'kind', p.kind, 'reason', p.reason, 'evidence', p.evidence, 'beganAt', p.began_at,
            'until', p.until_at, 'by', p.made_by) order by p.began_at), '[]')::text
          from sources.pause p
          where p.source = n.source and p.ended_at is null and (p.until_at is null or p.until_at > clock_timestamp())),
         (select coalesce(jsonb_agg(jsonb_build_object(
            'provider', w.provider, 'start', w.start_day, 'day', y.step + 1, 'days', cardinality(w.ramp),
            'allowed', case when y.step < 0 then 0 when y.step >= cardinality(w.ramp) then null else w.ramp[y.step + 1] end,
            'used', coalesce(d.spent, 0) + coalesce(s.used, 0), 'taken', coalesce(d.spent, 0) + coalesce(s.opened, 0),
            'complaints', coalesce(d.complaints, 0),
            'setBack', w.steps_back,
            'state', case when (engine.source_pause(w.source, w.provider)).id is not null then 'paused'
                          when y.step < 0 then 'early' when y.step >= cardinality(w.ramp) then 'warm' else 'warming' end)
            order by w.provider), '[]')::text
          from sources.warm_up w
          cross join lateral (select (clock_timestamp() at time zone 'utc')::date as today) t
          cross join lateral (select engine.warm_up_step(w, t.today) as step) y
          left join sources.warm_up_day d on d.source = w.source and d.provider = w.provider and d.day = t.today
          left join lateral (select sum(s.used) as used, sum(s.opened) as opened from sources.warm_up_share s
                             where s.source = w.source and s.provider = w.provider and s.day = t.today) s on true
          where w.source = n.source and w.told_at > now() - interval '1 day')
  from names n order by n.source
$$;

-- False where such a pause of the operator's is there already.
create function engine.pause_source(p_id uuid, p_source text, p_provider text, p_reason text, p_by text, p_until timestamptz) returns boolean
language sql security definer set search_path = public, engine, pg_temp as $$
  select engine.rest_source(p_id, p_source, p_provider, 'operator', p_reason, '[]', p_by, p_until)
$$;

-- Ends the pauses of a source: p_provider null: all of them; otherwise those at that provider only. Answers how many.
create function engine.resume_source(p_source text, p_provider text, p_by text) returns integer
language sql security definer set search_path = public, engine, pg_temp as $$
  with ended as (
    update sources.pause p set ended_at = clock_timestamp(), ended_by = p_by
    where p.source = p_source and (p_provider is null or p.provider = p_provider) and p.ended_at is null
      and (p.until_at is null or p.until_at > clock_timestamp())
    returning 1
  )
  select count(*)::integer from ended
$$;

create function engine.set_routing(p_workspace uuid, p_lane text[], p_pool text, p_by text) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  insert into routing (workspace_id, lane, pool, set_by)
  select p_workspace, l::lane, p_pool, p_by from unnest(p_lane) l
  on conflict (workspace_id, lane) do update set pool = excluded.pool, set_by = excluded.set_by, set_at = clock_timestamp()
$$;

-- Answers how many lanes had a pool of their own.
create function engine.clear_routing(p_workspace uuid, p_lane text[]) returns integer
language sql security definer set search_path = public, engine, pg_temp as $$
  with gone as (delete from routing r where r.workspace_id = p_workspace and r.lane = any(p_lane::lane[]) returning 1)
  select count(*)::integer from gone
$$;

create function engine.list_routing(p_workspace uuid, p_limit integer)
returns table (workspace_id uuid, lane text, pool text, set_at timestamptz, set_by text, known boolean)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select r.workspace_id, r.lane::text, r.pool, r.set_at, r.set_by,
         exists (select from sources.presence p where r.pool = any(p.pools) and p.seen_at > clock_timestamp() - interval '30 seconds')
  from routing r where p_workspace is null or r.workspace_id = p_workspace
  order by r.workspace_id, r.lane limit least(p_limit, 10000)
$$;

-- Removes what nobody looks at any more; called with the other upkeep of senders, bounded.
create function engine.trim_sources() returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  delete from sources.warm_up_day d where d.day < current_date - 90;
  delete from sources.warm_up w where w.told_at < now() - interval '400 days';
  delete from sources.pause p where p.began_at < now() - interval '400 days' and (p.ended_at is not null or p.until_at < now());
  delete from sources.budget_share b where b.expires_at < now() - interval '1 minute';
$$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in (
      'routing_changed', 'share_budgets', 'warm_up_step', 'source_pause', 'close_warm_up_shares', 'take_allowance', 'end_allowances',
      'beat_sources', 'read_routing', 'rest_source', 'judge_sources', 'count_complaint', 'list_sources', 'pause_source', 'resume_source',
      'set_routing', 'clear_routing', 'list_routing', 'trim_sources')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.share_budgets, engine.take_allowance, engine.end_allowances, engine.beat_sources, engine.read_routing,
  engine.judge_sources, engine.trim_sources to bulkhead_sender;
grant execute on function engine.list_sources, engine.pause_source, engine.resume_source, engine.set_routing, engine.clear_routing,
  engine.list_routing to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
