-- The engine, and no process, reads which workspaces were shredded.
-- Lock impact: none.
revoke usage on schema keyring from bulkhead_worker;
revoke execute on function keyring.shredded(timestamptz, integer) from bulkhead_worker, bulkhead_audit;
grant usage on schema keyring to bulkhead_engine;
grant execute on function keyring.shredded(timestamptz, integer) to bulkhead_engine;
