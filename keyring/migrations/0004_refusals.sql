-- What was refused because of a containment is recorded too; the audit process reads refusals by time; which workspaces were shredded can
-- be asked while the keyring is down.
-- Lock impact: a short exclusive lock on keyring.refusal_log for its constraint.

alter table keyring.refusal_log drop constraint refusal_log_kind_check;
alter table keyring.refusal_log add constraint refusal_log_kind_check check (kind in ('budget', 'access', 'contained'));
comment on table keyring.refusal_log is 'class: audit. What the keyring refused and somebody should look at: budgets that ran out, requests outside the access matrix, requests of contained processes. At most one a minute of a kind, and of a workspace where it is contained.';

-- By time, not by id: ids are given before rows are committed, and a restored database gives them again.
create function keyring.refusals_since(p_at timestamptz, p_limit integer)
returns table (id bigint, at timestamptz, instance uuid, process text, workspace_id uuid, kind text, detail text)
language sql stable security definer set search_path = keyring, pg_temp as $$
  select r.id, r.at, r.instance, r.process, r.workspace_id, r.kind, r.detail
  from keyring.refusal_log r
  where r.at >= p_at
  order by r.at, r.id
  limit least(greatest(p_limit, 0), 10000)
$$;
drop function keyring.refusals_after(bigint, integer);

-- Begun is enough: nothing of the workspace opens from then on.
create function keyring.shredded(p_since timestamptz, p_limit integer)
returns table (workspace_id uuid, started_at timestamptz)
language sql stable security definer set search_path = keyring, pg_temp as $$
  select s.workspace_id, s.started_at
  from keyring.shred s
  where s.started_at is not null and s.started_at >= p_since
  order by s.started_at, s.workspace_id
  limit least(greatest(p_limit, 0), 10000)
$$;

revoke execute on function keyring.refusals_since, keyring.shredded from public;
grant execute on function keyring.refusals_since, keyring.shredded to bulkhead_audit;
grant usage on schema keyring to bulkhead_worker;
grant execute on function keyring.shredded to bulkhead_worker;
