-- Keys of the doors that speak another vendor's API. Such a key opens its own door only.
-- Lock impact: a short exclusive lock on api_key (constant defaults, nothing is rewritten).

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

alter table api_key
  add column door text check (door in ('sendgrid', 'resend', 'mandrill')),
  add column door_scopes text[] not null default '{}' check (cardinality(door_scopes) <= 1000),
  add check (door is not null or door_scopes = '{}');
comment on column api_key.door is 'class: business. The vendor whose API it opens; null: our own. Part of the binding.';
comment on column api_key.door_scopes is
  'class: business. What it may do by the vendor''s own names, beside its scopes; empty: all that its scopes allow. Part of the binding.';

-- Networks from which the keys of a door work, whatever each key says.
create table door_network (
  workspace_id uuid not null references workspace,
  door text not null check (door in ('sendgrid', 'resend', 'mandrill')),
  number integer not null check (number > 0),
  cidr text not null check (length(cidr) between 1 and 60),
  created_at timestamptz not null default now(),
  created_by text not null,
  primary key (workspace_id, door, number),
  unique (workspace_id, door, cidr)
);
comment on table door_network is 'class: business. Networks from which the keys of a door work, beside what each key says; none: no bound.';
comment on column door_network.workspace_id is 'class: identifier.';
comment on column door_network.door is 'class: business.';
comment on column door_network.number is 'class: identifier. By which the vendor''s API names it.';
comment on column door_network.cidr is 'class: business.';
comment on column door_network.created_at is 'class: operational.';
comment on column door_network.created_by is 'class: audit. The actor.';
select engine.protect('door_network');
select engine.guard('door_network', 'credential');
grant select, insert, delete on door_network to bulkhead_api;
grant select on door_network to bulkhead_engine;

drop function engine.find_api_key(bytea);
create function engine.find_api_key(p_hash bytea)
returns table (
  id uuid, workspace_id uuid, scopes text[], expires_at timestamptz, revoked_at timestamptz, killed boolean, binding bytea,
  allowed_cidrs text[], allowed_senders text[], ends_at timestamptz, tightened_cidrs text[], door text, door_scopes text[], door_cidrs text[]
)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select k.id, k.workspace_id, k.scopes, k.expires_at, k.revoked_at,
         k.issued_epoch <= engine.epoch_floor(k.workspace_id, null, 'api_key'), k.binding,
         k.allowed_cidrs, k.allowed_senders, k.ends_at, k.tightened_cidrs, k.door, k.door_scopes,
         case when k.door is null then '{}' else coalesce(
           (select array_agg(n.cidr) from door_network n where n.workspace_id = k.workspace_id and n.door = k.door), '{}') end
  from api_key k where k.secret_hash = p_hash and k.pepper_version > 0;
end $$;
alter function engine.find_api_key(bytea) owner to bulkhead_engine;
revoke execute on function engine.find_api_key(bytea) from public;
grant execute on function engine.find_api_key to bulkhead_api, bulkhead_smtp;

revoke create on schema engine from bulkhead_engine;
