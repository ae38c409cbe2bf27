-- A workspace whose keys were destroyed ends: its credentials die, its waiting mail and webhooks are settled, its records in the audit log
-- are erased. Their commitments stay in the tree.
-- Lock impact: none on tables that have rows.

create table shredded_workspace (
  workspace_id uuid not null primary key references workspace,
  shredded_at timestamptz not null,
  noted_at timestamptz not null default now(),
  mail_ended bigint not null default 0,
  webhooks_ended bigint not null default 0,
  records_erased bigint not null default 0,
  looked_at timestamptz
);
comment on table shredded_workspace is 'class: audit. Workspaces whose keys the keyring has destroyed, and what was ended with them. Kept: as long as the workspace.';
comment on column shredded_workspace.workspace_id is 'class: identifier.';
comment on column shredded_workspace.shredded_at is 'class: audit. When the keyring began; nothing opens from then on.';
comment on column shredded_workspace.noted_at is 'class: audit. When its credentials ended.';
comment on column shredded_workspace.mail_ended is 'class: audit. Recipients that waited and are expired by it.';
comment on column shredded_workspace.webhooks_ended is 'class: audit. Webhook deliveries that waited and are failed by it.';
comment on column shredded_workspace.records_erased is 'class: audit. Records of the audit log that were erased.';
comment on column shredded_workspace.looked_at is 'class: operational. When its mail was last looked for.';
select engine.protect('shredded_workspace');
grant select, insert, update on shredded_workspace to bulkhead_engine;
grant select on workspace to bulkhead_engine;
grant update (record, salt) on audit_entry to bulkhead_engine;

-- What the keyring says is shredded, and not what a process says: a hijacked one could end a workspace otherwise.
create function engine.end_shredded(p_limit integer) returns bigint
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_shred record;
  v_floor bigint;
  v_mail bigint;
  v_webhooks bigint;
  v_rows bigint := 0;
