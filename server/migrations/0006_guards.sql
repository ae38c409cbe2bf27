-- What the catalog test found: search paths that a temporary table could stand before, missing classes, an index, one right too many.
-- Lock impact: short exclusive locks on webhook_endpoint and webhook_delivery while the foreign key is made anew.

-- A name that is searched for before pg_temp cannot be shadowed; pg_temp that is not named is searched first (PostgreSQL
-- documentation, "Writing SECURITY DEFINER Functions Safely"). Without this a process could make a temporary table `message`
-- with a trigger, and the trigger would run as bulkhead_engine.
do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.prosecdef
  loop
    execute format('alter function %s set search_path = public, engine, pg_temp', signature);
  end loop;
  execute format('revoke temporary on database %I from public', current_database());
end $$;

revoke execute on function engine.protect(regclass, name) from public;

-- Campaigns will need it; until then a worker has no way to send.
revoke execute on function engine.accept from bulkhead_worker;

-- The foreign key carries the workspace, so that a delivery cannot point into another one, and the feed's index serves it.
alter table webhook_endpoint add constraint webhook_endpoint_in_workspace unique (workspace_id, id);
drop index webhook_endpoint_workspace;
alter table webhook_delivery drop constraint webhook_delivery_endpoint_id_fkey;
alter table webhook_delivery add constraint webhook_delivery_endpoint
  foreign key (workspace_id, endpoint_id) references webhook_endpoint (workspace_id, id) on delete cascade;

comment on column process.detail is 'class: operational. What a process says of itself: addresses it listens on, counters.';
comment on column sending_domain.checks is 'class: public. What DNS answered to each record at the last check.';
comment on column audit_outbox.detail is 'class: audit. Facts of the act, without personal data.';
comment on column idempotency.key_hash is 'class: operational. SHA-256 of the idempotency key.';
comment on column idempotency.body_hash is 'class: operational. SHA-256 of the request, to tell a repetition from a conflict.';

-- Rights that no statement of these processes uses; server/test/architecture/compartments.test.ts holds what is left as a table.
revoke select on message, recipient, outcome, event, suppression, workspace, webhook_endpoint from bulkhead_worker;
revoke insert, delete on sending_domain, dkim_selector from bulkhead_worker;
revoke select on sending_domain from bulkhead_smtp;
revoke insert, update, delete on process from bulkhead_staff, bulkhead_audit;
