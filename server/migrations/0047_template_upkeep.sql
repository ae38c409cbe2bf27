-- Erasing deleted templates locks their rows first, and that takes a right to change one of their columns.
-- Lock impact: none.
grant update (deleted_at) on template to bulkhead_engine;
