-- What the keyring refused goes into the audit log, once; the operator reads the records that belong to no workspace.
-- Lock impact: a trigger on audit_entry, which only the sequencer writes.

create table audit_refusal (
  instance uuid not null,
  id bigint not null,
  at timestamptz not null,
  process text not null,
  kind text not null,
  primary key (instance, id)
);
comment on table audit_refusal is 'class: operational. Refusals of the keyring that are in the log already, of the last hours: the record of refusals is read with a look-back, because a row may be committed after a later one. Kept: a day.';
comment on column audit_refusal.instance is 'class: operational. The keyring process.';
comment on column audit_refusal.id is 'class: operational. Its number in the record of refusals; a restored database gives numbers again, to another instance.';
comment on column audit_refusal.at is 'class: operational. When it was refused.';
comment on column audit_refusal.process is 'class: operational. The kind of process that asked.';
comment on column audit_refusal.kind is 'class: operational. budget, access or contained.';
create index audit_refusal_by_time on audit_refusal (at);
grant select on audit_refusal to bulkhead_audit;
grant select, insert, delete on audit_refusal to bulkhead_engine;

-- In the transaction of the append, so that a refusal is neither lost nor told twice.
create function engine.audit_refusal_taken() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_detail jsonb := new.record::jsonb -> 'detail';
begin
  if new.record::jsonb ->> 'process' <> 'keyring' then return null; end if;
  insert into audit_refusal (instance, id, at, process, kind)
  values ((v_detail ->> 'instance')::uuid, (v_detail ->> 'refusal')::bigint, new.at, v_detail ->> 'process', new.target)
  on conflict (instance, id) do nothing;
  delete from audit_refusal where at < (select max(at) from audit_refusal) - interval '1 day';
  return null;
end $$;
create trigger refusal_taken after insert on audit_entry for each row
  when (new.action = 'keyring.refused') execute function engine.audit_refusal_taken();

-- Of the last hour, for the readiness of the installation: kinds of processes and numbers, no workspace.
create function engine.keyring_refusals() returns table (process text, kind text, count bigint)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select r.process, r.kind, count(*) from audit_refusal r
  where r.at > clock_timestamp() - interval '1 hour'
  group by 1, 2
  order by 1, 2
$$;

-- Records of no workspace, newest first.
create function engine.audit_installation(p_below bigint, p_action text, p_actor text, p_target text, p_after timestamptz, p_before timestamptz, p_limit integer)
returns table (index bigint, at timestamptz, actor text, action text, target text, record text, salt bytea, commitment bytea)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select e.index, e.at, e.actor, e.action, e.target, e.record, e.salt, e.commitment
  from audit_entry e
  where e.workspace_id is null
    and (p_below is null or e.index < p_below)
    and (p_action is null or e.action = p_action)
    and (p_actor is null or e.actor = p_actor)
    and (p_target is null or e.target = p_target)
    and (p_after is null or e.at >= p_after)
    and (p_before is null or e.at < p_before)
  order by e.index desc
  limit least(greatest(p_limit, 0), 1000)
$$;

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;
alter function engine.audit_refusal_taken() owner to bulkhead_engine;
alter function engine.keyring_refusals() owner to bulkhead_engine;
alter function engine.audit_installation(bigint, text, text, text, timestamptz, timestamptz, integer) owner to bulkhead_engine;
revoke create on schema engine from bulkhead_engine;
revoke execute on function engine.audit_refusal_taken, engine.keyring_refusals, engine.audit_installation from public;
grant execute on function engine.keyring_refusals, engine.audit_installation to bulkhead_api;
