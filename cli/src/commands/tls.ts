import type { TlsListReportsOutput, TlsShowOutput } from '@bulkhead/sdk'
import { text, toggle, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { LIST_FLAGS, listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'

type Report = TlsListReportsOutput['data'][number]
type State = TlsShowOutput

const PAGE = 100

const installation = toggle(
  'installation',
  "Those about the installation's own domains, for the operator: needs the operator's key.",
)
const domain = text('domain', 'DOMAIN', 'Those about this domain.')

const show: Command = {
  path: ['tls', 'show'],
  summary: 'Whether DANE is on, and the MTA-STS policies that are known',
  description:
    "For the operator: needs the operator's key. Asks the validating resolver whether it validates.",
  operations: ['tls.show'],
  flags: [LIST_FLAGS.cursor],
  examples: [{ line: 'bulkhead tls show', says: 'is DANE on, and whose policies are enforced?' }],
  async run(context, given) {
    const state = await context.operator().tls.show({ limit: PAGE, cursor: given.flag(LIST_FLAGS.cursor) })
    context.out.show(state, (screen) => `${renderState(state, screen)}\n${renderPolicies(state, screen)}`)
    if (state.policies.nextCursor !== null)
      context.out.note(`More: bulkhead tls show --cursor ${state.policies.nextCursor}`)
  },
}

const PROTECTED = {
  dane: 'DANE',
  sts: 'MTA-STS',
  none: 'where it is offered',
} as const satisfies Record<State['shares'][number]['policy'], string>

function renderState({ dane, shares, problems, reportsSent }: State, screen: Screen): string {
  return facts(
    [
      ['DANE', dane.state],
      ['Resolver', dane.resolver],
      ['To do', dane.advice],
      ...shares.map(({ policy, destinations, sessions, failures }): [string, string] => [
        PROTECTED[policy],
        `${destinations} destinations, ${sessions} sessions${failures === 0 ? '' : `, ${failures} failed`}`,
      ]),
      [
        'Went wrong',
        problems.length === 0
          ? null
          : problems
              .slice(0, 3)
              .map((row) => `${row.domain}: ${row.result}`)
              .join('; '),
      ],
      ['TLS reports', reportsSent ? 'sent to who asks for them' : 'not sent'],
    ],
    screen,
  )
}

function renderPolicies({ policies }: State, screen: Screen): string {
  if (policies.data.length === 0)
    return 'No MTA-STS policy is known yet: they are fetched when mail goes to a domain that has one.\n'
  return table(
    [
      { title: 'DOMAIN', of: (row) => row.domain },
      { title: 'MODE', of: (row) => row.mode },
      { title: 'UNTIL', of: (row) => relative(row.expiresAt, screen.now) },
      { title: 'PROBLEM', of: (row) => row.problem ?? '-' },
      { title: 'HOSTS', of: (row) => row.mx.join(' ') },
    ],
    policies.data,
    screen,
  )
}

const reports: Command = {
  path: ['tls', 'reports'],
  summary: 'List TLS reports of others about your domains, newest first',
  description:
    'Mailbox providers report daily whether sessions with your mail servers were encrypted and verified. What they say is their word.',
  operations: ['tls.listReports', 'tls.listInstallationReports'],
  flags: [domain, installation, ...listFlags],
  examples: [
    { line: 'bulkhead tls reports --domain example.com', says: 'does somebody fail to reach us over TLS?' },
    { line: 'bulkhead tls reports --installation', says: "about the installation's own domains" },
  ],
  run(context, given) {
    const about = given.flag(domain)
    const ofInstallation = given.flag(installation)
    if (ofInstallation && about !== undefined)
      throw new UsageError('--installation and --domain: write one of them.')
    const read = (page: { limit: number; cursor: string | undefined }) =>
      ofInstallation
        ? context.operator().tls.listInstallationReports(page)
        : context.client().tls.listReports({ ...page, domain: about })
    return showList(context, given, read, renderReports, 'No TLS reports.')
  },
}

function renderReports(items: readonly Report[], screen: Screen): string {
  return table(
    [
      { title: 'DOMAIN', of: (row) => row.domain },
      { title: 'BY', of: (row) => row.organisation },
      { title: 'DAY', of: (row) => row.beginsAt.slice(0, 10) },
      { title: 'GOOD', of: (row) => String(row.successes) },
      { title: 'FAILED', of: (row) => String(row.failures) },
      { title: 'FAILURES', of: (row) => resultsOf(row) },
    ],
    items,
    screen,
  )
}

function resultsOf(report: Report): string {
  const results = report.policies.flatMap((policy) => policy.details.map((detail) => detail.result))
  return [...new Set(results)].join(' ') || '-'
}

const sent: Command = {
  path: ['tls', 'sent'],
  summary: 'List TLS reports that this installation sent to others, newest first',
  description: "For the operator: needs the operator's key.",
  operations: ['tls.listSent'],
  flags: listFlags,
  examples: [{ line: 'bulkhead tls sent', says: 'who got a report, and who could not be reached?' }],
  run(context, given) {
    return showList(
      context,
      given,
      (page) => context.operator().tls.listSent(page),
      (items, screen) =>
        table(
          [
            { title: 'FOR', of: (row) => row.domain },
            { title: 'DAY', of: (row) => row.day },
            { title: 'STATE', of: (row) => row.state },
            { title: 'GOOD', of: (row) => String(row.successes ?? '-') },
            { title: 'FAILED', of: (row) => String(row.failures ?? '-') },
            { title: 'TO', of: (row) => row.endpoints.join(' ') },
            { title: 'PROBLEM', of: (row) => row.error ?? '-' },
          ],
          items,
          screen,
        ),
      'No TLS reports were sent yet.',
    )
  },
}

export const tlsCommands: readonly Command[] = [show, reports, sent]
