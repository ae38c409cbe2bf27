-- Quotas and rate limits of what is accepted, per workspace and per credential. docs/quotas.md.
-- Lock impact: a trigger is added to api_key and smtp_credential (a short exclusive lock on each); everything else is new.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table sending_limit (
  workspace_id uuid not null references workspace,
  subject text not null
    check (subject in ('installation', 'workspace') or subject ~ '^(api_key|smtp_credential):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
  lane text not null check (lane in ('all', 'critical', 'transactional', 'bulk', 'internal')),
  period text not null check (period in ('minute', 'hour', 'day', 'month')),
  amount integer not null check (amount between 1 and 1000000000),
  burst integer check (burst is null or burst between 1 and 1000000000 and period in ('minute', 'hour')),
  set_at timestamptz not null default clock_timestamp(),
  set_by text not null,
  primary key (workspace_id, subject, lane, period)
);
comment on table sending_limit is 'class: operational. How many recipients may be accepted. Kept: until it is taken away.';
comment on column sending_limit.workspace_id is 'class: identifier.';
comment on column sending_limit.subject is 'class: identifier. installation: set by the operator for the workspace; workspace: by its own people; else the credential.';
comment on column sending_limit.lane is 'class: operational. all: every lane that has no limit of its own for this subject and period.';
comment on column sending_limit.period is 'class: operational. minute and hour are token buckets, day and month (UTC) are counters.';
comment on column sending_limit.amount is 'class: operational. Recipients.';
comment on column sending_limit.burst is 'class: operational. Of a bucket: how many at once; null: as many as amount.';
comment on column sending_limit.set_at is 'class: operational.';
comment on column sending_limit.set_by is 'class: operational. Actor.';
select engine.protect('sending_limit');
select engine.guard('sending_limit', 'write');
grant select, insert, update, delete on sending_limit to bulkhead_engine;

-- Half of each page is left free: the row of a busy limit is rewritten in place.
create table sending_use (
  workspace_id uuid not null references workspace,
  subject text not null,
  lane text not null,
  period text not null,
  used double precision not null default 0,
  at timestamptz not null,
  since timestamptz not null default clock_timestamp(),
  told smallint not null default 0,
  told_for timestamptz,
  primary key (workspace_id, subject, lane, period)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
comment on table sending_use is 'class: operational. What was used of each limit. Kept: 62 days after it was last used.';
comment on column sending_use.workspace_id is 'class: identifier.';
comment on column sending_use.subject is 'class: identifier. As in sending_limit.';
comment on column sending_use.lane is 'class: operational. As in sending_limit.';
comment on column sending_use.period is 'class: operational. As in sending_limit.';
comment on column sending_use.used is 'class: operational. Recipients, as it was at the instant at.';
comment on column sending_use.at is 'class: operational. Of a bucket the last time it was taken from; of a counter the begin of its period.';
comment on column sending_use.since is 'class: operational. When counting began.';
comment on column sending_use.told is 'class: operational. Per cent of a day or month of which its people were told: 0, 80 or 100.';
comment on column sending_use.told_for is 'class: operational. Begin of the period they were told about.';
select engine.protect('sending_use');
grant select, insert, update, delete on sending_use to bulkhead_engine;

-- The clock of limits is the database's, so that processes on hosts with other clocks count in one time.
create function engine.sending_now() returns timestamptz
language sql volatile security definer set search_path = public, engine, pg_temp as $$ select clock_timestamp() $$;

-- Begin of the day or month in UTC; of a bucket, which has no periods, the instant itself.
create function engine.sending_begin(p_period text, p_now timestamptz) returns timestamptz
language sql stable security definer set search_path = public, engine, pg_temp
return case when p_period in ('day', 'month') then date_trunc(p_period, p_now, 'UTC') else p_now end;

create function engine.sending_end(p_period text, p_now timestamptz) returns timestamptz
language sql stable security definer set search_path = public, engine, pg_temp
return (date_trunc(p_period, p_now at time zone 'UTC') + case p_period when 'day' then interval '1 day' else interval '1 month' end) at time zone 'UTC';

-- Recipients per second that come back into a bucket.
create function engine.sending_refill(p_period text, p_amount integer) returns double precision
language sql immutable security definer set search_path = public, engine, pg_temp
return p_amount / case p_period when 'minute' then 60 else 3600 end::double precision;

-- What is in use at p_now. A clock that was set back gives nothing back twice.
create function engine.sending_used(p_period text, p_amount integer, p_used double precision, p_at timestamptz, p_now timestamptz)
returns double precision
language sql stable security definer set search_path = public, engine, pg_temp
return case
  when p_used is null then 0
  when p_period in ('day', 'month') then case when p_at >= engine.sending_begin(p_period, p_now) then p_used else 0 end
  else greatest(0, p_used - greatest(0, extract(epoch from p_now - p_at)::double precision) * engine.sending_refill(p_period, p_amount))
end;

-- Which of these workspaces have a limit. The others pay nothing for limits; see modules/quotas.
create function engine.limited_workspaces(p_workspace uuid[]) returns setof uuid
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select w from unnest(p_workspace) as w where exists (select from sending_limit l where l.workspace_id = w)
$$;

-- Judges messages one after the other and takes p_cost recipients from every limit that each is under, or from none of them. Called in the
-- transaction that accepts: what is refused has taken nothing, and what is rolled back neither. For each message one row per limit.
-- Of one subject and period the limit of the lane counts, where there is one, and else that for all lanes.
-- Rows are locked in one order, before the clock and the idempotency keys are read: whoever waited sees what the one before has accepted,
-- so that a repeated request costs nothing even beside its first.
create function engine.take_sending(p_workspace uuid[], p_credential text[], p_lane text[], p_cost integer[], p_key bytea[])
returns table (
  item integer, allowed boolean, refuses boolean, subject text, lane text, period text, amount integer, burst integer,
  used double precision, reset_seconds double precision, wait_seconds double precision
)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz;
  v_cost integer;
  v_allowed boolean;
  v_taken bytea[] := '{}';
  -- Sums of parts of recipients are not exact.
  c_slack constant double precision := 1e-6;
begin
  if cardinality(p_workspace) > 1000 or exists (select from unnest(p_cost) c where c is null or c < 0) then
    raise exception 'not a batch of messages' using errcode = '22023';
  end if;
  insert into sending_use (workspace_id, subject, lane, period, at)
  select distinct l.workspace_id, l.subject, l.lane, l.period, engine.sending_begin(l.period, engine.sending_now())
  from unnest(p_workspace, p_credential, p_lane) as x(workspace, credential, lane)
  join sending_limit l on l.workspace_id = x.workspace and l.subject in ('installation', 'workspace', x.credential) and l.lane in ('all', x.lane)
  order by 1, 2, 3, 4
  on conflict do nothing;
  perform from sending_use u
  where (u.workspace_id, u.subject, u.lane, u.period) in (
    select l.workspace_id, l.subject, l.lane, l.period
    from unnest(p_workspace, p_credential, p_lane) as x(workspace, credential, lane)
    join sending_limit l on l.workspace_id = x.workspace and l.subject in ('installation', 'workspace', x.credential) and l.lane in ('all', x.lane))
  order by u.workspace_id, u.subject, u.lane, u.period
  for update;
  v_now := engine.sending_now();

  for v_item in 1 .. cardinality(p_workspace) loop
    v_cost := p_cost[v_item];
    if p_key[v_item] is not null and (
      uuid_send(p_workspace[v_item]) || p_key[v_item] = any(v_taken)
      or exists (select from idempotency i where i.workspace_id = p_workspace[v_item] and i.key_hash = p_key[v_item])
    ) then
      v_cost := 0;
    end if;
    select coalesce(bool_and(r.used + v_cost <= coalesce(r.burst, r.amount) + c_slack), true) or v_cost = 0 into v_allowed
    from engine.sending_rules(p_workspace[v_item], p_credential[v_item], p_lane[v_item], v_now) r;
    if v_allowed and v_cost > 0 then
      update sending_use u
      set used = r.used + v_cost, at = greatest(u.at, engine.sending_begin(r.period, v_now))
      from engine.sending_rules(p_workspace[v_item], p_credential[v_item], p_lane[v_item], v_now) r
      where u.workspace_id = p_workspace[v_item] and u.subject = r.subject and u.lane = r.lane and u.period = r.period;
      if p_key[v_item] is not null then v_taken := v_taken || (uuid_send(p_workspace[v_item]) || p_key[v_item]); end if;
    end if;
    return query
    select v_item, v_allowed, not v_allowed and r.used + v_cost > coalesce(r.burst, r.amount) + c_slack,
           r.subject, r.lane, r.period, r.amount, r.burst, r.used, r.reset_seconds,
           case
             when v_allowed or r.used + v_cost <= coalesce(r.burst, r.amount) + c_slack then 0
             when v_cost > coalesce(r.burst, r.amount) then null
             when r.period in ('day', 'month') then r.reset_seconds
             else (r.used + v_cost - coalesce(r.burst, r.amount)) / engine.sending_refill(r.period, r.amount)
           end
    from engine.sending_rules(p_workspace[v_item], p_credential[v_item], p_lane[v_item], v_now) r;
  end loop;
end $$;

-- The limits that a message is under, and what is used of each at p_now. At most twelve.
create function engine.sending_rules(p_workspace uuid, p_credential text, p_lane text, p_now timestamptz)
returns table (subject text, lane text, period text, amount integer, burst integer, used double precision, reset_seconds double precision)
language sql volatile security definer set search_path = public, engine, pg_temp as $$
  select r.subject, r.lane, r.period, r.amount, r.burst, s.used,
         case when r.period in ('day', 'month') then extract(epoch from engine.sending_end(r.period, p_now) - p_now)::double precision
              else s.used / engine.sending_refill(r.period, r.amount) end
  from (
    select distinct on (l.subject, l.period) l.*
    from sending_limit l
    where l.workspace_id = p_workspace and l.subject in ('installation', 'workspace', p_credential) and l.lane in ('all', p_lane)
    order by l.subject, l.period, l.lane = 'all'
  ) r
  left join sending_use u on u.workspace_id = r.workspace_id and u.subject = r.subject and u.lane = r.lane and u.period = r.period
  cross join lateral (select engine.sending_used(r.period, r.amount, u.used, u.at, p_now) as used) s
$$;

-- Every limit of a workspace and what is used of it now. Limits of credentials that are no more are left out.
create function engine.sending_state(p_workspace uuid)
returns table (subject text, name text, lane text, period text, amount integer, burst integer, used double precision,
  reset_seconds double precision, resets_at timestamptz, since timestamptz, set_at timestamptz, set_by text)
language sql volatile security definer set search_path = public, engine, pg_temp as $$
  select l.subject, c.name, l.lane, l.period, l.amount, l.burst, s.used,
         case when l.period in ('day', 'month') then extract(epoch from engine.sending_end(l.period, t.now) - t.now)::double precision
              else s.used / engine.sending_refill(l.period, l.amount) end,
         case when l.period in ('day', 'month') then engine.sending_end(l.period, t.now)
              else t.now + make_interval(secs => s.used / engine.sending_refill(l.period, l.amount)) end,
         coalesce(u.since, l.set_at), l.set_at, l.set_by
  from (select engine.sending_now() as now) t
  join sending_limit l on l.workspace_id = p_workspace
  left join sending_use u on u.workspace_id = l.workspace_id and u.subject = l.subject and u.lane = l.lane and u.period = l.period
  left join lateral (
    select k.name from api_key k where l.subject = 'api_key:' || k.id and k.workspace_id = p_workspace and k.revoked_at is null
    union all
    select k.name from smtp_credential k where l.subject = 'smtp_credential:' || k.id and k.workspace_id = p_workspace and k.revoked_at is null
  ) c on true
  cross join lateral (select engine.sending_used(l.period, l.amount, u.used, u.at, t.now) as used) s
  where l.subject in ('installation', 'workspace') or c.name is not null
  order by array_position(array['installation', 'workspace'], l.subject), l.subject, l.lane = 'all' desc, l.lane,
           array_position(array['minute', 'hour', 'day', 'month'], l.period)
$$;

-- Whether a credential of the workspace lives.
create function engine.has_credential(p_workspace uuid, p_subject text) returns boolean
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select exists (select from api_key k where p_subject = 'api_key:' || k.id and k.workspace_id = p_workspace and k.revoked_at is null)
    or exists (select from smtp_credential k where p_subject = 'smtp_credential:' || k.id and k.workspace_id = p_workspace and k.revoked_at is null)
$$;

-- Makes these all the limits of a subject. What was counted stays counted: a limit that is set again gives nothing back.
create function engine.set_sending_limits(
  p_workspace uuid, p_subject text, p_lane text[], p_period text[], p_amount integer[], p_burst integer[], p_actor text
) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  delete from sending_limit l
  where l.workspace_id = p_workspace and l.subject = p_subject
    and (l.lane, l.period) not in (select x.lane, x.period from unnest(p_lane, p_period) as x(lane, period));
  insert into sending_limit as l (workspace_id, subject, lane, period, amount, burst, set_by)
  select p_workspace, p_subject, x.lane, x.period, x.amount, x.burst, p_actor
  from unnest(p_lane, p_period, p_amount, p_burst) as x(lane, period, amount, burst)
  order by 1, 2, 3, 4
  on conflict (workspace_id, subject, lane, period) do update
  set amount = excluded.amount, burst = excluded.burst, set_at = clock_timestamp(), set_by = excluded.set_by
  where (l.amount, l.burst) is distinct from (excluded.amount, excluded.burst);
end $$;

-- A credential that takes the place of another one has its limits, and what is used of them: a rotation gives nothing back.
create function engine.inherit_sending_limits() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  insert into sending_limit (workspace_id, subject, lane, period, amount, burst, set_at, set_by)
  select l.workspace_id, tg_table_name || ':' || new.id, l.lane, l.period, l.amount, l.burst, l.set_at, l.set_by
  from sending_limit l where l.workspace_id = new.workspace_id and l.subject = tg_table_name || ':' || new.replaces;
  if not found then return null; end if;
  insert into sending_use (workspace_id, subject, lane, period, used, at, since, told, told_for)
  select u.workspace_id, tg_table_name || ':' || new.id, u.lane, u.period, u.used, u.at, u.since, u.told, u.told_for
  from sending_use u where u.workspace_id = new.workspace_id and u.subject = tg_table_name || ':' || new.replaces;
  return null;
end $$;
create trigger inherit_sending_limits after insert on api_key for each row when (new.replaces is not null)
  execute function engine.inherit_sending_limits();
create trigger inherit_sending_limits after insert on smtp_credential for each row when (new.replaces is not null)
  execute function engine.inherit_sending_limits();
alter table api_key enable always trigger inherit_sending_limits;
alter table smtp_credential enable always trigger inherit_sending_limits;

-- Tells the people of a workspace, once in a period, that four fifths of a day's or month's quota are used, and that all of it is. The worker
-- asks, not the one who accepts: an alarm waits for others of its kind, and mail does not.
create function engine.warn_sending(p_limit integer) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_now timestamptz := engine.sending_now();
  v_one record;
  v_level integer;
  v_count integer := 0;
begin
  for v_one in
    select u.*, l.amount, s.used as used_now, engine.sending_begin(u.period, v_now) as begins
    from sending_use u
    join sending_limit l using (workspace_id, subject, lane, period)
    cross join lateral (select engine.sending_used(u.period, l.amount, u.used, u.at, v_now) as used) s
    where u.period in ('day', 'month') and u.at >= engine.sending_begin('month', v_now) and s.used * 5 >= l.amount * 4.0
      and (u.told_for is distinct from engine.sending_begin(u.period, v_now) or u.told < case when s.used >= l.amount then 100 else 80 end)
    order by u.workspace_id, u.subject, u.lane, u.period
    limit p_limit
    for update of u skip locked
  loop
    v_level := case when v_one.used_now >= v_one.amount then 100 else 80 end;
    update sending_use u set told = v_level, told_for = v_one.begins
    where u.workspace_id = v_one.workspace_id and u.subject = v_one.subject and u.lane = v_one.lane and u.period = v_one.period;
    perform engine.raise_alert(
      case v_level when 100 then 'quota.reached' else 'quota.near' end, case v_level when 100 then 'high' else 'medium' end,
      v_one.workspace_id, null, format('%s %s %s %s', v_one.subject, v_one.lane, v_one.period, (v_one.begins at time zone 'UTC')::date),
      interval '0',
      jsonb_build_object('subject', v_one.subject, 'lane', v_one.lane, 'period', v_one.period, 'amount', v_one.amount,
        'used', floor(v_one.used_now), 'resetsAt', to_char(engine.sending_end(v_one.period, v_now) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
    v_count := v_count + 1;
  end loop;
  return v_count;
end $$;

-- Removes what was used long ago, and limits of credentials that are no more.
create function engine.trim_sending(p_limit integer) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_uses integer;
begin
  delete from sending_use u
  where (u.workspace_id, u.subject, u.lane, u.period) in (
    select o.workspace_id, o.subject, o.lane, o.period from sending_use o
    where o.at < engine.sending_now() - interval '62 days' limit p_limit for update skip locked);
  get diagnostics v_uses = row_count;
  return v_uses;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in (
      'sending_now', 'sending_begin', 'sending_end', 'sending_refill', 'sending_used', 'limited_workspaces', 'take_sending', 'sending_rules',
      'sending_state', 'has_credential', 'set_sending_limits', 'inherit_sending_limits', 'warn_sending', 'trim_sending')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.limited_workspaces, engine.take_sending to bulkhead_api, bulkhead_smtp;
grant execute on function engine.sending_state, engine.has_credential, engine.set_sending_limits to bulkhead_api;
grant execute on function engine.warn_sending, engine.trim_sending to bulkhead_worker;
revoke create on schema engine from bulkhead_engine;
