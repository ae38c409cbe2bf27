-- The note beside an alarm is sealed: people write names into it. Lock impact: security_alert changes its columns, which takes its lock for an
-- instant; nothing has been written into the one that goes.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

alter table security_alert drop column note;
alter table security_alert add column sealed_note bytea check (length(sealed_note) <= 4096);
comment on column security_alert.sealed_note is 'class: personal, sealed (content). What whoever has seen it first wrote beside it.';

drop function engine.acknowledge_alert(uuid, boolean, text, text);
-- Of the caller's workspace; with p_installation those of no workspace, for the operator. False where there is no such alarm; the first one counts,
-- and what he wrote beside it.
create function engine.acknowledge_alert(p_id uuid, p_installation boolean, p_actor text, p_note bytea) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if p_installation and p_actor !~ '^operator:' then raise exception 'the operator acknowledges alarms of the installation' using errcode = '42501'; end if;
  update security_alert a
  set sealed_note = case when a.acknowledged_at is null then p_note else a.sealed_note end,
      acknowledged_at = coalesce(a.acknowledged_at, engine.detection_now()), acknowledged_by = coalesce(a.acknowledged_by, p_actor)
  where a.id = p_id and case when p_installation then a.workspace_id is null else a.workspace_id = engine.current_workspace() end;
  return found;
end $$;

alter function engine.acknowledge_alert(uuid, boolean, text, bytea) owner to bulkhead_engine;
revoke execute on function engine.acknowledge_alert(uuid, boolean, text, bytea) from public;
grant execute on function engine.acknowledge_alert(uuid, boolean, text, bytea) to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
