-- What has served its time: partitions beyond the retention, content of sensitive messages that nobody waits for any more.
-- Lock impact: one index on an empty or small table of messages; dropping a partition locks its parent for a moment.

create index message_sensitive on message (expires_at) where sensitive;

-- Whether a recipient of a range of messages still waits. A function of the engine's own, because row-level security would show
-- an empty queue to the owner of the tables.
create function engine.is_waiting(p_from uuid, p_until uuid) returns boolean
language sql stable security definer set search_path = public, engine as $$
  select exists (select 1 from queue q where q.message_id >= p_from and q.message_id < p_until)
$$;

-- Drops the partitions that lie wholly before p_before, all five tables of a week together, and answers how many weeks went.
-- A week with a recipient that still waits stays (a schedule may reach 30 days ahead). The ledger counts what is kept, so the
-- equation holds on. Gives up after 2 s of waiting for a lock and is asked again.
create function engine.drop_old_partitions(p_before timestamptz) returns integer
language plpgsql security definer set search_path = public, engine set lock_timeout = '2s' as $$
declare
  week date;
  suffix text;
  target text;
  dropped integer := 0;
begin
  for week in
    select to_date(substring(c.relname from '^message_(\d{8})$'), 'YYYYMMDD')
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'message'::regclass and c.relname ~ '^message_\d{8}$'
    order by 1
  loop
    continue when week + 7 > (p_before at time zone 'UTC')::date;
    continue when engine.is_waiting(engine.time_bound(week), engine.time_bound(week + 7));
    suffix := to_char(week, 'YYYYMMDD');
    foreach target in array array['event', 'outcome', 'recipient', 'body', 'message'] loop
      execute format('drop table if exists %I', target || '_' || suffix);
    end loop;
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;
revoke execute on function engine.drop_old_partitions(timestamptz) from public;
grant execute on function engine.drop_old_partitions(timestamptz) to bulkhead_worker;

-- Sensitive messages none of whose recipients waits and whose content is still there: cancelled, expired, or settled by a sender
-- that died before it erased them. p_message null: any. The content key comes with it, because it is destroyed first: a crash
-- between the two leaves a body that nobody can open and that is found again.
create function engine.sensitive_leftovers(p_message uuid[], p_limit integer) returns table (message_id uuid, key_id uuid)
language plpgsql stable security definer set search_path = public, engine as $$
#variable_conflict use_column
begin
  return query
  select m.id, encode(substring(b.sealed from 2 for 16), 'hex')::uuid
  from message m
  join body b on b.message_id = m.id
  where m.sensitive and (m.id = any(p_message) or p_message is null and m.expires_at > now() - interval '7 days')
    and not exists (select 1 from queue q where q.message_id = m.id)
  limit p_limit;
end $$;
grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;
alter function engine.sensitive_leftovers(uuid[], integer) owner to bulkhead_engine;
alter function engine.is_waiting(uuid, uuid) owner to bulkhead_engine;
revoke execute on function engine.is_waiting(uuid, uuid) from public;
grant execute on function engine.is_waiting(uuid, uuid) to current_user;
revoke create on schema engine from bulkhead_engine;
revoke execute on function engine.sensitive_leftovers(uuid[], integer) from public;
grant execute on function engine.sensitive_leftovers(uuid[], integer) to bulkhead_worker, bulkhead_sender;
