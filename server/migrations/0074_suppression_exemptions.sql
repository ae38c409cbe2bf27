-- Addresses that a workspace vouches for: a hard bounce does not suppress them.
-- Lock impact: a trigger on suppression (short exclusive lock, no rewrite).

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table suppression_exemption (
  workspace_id uuid not null,
  address_index bytea not null,
  id uuid not null,
  address bytea not null,
  sealed_note bytea,
  created_at timestamptz not null default now(),
  created_by text not null,
  primary key (workspace_id, address_index)
);
create unique index suppression_exemption_id on suppression_exemption (workspace_id, id);
comment on table suppression_exemption is 'class: personal. Addresses that hard bounces do not suppress. Kept: until somebody takes them away or the workspace ends.';
comment on column suppression_exemption.workspace_id is 'class: identifier.';
comment on column suppression_exemption.address_index is 'class: blind index. Of the address.';
comment on column suppression_exemption.id is 'class: identifier. For which address and note are sealed.';
comment on column suppression_exemption.address is 'class: personal, sealed (content). The address.';
comment on column suppression_exemption.sealed_note is 'class: personal, sealed (content). Why, for people.';
comment on column suppression_exemption.created_at is 'class: operational.';
comment on column suppression_exemption.created_by is 'class: audit. The actor.';
select engine.protect('suppression_exemption');
select engine.guard('suppression_exemption', 'write');
grant select, insert, delete on suppression_exemption to bulkhead_api;
grant select on suppression_exemption to bulkhead_engine;

-- What a bounce says of an address that is exempt is in its report and in the events of the message; the list does not take it. What people ask
-- for, complaints and unsubscribes, is taken all the same, and so is what somebody of the workspace writes down.
create function engine.spare_exempt() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if exists (select from suppression_exemption e where e.workspace_id = new.workspace_id and e.address_index = new.address_index) then
    return null;
  end if;
  return new;
end $$;
alter function engine.spare_exempt owner to bulkhead_engine;
revoke execute on function engine.spare_exempt from public;
create trigger spare_exempt before insert on suppression for each row
  when (new.reason = 'hard_bounce' and new.message_id is not null) execute function engine.spare_exempt();
alter table suppression enable always trigger spare_exempt;

revoke create on schema engine from bulkhead_engine;
