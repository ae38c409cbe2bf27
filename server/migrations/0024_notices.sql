-- Mail of the installation itself; notices of what changes in a workspace's profile, and the time for which what is new is inert (M-06).
-- Lock impact: short exclusive locks on api_key, smtp_credential, webhook_endpoint, member, suppression, containment while triggers are made.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create function engine.installation_workspace() returns uuid
language sql immutable parallel safe
return '00000000-0000-7000-8000-000000000001'::uuid;
grant execute on function engine.installation_workspace() to public;

-- Nobody is a member of the installation's workspace and no credential opens it, whoever writes to the database: what opened it would
-- read and send the mail that resets passwords.
create function engine.keep_installation_closed() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  raise exception 'the workspace of the installation has no %', tg_table_name using errcode = '23514';
end $$;
create trigger closed before insert or update of workspace_id on api_key for each row
  when (new.workspace_id = '00000000-0000-7000-8000-000000000001') execute function engine.keep_installation_closed();
create trigger closed before insert or update of workspace_id on smtp_credential for each row
  when (new.workspace_id = '00000000-0000-7000-8000-000000000001') execute function engine.keep_installation_closed();
create trigger closed before insert or update of workspace_id on webhook_endpoint for each row
  when (new.workspace_id = '00000000-0000-7000-8000-000000000001') execute function engine.keep_installation_closed();
create trigger closed before insert or update of workspace_id on member for each row
  when (new.workspace_id = '00000000-0000-7000-8000-000000000001') execute function engine.keep_installation_closed();
-- Only staff cut it off.
create trigger closed before insert on containment for each row
  when (new.workspace_id = '00000000-0000-7000-8000-000000000001' and new.origin = 'workspace')
  execute function engine.keep_installation_closed();

-- An address that once bounced must still get its reset and its notices: a hijacked sender that reports bounces would silence whom it
-- likes. What it costs is bounded by what asks for such mail.
create function engine.keep_installation_heard() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  return null;
end $$;
create trigger heard before insert or update of workspace_id on suppression for each row
  when (new.workspace_id = '00000000-0000-7000-8000-000000000001') execute function engine.keep_installation_heard();

-- It is no tenant: lists of workspaces do not have it.
create or replace function engine.list_workspaces(p_after uuid, p_limit integer)
returns table (id uuid, name text, created_at timestamptz)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select w.id, w.name, w.created_at from workspace w
  where w.id > p_after and w.id <> engine.installation_workspace()
  order by w.id limit p_limit
$$;

create or replace function engine.staff_workspaces(p_after uuid, p_limit integer) returns table (
  id uuid, name text, created_at timestamptz, api_keys bigint, smtp_credentials bigint, domains_verified bigint,
  domains_other bigint, webhooks_enabled bigint, webhooks_disabled bigint, waiting bigint, oldest_due timestamptz, contained bigint
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select w.id, w.name, w.created_at,
         (select count(*) from api_key k where k.workspace_id = w.id and k.revoked_at is null),
         (select count(*) from smtp_credential c where c.workspace_id = w.id and c.revoked_at is null),
         (select count(*) from sending_domain d where d.workspace_id = w.id and d.state = 'verified'),
         (select count(*) from sending_domain d where d.workspace_id = w.id and d.state <> 'verified'),
         (select count(*) from webhook_endpoint e where e.workspace_id = w.id and e.state = 'enabled'),
         (select count(*) from webhook_endpoint e where e.workspace_id = w.id and e.state <> 'enabled'),
         (select count(*) from (select 1 from queue q where q.workspace_id = w.id and q.lease is null and not q.held limit 10000) x),
         (select q.due from queue q where q.workspace_id = w.id and q.lease is null and not q.held order by q.due limit 1),
         (select count(*) from containment c where c.workspace_id = w.id and c.state in ('active', 'lift_requested') and c.until > now())
  from workspace w
  where w.id > p_after and w.id <> engine.installation_workspace()
  order by w.id
  limit least(p_limit, 1000)
$$;

-- Development: where the developer sees what the installation wrote. The oldest workspace; null where there is none.
create function engine.capture_home() returns uuid
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select w.id from workspace w
  where w.id <> engine.installation_workspace()
    and not exists (select from shredded_workspace x where x.workspace_id = w.id)
  order by w.id limit 1
$$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('keep_installation_closed', 'keep_installation_heard', 'capture_home')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.capture_home to bulkhead_smtp;
revoke create on schema engine from bulkhead_engine;