begin
  for v_shred in
    select s.workspace_id, s.started_at from keyring.shredded('-infinity', 10000) s
    join workspace w on w.id = s.workspace_id
    where not exists (select 1 from shredded_workspace x where x.workspace_id = s.workspace_id)
    order by s.started_at limit 100
  loop
    insert into shredded_workspace (workspace_id, shredded_at) values (v_shred.workspace_id, v_shred.started_at) on conflict do nothing;
    if not found then continue; end if;
    lock table epoch in row exclusive mode;
    v_floor := nextval('engine.epoch_counter');
    insert into epoch as e (scope, workspace_id, subject, class, floor, actor, reason)
    values ('workspace', v_shred.workspace_id, null, 'any', v_floor, 'process:worker', 'the workspace was shredded')
    on conflict on constraint epoch_reach do update
    set floor = greatest(e.floor, excluded.floor), bumped_at = now(), actor = excluded.actor, reason = excluded.reason;
    insert into audit_outbox (id, workspace_id, actor, action, target, detail)
    values (gen_random_uuid(), v_shred.workspace_id, 'process:worker', 'epoch.bumped', v_shred.workspace_id::text, jsonb_build_object(
      'scope', 'workspace', 'workspace', v_shred.workspace_id, 'subject', null, 'class', 'any', 'floor', v_floor,
      'reason', 'the workspace was shredded'));
    -- Of the installation: the records of the workspace are erased with it.
    insert into audit_outbox (id, workspace_id, actor, action, target, detail)
    values (gen_random_uuid(), null, 'process:worker', 'workspace.shredded', v_shred.workspace_id::text,
      jsonb_build_object('at', to_char(v_shred.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')));
    perform pg_notify('bulkhead_epochs', '');
  end loop;

  -- What a request that was under way has added comes within the day.
  for v_shred in
    select x.workspace_id from shredded_workspace x
    where x.looked_at is null or x.looked_at < now() - case
      when x.noted_at > now() - interval '10 minutes' then interval '1 second'
      when x.noted_at > now() - interval '1 day' then interval '1 minute'
      else interval '1 hour' end
    order by x.looked_at nulls first limit 100
  loop
    with gone as (
      delete from queue q
      using (
        select c.lane, c.message_id, c.number from queue c
        where c.workspace_id = v_shred.workspace_id and c.lease is null
        limit p_limit for update skip locked
      ) c
      where q.lane = c.lane and q.message_id = c.message_id and q.number = c.number
      returning q.message_id, q.number, q.workspace_id, q.attempts, gen_random_uuid() as event_id
    ), written as (
      insert into outcome (message_id, number, workspace_id, event_id, state, attempts, detail)
      select message_id, number, workspace_id, engine.new_event_id(event_id), 'expired', attempts, '{"reason":"the workspace was shredded"}'
      from gone
    )
    select count(*) into v_mail from gone;
    begin
      update webhook_delivery d
      set state = 'failed', settled_at = now(), last_error = 'the workspace was shredded', lease_until = null
      where d.id in (select c.id from webhook_delivery c
                     where c.workspace_id = v_shred.workspace_id and c.state = 'pending' limit p_limit);
      get diagnostics v_webhooks = row_count;
    exception when sqlstate 'BH423' then
      -- Its webhooks are contained: nothing leaves, and nothing is retried.
      v_webhooks := 0;
    end;
    update shredded_workspace x
    set mail_ended = x.mail_ended + v_mail, webhooks_ended = x.webhooks_ended + v_webhooks, looked_at = clock_timestamp()
    where x.workspace_id = v_shred.workspace_id;
    v_rows := v_rows + v_mail + v_webhooks;
  end loop;
  return v_rows;
end $$;

create function engine.is_shredded(p_workspace uuid) returns boolean
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select exists (select 1 from shredded_workspace x where x.workspace_id = p_workspace)
$$;

-- For the operator's list.
create function engine.shredded_workspaces(p_ids uuid[])
returns table (workspace_id uuid, noted_at timestamptz, mail_ended bigint, webhooks_ended bigint, records_erased bigint)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select x.workspace_id, x.noted_at, x.mail_ended, x.webhooks_ended, x.records_erased
  from shredded_workspace x where x.workspace_id = any(p_ids)
$$;

-- Erases records of shredded workspaces; answers their places, so that the copy on file is erased too.
create function engine.audit_erase_shredded(p_limit integer) returns setof bigint
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  return query
  with chosen as (
    select e.index, e.workspace_id from shredded_workspace x
    join lateral (select a.index, a.workspace_id from audit_entry a
                  where a.workspace_id = x.workspace_id and a.record is not null order by a.index limit p_limit) e on true
    limit p_limit
  ), erased as (
    update audit_entry a set record = null, salt = null from chosen c where a.index = c.index
    returning a.index, a.workspace_id
  ), counted as (
    update shredded_workspace x set records_erased = x.records_erased + n.n
    from (select workspace_id, count(*) as n from erased group by 1) n where n.workspace_id = x.workspace_id
  )
  select e.index from erased e order by 1;
end $$;

create index audit_entry_erased on audit_entry (index) where record is null;

-- What the files have of erased entries, for a database that was restored from an older backup: the commitments, and nothing else.
create function engine.audit_append_erased(
  p_size bigint, p_commitments bytea[], p_levels smallint[], p_indexes bigint[], p_hashes bytea[], p_root bytea
) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_tiles bigint;
begin
  update audit_state set size = p_size + cardinality(p_commitments), root = p_root, sequenced_at = clock_timestamp()
  where size = p_size;
  if not found then raise exception 'the log does not have % entries', p_size using errcode = '40001'; end if;
  insert into audit_entry (index, workspace_id, at, actor, action, target, record, salt, commitment)
  select p_size + u.place - 1, null, clock_timestamp(), 'process:audit', 'audit.erased', null, null, null, u.commitment
  from unnest(p_commitments) with ordinality u(commitment, place);
  insert into audit_tile (level, index, hashes)
  select * from unnest(p_levels, p_indexes, p_hashes)
  on conflict (level, index) do update set hashes = excluded.hashes
    where substring(excluded.hashes for length(audit_tile.hashes)) = audit_tile.hashes;
  get diagnostics v_tiles = row_count;
  if v_tiles <> cardinality(p_levels) then
    raise exception 'a tile does not continue the one before' using errcode = '22000';
  end if;
end $$;

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;
alter function engine.end_shredded(integer) owner to bulkhead_engine;
alter function engine.is_shredded(uuid) owner to bulkhead_engine;
alter function engine.shredded_workspaces(uuid[]) owner to bulkhead_engine;
alter function engine.audit_erase_shredded(integer) owner to bulkhead_engine;
alter function engine.audit_append_erased(bigint, bytea[], smallint[], bigint[], bytea[], bytea) owner to bulkhead_engine;
revoke create on schema engine from bulkhead_engine;
revoke execute on function engine.end_shredded, engine.is_shredded, engine.shredded_workspaces, engine.audit_erase_shredded,
  engine.audit_append_erased from public;
grant execute on function engine.end_shredded to bulkhead_worker;
grant execute on function engine.is_shredded, engine.shredded_workspaces to bulkhead_api;
grant execute on function engine.audit_erase_shredded, engine.audit_append_erased to bulkhead_audit;
