-- A checkpoint row is sealed by the keyring: whoever writes to the database cannot have it sign what follows a row of their own.
-- Lock impact: a short exclusive lock on keyring.checkpoint, which has one row. The row is made anew at the next signature, with a proof
-- that begins at the empty tree.
delete from keyring.checkpoint;
alter table keyring.checkpoint add column seal bytea not null check (length(seal) = 32);
comment on column keyring.checkpoint.seal is 'class: audit. HMAC-SHA256 over origin, size and root under a key of the keyring.';
grant update (seal) on keyring.checkpoint to bulkhead_keyring;
