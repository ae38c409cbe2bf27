-- Whoever gets the mail of a host name reads what others write there: everybody who is told of changes of a workspace hears of a new program, whoever
-- wrote it here. docs/inbound.md.
-- Lock impact: a trigger on inbound_route.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create function engine.route_changed() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_now timestamptz := clock_timestamp();
begin
  if tg_op = 'UPDATE' then
    if new.url = old.url and new.hostname = old.hostname then return null; end if;
  end if;
  -- The act has an audit record of its own.
  insert into security_alert (id, kind, severity, workspace_id, about, detail, created_at, last_at, recorded_at)
  values (engine.new_event_id(gen_random_uuid()), 'inbound_route.changed', 'high', new.workspace_id, new.id::text,
          -- The path of a URL may hold a secret of the program.
          jsonb_build_object('hostname', new.hostname, 'program', substring(new.url from '^[a-z]+://([^/?#]*)')), v_now, v_now, v_now);
  perform pg_notify('bulkhead_alerts', '');
  return null;
end $$;
alter function engine.route_changed() owner to bulkhead_engine;
revoke execute on function engine.route_changed() from public;
create trigger told after insert or update of url, hostname on inbound_route for each row execute function engine.route_changed();
alter table inbound_route enable always trigger told;
revoke create on schema engine from bulkhead_engine;
