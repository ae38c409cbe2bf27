-- What upkeep trims has a floor of its own, whatever it is asked for: a hijacked worker erases nothing that somebody still waits for,
-- and no call takes more than 10,000 rows.
-- Lock impact: none beyond the replaced functions.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

-- Deliveries that are over stay at least a day. What waits stays 7 days: an enabled endpoint is tried for one, a disabled or contained
-- one has these days to come back, and its backlog stays bounded.
create or replace function engine.trim_webhooks(p_older_than interval, p_limit integer) returns bigint
language sql security definer set search_path = public, engine, pg_temp as $$
  with gone as (
    delete from webhook_delivery
    where id in (
      select d.id from webhook_delivery d
      where d.created_at < now() - greatest(p_older_than, interval '1 day')
        and (d.state <> 'pending' or d.created_at < now() - interval '7 days')
      order by d.created_at
      limit least(greatest(p_limit, 0), 10000))
    returning 1
  )
  select count(*) from gone
$$;

-- Keeps the newest p_keep captured messages of each workspace, at least 100.
create or replace function engine.trim_captured(p_keep integer, p_limit integer) returns bigint
language sql security definer set search_path = public, engine, pg_temp as $$
  with gone as (
    delete from captured
    where id in (
      select o.id
      from (select c.id, row_number() over (partition by c.workspace_id order by c.id desc) as place from captured c) o
      where o.place > greatest(p_keep, 100)
      limit least(greatest(p_limit, 0), 10000))
    returning 1
  )
  select count(*) from gone
$$;

-- Only what has expired: the floor is the row's own time, which is set where it is made.
create or replace function engine.trim_idempotency(p_limit integer) returns bigint
language sql security definer set search_path = public, engine, pg_temp as $$
  with gone as (
    delete from idempotency
    where ctid = any(array(
      select i.ctid from idempotency i where i.expires_at < now()
      order by i.expires_at
      limit least(greatest(p_limit, 0), 10000)
      for update skip locked))
    returning 1
  )
  select count(*) from gone
$$;

revoke create on schema engine from bulkhead_engine;
