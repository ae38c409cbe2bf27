-- The ledger equation of the whole installation for its operator, as a worker counted it last: counting reads every row, so nobody asks for it
-- by looking at a page. docs/operations.md.
-- Lock impact: none; a new table.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table installation_ledger (
  one boolean primary key default true check (one),
  counts jsonb not null,
  counted_at timestamptz not null,
  took_ms integer not null check (took_ms >= 0)
);
comment on table installation_ledger is 'class: operational. Recipients of all workspaces by state, as engine.ledger(null) answered last. One row.';
comment on column installation_ledger.one is 'class: operational. There is one row.';
comment on column installation_ledger.counts is 'class: operational. Recipients by state: accepted, doubled and each state of the ledger.';
comment on column installation_ledger.counted_at is 'class: operational. When the count began; it is of that instant.';
comment on column installation_ledger.took_ms is 'class: operational. How long the database counted.';
grant select, insert, update on installation_ledger to bulkhead_engine;

-- Counts, keeps and answers the ledger of the installation.
create function engine.count_ledger() returns table (state text, recipients bigint)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_began timestamptz := clock_timestamp();
  v_counts jsonb;
begin
  select jsonb_object_agg(l.state, l.recipients) into v_counts from engine.ledger(null) l;
  insert into installation_ledger as i (counts, counted_at, took_ms)
  values (v_counts, v_began, (extract(epoch from clock_timestamp() - v_began) * 1000)::integer)
  on conflict (one) do update set counts = excluded.counts, counted_at = excluded.counted_at, took_ms = excluded.took_ms
  where i.counted_at < excluded.counted_at;
  return query select c.key, c.value::bigint from jsonb_each_text(v_counts) c;
end $$;

create function engine.installation_ledger() returns table (counts jsonb, counted_at timestamptz, took_ms integer)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select i.counts, i.counted_at, i.took_ms from installation_ledger i
$$;

alter function engine.count_ledger() owner to bulkhead_engine;
alter function engine.installation_ledger() owner to bulkhead_engine;
revoke execute on function engine.count_ledger(), engine.installation_ledger() from public;
grant execute on function engine.count_ledger() to bulkhead_worker;
grant execute on function engine.installation_ledger() to bulkhead_api;
revoke execute on function engine.ledger(uuid) from bulkhead_worker;
revoke create on schema engine from bulkhead_engine;
