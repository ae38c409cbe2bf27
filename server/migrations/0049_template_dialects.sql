-- Templates are written in the dialects of other vendors too.
-- Lock impact: a short exclusive lock of template_version; the check is believed of what is there, which is all liquid.

alter table template_version drop constraint template_version_dialect;
alter table template_version add constraint template_version_dialect check (dialect in
  ('liquid', 'sendgrid-handlebars', 'sendgrid-legacy', 'mandrill-handlebars', 'merge-tags', 'resend')) not valid;
alter table template_version validate constraint template_version_dialect;
