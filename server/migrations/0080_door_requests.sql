-- Requests that send through a door without an Idempotency-Key, so that one that says it is a repetition is known as the same.
-- Lock impact: none, a new table.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table door_request (
  workspace_id uuid not null,
  request_hash bytea not null,
  request_id uuid not null,
  expires_at timestamptz not null,
  primary key (workspace_id, request_hash)
);
create index door_request_expiry on door_request (expires_at);
comment on table door_request is 'class: operational. Requests that sent through a door, for repetitions of them. Kept: 10 minutes.';
comment on column door_request.workspace_id is 'class: identifier.';
comment on column door_request.request_hash is 'class: operational. HMAC-SHA-256 of the request under the secret of the API key, which is stored nowhere: the content cannot be guessed from it.';
comment on column door_request.request_id is 'class: identifier. What stands for its Idempotency-Key.';
comment on column door_request.expires_at is 'class: operational.';
select engine.protect('door_request');
select engine.guard('door_request', 'send', p_open => array['bulkhead_worker']);
grant select, insert, update, delete on door_request to bulkhead_engine;

-- The id of a request: that of the one it repeats, if there was one in the time that p_kept_seconds says, else p_fresh. It is remembered
-- before anything is accepted; the log is written in order, so that whatever survives a crash of what was accepted, this survives too, and
-- the commit need not wait for the disk.
create function engine.begin_door_request(
  p_workspace uuid, p_hash bytea, p_fresh uuid, p_is_repetition boolean, p_kept_seconds integer
) returns uuid
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_request uuid;
begin
  perform set_config('synchronous_commit', 'off', true);
  insert into door_request as d (workspace_id, request_hash, request_id, expires_at)
  values (p_workspace, p_hash, p_fresh, now() + make_interval(secs => least(p_kept_seconds, 3600)))
  on conflict (workspace_id, request_hash) do update
    set request_id = case when p_is_repetition and d.expires_at > now() then d.request_id else excluded.request_id end,
        expires_at = case when p_is_repetition and d.expires_at > now() then d.expires_at else excluded.expires_at end
  returning d.request_id into v_request;
  return v_request;
end $$;

create function engine.trim_door_requests(p_limit integer) returns bigint
language sql security definer set search_path = public, engine, pg_temp as $$
  with gone as (
    delete from door_request
    where ctid = any(array(
      select d.ctid from door_request d where d.expires_at < now()
      order by d.expires_at
      limit least(greatest(p_limit, 0), 10000)
      for update skip locked))
    returning 1
  )
  select count(*) from gone
$$;

alter function engine.begin_door_request owner to bulkhead_engine;
alter function engine.trim_door_requests owner to bulkhead_engine;
revoke execute on function engine.begin_door_request, engine.trim_door_requests from public;
grant execute on function engine.begin_door_request to bulkhead_api;
grant execute on function engine.trim_door_requests to bulkhead_worker;
revoke create on schema engine from bulkhead_engine;
