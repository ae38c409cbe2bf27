import type { TemplateVersion, TemplateVersionSummary } from '@bulkhead/sdk'
import { argument, choice, text, toggle, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
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
  versionFlags,
  versionOf,
} from './template-parts.ts'

const template = argument('TEMPLATE', 'Its alias, or the id, tpl_….')
const version = argument('VERSION', 'Its number, such as 3.')
const note = text('note', 'TEXT', 'What changed, for the people of the workspace.')
const draft = text('draft', 'N', 'Change this draft instead of adding a version.')
const follows = text('follows', 'N', 'The new version takes the place of this one.')
const publishNow = toggle('publish', 'Publish it at once.')

const push: Command = {
  path: ['templates', 'push'],
  summary: 'Add a version to a template, or change a draft',
  description:
    'A new version says what the flags say, and for what they leave out what the newest version says. It is a draft: nothing is sent with it before it is published.',
  operations: [
    'templates.get',
    'templates.getVersion',
    'templates.createVersion',
    'templates.updateVersion',
    'templates.publish',
  ],
  arguments: [template],
  flags: [...contentFlags, ...versionFlags, ...dataFlags, note, draft, follows, publishNow],
  examples: [
    {
      line: 'bulkhead templates push order-shipped --html-file shipped.html --note "new footer" --publish',
      says: 'from a repository, sent from now on',
    },
  ],
  async run(context, given) {
    const { templates } = context.client()
    const reference = given.argument(template)
    const parts = await givenContent(context, given)
    const sampleData = await givenData(context, given)
    const written = { dialect: given.flag(dialect), variables: givenVariables(given) }
    const change = { ...parts, ...written, sampleData, note: given.flag(note) }
    const wanted = given.flag(draft)
    const replaced = given.flag(follows)
    if (wanted === undefined && Object.values(change).every((value) => value === undefined))
      throw new UsageError('Nothing to push: give --subject, --html-file, --text-file or --values-file.')
    const pushed =
      wanted === undefined
        ? await added(change)
        : await templates.updateVersion(reference, versionOf(wanted), change)
    if (given.flag(publishNow)) await templates.publish(reference, pushed.number)
    const shown = given.flag(publishNow) ? await templates.getVersion(reference, pushed.number) : pushed
    context.out.show(shown, (screen) => renderVersion(shown, screen))

    async function added(changed: typeof change): Promise<TemplateVersion> {
      const { newestVersion } = await templates.get(reference)
      const before = await templates.getVersion(reference, newestVersion)
      return templates.createVersion(reference, {
        subject: changed.subject ?? before.subject,
        html: changed.html ?? before.html,
        text: changed.text ?? before.text,
        dialect: changed.dialect ?? before.dialect,
        sampleData: changed.sampleData ?? before.sampleData,
        variables:
          changed.variables ??
          before.variables.map(({ fallback, ...variable }) =>
            fallback === null ? variable : { ...variable, fallback },
          ),
        note: changed.note,
        follows: replaced === undefined ? undefined : versionOf(replaced),
      })
    }
  },
}

const latest = toggle('latest', 'Of versions that took each other’s place the last one only.')

const versions: Command = {
  path: ['templates', 'versions'],
  summary: 'List the versions of a template, newest first',
  operations: ['templates.listVersions'],
  arguments: [template],
  flags: [latest, ...listFlags],
  examples: [{ line: 'bulkhead templates versions order-shipped', says: 'what there was, and by whom' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) =>
        client.templates.listVersions(given.argument(template), {
          latest: given.flag(latest) ? 'true' : undefined,
          ...page,
        }),
      (items, screen) =>
        table(
          [
            { title: 'VERSION', of: (row) => `v${row.number}` },
            { title: 'STATE', of: (row) => stateText(row) },
            { title: 'SUBJECT', of: (row) => row.subject },
            { title: 'NOTE', of: (row) => (row.note === '' ? '-' : row.note) },
            { title: 'MADE', of: (row) => relative(row.createdAt, screen.now) },
            { title: 'BY', of: (row) => row.createdBy },
          ],
          items,
          screen,
        ),
      'No versions match.',
    )
  },
}

const part = choice('part', ['subject', 'html', 'text', 'data'], 'Print this part alone, as it is.')

const showVersion: Command = {
  path: ['templates', 'version'],
  summary: 'Show a version, or print one of its parts',
  operations: ['templates.getVersion'],
  arguments: [template, version],
  flags: [part],
  examples: [
    {
      line: 'bulkhead templates version order-shipped 3 --part html > shipped.html',
      says: 'its source, into a file',
    },
  ],
  async run(context, given) {
    const found = await context
      .client()
      .templates.getVersion(given.argument(template), versionOf(given.argument(version)))
    const only = given.flag(part)
    if (only === undefined) {
      context.out.show(found, (screen) => renderVersion(found, screen))
      return
    }
    const source = only === 'data' ? `${JSON.stringify(found.sampleData, null, 2)}\n` : found[only]
    if (source === null) throw new UsageError(`Version ${found.number} has no ${only} part.`)
    context.out.raw(source)
  },
}

const publish: Command = {
  path: ['templates', 'publish'],
  summary: 'Make a version the one that is sent; an older one takes the template back',
  operations: ['templates.publish'],
  arguments: [template, version],
  examples: [
    { line: 'bulkhead templates publish order-shipped 4', says: 'from now on' },
    { line: 'bulkhead templates publish order-shipped 3', says: 'back to what was before' },
  ],
  async run(context, given) {
    const published = await context
      .client()
      .templates.publish(given.argument(template), versionOf(given.argument(version)))
    context.out.show(
      published,
      () => `${published.name}: v${published.activeVersion} is what is sent from now on.\n`,
    )
  },
}

const deleteDraft: Command = {
  path: ['templates', 'delete-draft'],
  summary: 'Delete a draft; what was published is put away, and stays readable',
  operations: ['templates.deleteVersion'],
  arguments: [template, version],
  examples: [{ line: 'bulkhead templates delete-draft order-shipped 5', says: 'it was a try' }],
  async run(context, given) {
    await context
      .client()
      .templates.deleteVersion(given.argument(template), versionOf(given.argument(version)))
    context.out.show({ deleted: given.argument(version) }, () => 'Deleted.\n')
  },
}

function stateText(row: TemplateVersionSummary): string {
  return row.isActive ? 'active' : row.state
}

function renderVersion(row: TemplateVersion, screen: Screen): string {
  return facts(
    [
      ['Version', `v${row.number} ${stateText(row)}`],
      ['Dialect', row.dialect],
      ['Subject', row.subject],
      ['HTML', row.html === null ? null : `${Buffer.byteLength(row.html)} bytes`],
      ['Text', row.text === null ? null : `${Buffer.byteLength(row.text)} bytes`],
      ['Sample data', Object.keys(row.sampleData).length === 0 ? null : JSON.stringify(row.sampleData)],
      ['Variables', row.variables.length === 0 ? null : JSON.stringify(row.variables)],
      ['Note', row.note === '' ? null : row.note],
      ['Made', `${relative(row.createdAt, screen.now)} by ${row.createdBy}`],
      ['SHA-256', row.hash],
    ],
    screen,
  )
}

/** Commands about single versions. */
export const templateVersionCommands = [push, versions, showVersion, publish, deleteDraft]
