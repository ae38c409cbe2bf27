import type { Template, TemplateDetail, TemplatePreview } from '@bulkhead/sdk'
import { argument, choice, optionalArgument, text, toggle, type Command } from '../command.ts'
import { EXIT, UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'
import {
  contentFlags,
  dataFlags,
  dialect,
  givenContent,
  givenData,
  givenVariables,
  renderProblems,
  versionFlags,
  versionOf,
} from './template-parts.ts'
import { templateVersionCommands } from './template-versions.ts'

const template = argument('TEMPLATE', 'Its alias, or the id, tpl_….')
const name = argument('NAME', 'What people call it.')
const alias = text('alias', 'ALIAS', 'What programs call it, such as order-shipped.')
const note = text('note', 'TEXT', 'What changed, for the people of the workspace.')
const publish = toggle('publish', 'Publish it at once.')

const create: Command = {
  path: ['templates', 'create'],
  summary: 'Create a template',
  description:
    'Parts are written in Liquid, unless --dialect names another: {{ name }} prints a value of the data. Its first version is a draft, unless --publish is given.',
  operations: ['templates.create', 'templates.publish'],
  arguments: [name],
  flags: [alias, ...contentFlags, ...versionFlags, ...dataFlags, note, publish],
  examples: [
    {
      line: 'bulkhead templates create "Order shipped" --alias order-shipped --subject "Order {{ order.id }} is on its way" --html-file shipped.html --text-file shipped.txt --publish',
      says: 'a template that can be sent at once',
    },
    {
      line: 'bulkhead templates create Receipt --dialect sendgrid-handlebars --subject "Order {{order.id}}" --html-file receipt.html',
      says: 'one that was written for SendGrid',
    },
  ],
  async run(context, given) {
    const client = context.client()
    const { subject, ...parts } = await givenContent(context, given)
    if (subject === undefined) throw new UsageError('--subject is missing: the subject, in the dialect.')
    const made = await client.templates.create({
      name: given.argument(name),
      alias: given.flag(alias),
      subject,
      ...parts,
      dialect: given.flag(dialect),
      variables: givenVariables(given),
      sampleData: await givenData(context, given),
      note: given.flag(note),
    })
    const shown = given.flag(publish) ? await client.templates.publish(made.id, made.newestVersion) : made
    context.out.show(
      shown,
      (screen) =>
        renderTemplate(shown, screen) +
        screen.paint.dim(
          shown.activeVersion === null
            ? `Publish it: bulkhead templates publish ${shown.alias ?? shown.id} 1\n`
            : `Send it: bulkhead send --template ${shown.alias ?? shown.id} --values '{…}' --from … --to …\n`,
        ),
    )
  },
}

const search = text('search', 'TEXT', 'Only those with this in their name or alias.')
const deleted = toggle('deleted', 'Those that were deleted and can be restored, instead.')

const dialects = text('dialects', 'NAMES', 'Only those written in one of these, such as liquid,resend.')

const list: Command = {
  path: ['templates', 'list'],
  summary: 'List templates, newest first',
  operations: ['templates.list'],
  flags: [search, deleted, dialects, ...listFlags],
  examples: [{ line: 'bulkhead templates list --search order', says: 'those about orders' }],
  run: (context, given) => {
    const client = context.client()
    const filter = {
      search: given.flag(search),
      deleted: given.flag(deleted) ? ('true' as const) : undefined,
      dialects: given.flag(dialects),
    }
    return showList(
      context,
      given,
      (page) => client.templates.list({ ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'NAME', of: (row) => row.name },
            { title: 'ALIAS', of: (row) => row.alias ?? '-' },
            { title: 'ACTIVE', of: (row) => activeText(row) },
            { title: 'NEWEST', of: (row) => `v${row.newestVersion} ${row.newestState}` },
            { title: 'CHANGED', of: (row) => relative(row.updatedAt, screen.now) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No templates match. Create one with: bulkhead templates create NAME.',
    )
  },
}

const show: Command = {
  path: ['templates', 'show'],
  summary: 'Show a template: what is active, since when, and what was before',
  operations: ['templates.get'],
  arguments: [template],
  examples: [{ line: 'bulkhead templates show order-shipped', says: 'which version is sent now' }],
  async run(context, given) {
    const found = await context.client().templates.get(given.argument(template))
    context.out.show(found, (screen) => renderTemplate(found, screen))
  },
}

const newName = text('name', 'TEXT', 'Another name.')
const noAlias = toggle('no-alias', 'Take the alias away.')

const update: Command = {
  path: ['templates', 'update'],
  summary: 'Change the name or the alias of a template',
  operations: ['templates.update'],
  arguments: [template],
  flags: [newName, alias, noAlias],
  examples: [
    { line: 'bulkhead templates update order-shipped --name "Order on its way"', says: 'another name' },
  ],
  async run(context, given) {
    const changed = await context.client().templates.update(given.argument(template), {
      name: given.flag(newName),
      alias: given.flag(noAlias) ? null : given.flag(alias),
    })
    context.out.show(changed, (screen) => renderSummary(changed, screen))
  },
}

const remove: Command = {
  path: ['templates', 'delete'],
  summary: 'Delete a template; it can be restored for 30 days',
  operations: ['templates.delete'],
  arguments: [template],
  examples: [{ line: 'bulkhead templates delete order-shipped', says: 'no message can name it any more' }],
  async run(context, given) {
    await context.client().templates.delete(given.argument(template))
    context.out.show(
      { deleted: given.argument(template) },
      () => 'Deleted. For 30 days it can be restored: bulkhead templates list --deleted.\n',
    )
  },
}

const deletedTemplate = argument('TEMPLATE', 'The id, tpl_…; see bulkhead templates list --deleted.')

const restore: Command = {
  path: ['templates', 'restore'],
  summary: 'Bring a deleted template back, with all its versions',
  operations: ['templates.restore'],
  arguments: [deletedTemplate],
  examples: [{ line: 'bulkhead templates restore tpl_01jq…', says: 'as it was' }],
  async run(context, given) {
    const restored = await context.client().templates.restore(given.argument(deletedTemplate))
    context.out.show(restored, (screen) => renderSummary(restored, screen))
  },
}

const duplicate: Command = {
  path: ['templates', 'duplicate'],
  summary: 'Copy a template, to change the copy',
  operations: ['templates.duplicate'],
  arguments: [template],
  flags: [newName, alias],
  examples: [
    {
      line: 'bulkhead templates duplicate order-shipped --name "Order returned"',
      says: 'begin with what is there',
    },
  ],
  async run(context, given) {
    const copy = await context.client().templates.duplicate(given.argument(template), {
      name: given.flag(newName),
      alias: given.flag(alias),
    })
    context.out.show(copy, (screen) => renderTemplate(copy, screen))
  },
}

const previewed = optionalArgument('TEMPLATE', 'Its alias or id; without it, what the flags say is rendered.')
const version = text('version', 'N', 'Of the template; also a draft. Default the active one.')
const strict = toggle('strict', 'A variable that the data does not hold is an error.')
const part = choice('part', ['subject', 'html', 'text'], 'Print this part alone, as it is.')

const preview: Command = {
  path: ['templates', 'preview'],
  summary: 'Render a template with data; nothing is sent',
  description:
    'What is printed is what a message says. Without --values the sample data of the version is used. Exit code 1 when a message would be refused.',
  operations: ['templates.preview'],
  arguments: [previewed],
  flags: [version, ...contentFlags, dialect, ...dataFlags, strict, part],
  examples: [
    {
      line: 'bulkhead templates preview order-shipped --values \'{"order": {"id": 7}}\'',
      says: 'with data of your own',
    },
    {
      line: 'bulkhead templates preview --subject x --html-file new.html --values-file sample.json --part html > out.html',
      says: 'files that are no template yet',
    },
  ],
  async run(context, given) {
    const wanted = given.flag(version)
    const rendered = await context.client().templates.preview({
      templateId: given.argument(previewed),
      version: wanted === undefined ? undefined : versionOf(wanted),
      ...(await givenContent(context, given)),
      dialect: given.flag(dialect),
      data: await givenData(context, given),
      strict: given.flag(strict),
    })
    const only = given.flag(part)
    if (only !== undefined && rendered[only] !== null) context.out.raw(`${rendered[only]}\n`)
    else context.out.show(rendered, (screen) => renderPreview(rendered, screen))
    return rendered.ok ? EXIT.ok : EXIT.refused
  },
}

function renderPreview(rendered: TemplatePreview, screen: Screen): string {
  const sections = (['subject', 'html', 'text'] as const).flatMap((name) => {
    const value = rendered[name]
    return value === null
      ? []
      : [screen.paint.bold(`${name} (${rendered.sizes[name]} bytes)\n`), `${value}\n\n`]
  })
  return [...sections, rendered.problems.length === 0 ? '' : renderProblems(rendered.problems, screen)].join(
    '',
  )
}

function activeText(row: Template): string {
  return row.activeVersion === null ? 'none yet' : `v${row.activeVersion}`
}

function renderSummary(row: Template, screen: Screen): string {
  return facts(
    [
      ['Name', row.name],
      ['Alias', row.alias],
      ['Active', activeText(row)],
      ['Since', row.activeSince === null ? null : relative(row.activeSince, screen.now)],
      ['Newest', `v${row.newestVersion} ${row.newestState}`],
      ['Versions', String(row.versions)],
      ['Id', row.id],
    ],
    screen,
  )
}

function renderTemplate(row: TemplateDetail, screen: Screen): string {
  const history =
    row.publications.length === 0
      ? ''
      : `\n${table(
          [
            { title: 'ACTIVE SINCE', of: (item) => relative(item.at, screen.now) },
            { title: 'VERSION', of: (item) => `v${item.version}` },
            { title: 'BY', of: (item) => item.by },
            { title: 'SHA-256', of: (item) => item.hash.slice(0, 16) },
          ],
          row.publications,
          screen,
        )}`
  return renderSummary(row, screen) + history
}

export const templateCommands = [
  create,
  list,
  show,
  update,
  remove,
  restore,
  duplicate,
  preview,
  ...templateVersionCommands,
]
