import { formatAddress } from '../platform/config/index.ts'
import type { Config } from '../platform/config/index.ts'

/** What the api process hands over when it is ready in development. */
interface Welcome {
  readonly apiKey: string
  /** With the key behind the #. */
  readonly consoleUrl: string
  /** By which somebody becomes the first owner; null once there is one. */
  readonly firstRunUrl: string | null
  readonly smtp: { readonly username: string; readonly password: string } | null
  /** An address from which the first workspace may send. */
  readonly from: string
}

/** The end of a start: where things are, and a first mail to paste. */
export function summarize(config: Config, apiDetail: unknown): string {
  const welcome = readWelcome(apiDetail, config)
  const rows: [string, string][] = [
    ['Console', welcome?.firstRunUrl ?? config.publicUrl],
    ['API', `${config.publicUrl}/v1`],
    ['SMTP', `${formatAddress(config.submission)} (STARTTLS), ${formatAddress(config.submissions)} (TLS)`],
  ]
  rows.push([
    'Inbound',
    config.inbound === 'off'
      ? 'off: bounces and complaints do not come back'
      : `${formatAddress(config.inbound)} (SMTP: bounces, complaints)`,
  ])
  rows.push(['Staff', `http://${formatAddress(config.staff)}/v1`])
  if (config.metrics !== 'off') rows.push(['Metrics', `http://${formatAddress(config.metrics)}/metrics`])
  if (welcome?.smtp) rows.push(['SMTP log-in', `${welcome.smtp.username} / ${welcome.smtp.password}`])
  rows.push(['Outbound', describeOutbound(config)], ['Data', config.dataDirectory])
  const lines = [
    '',
    'Bulkhead is running. Ctrl-C stops it.',
    '',
    ...rows.map(([name, text]) => `  ${name.padEnd(12)}${text}`),
  ]
  if (welcome !== null) {
    const body = JSON.stringify({
      from: welcome.from,
      to: ['ann@example.com'],
      subject: 'Hello',
      text: 'My first mail.',
    })
    if (welcome.firstRunUrl !== null)
      lines.push(
        '',
        'Begin here: the console address above makes you the owner, once, and leads to the first mail.',
        `To look around without an account: ${welcome.consoleUrl}`,
      )
    lines.push(
      '',
      welcome.firstRunUrl === null ? 'Send a mail:' : 'Or send a first mail from here:',
      '',
      `  curl ${config.publicUrl}/v1/messages \\`,
      `    -H 'Authorization: Bearer ${welcome.apiKey}' \\`,
      `    -H 'Content-Type: application/json' \\`,
      `    -d '${body}'`,
      '',
      config.outbound.kind === 'capture'
        ? `and see it in the local inbox: ${config.publicUrl}/inbox`
        : `and follow it: ${config.publicUrl}/messages`,
    )
  }
  return [...lines, ''].join('\n')
}

function describeOutbound(config: Config): string {
  const { outbound } = config
  switch (outbound.kind) {
    case 'capture':
      return 'captured in a local inbox; nothing leaves this host (BULKHEAD_OUTBOUND=direct sends for real)'
    case 'direct':
      return "directly to the recipients' mail servers"
    case 'relay':
      return `everything to the relay ${formatAddress(outbound)}`
  }
}

function readWelcome(detail: unknown, config: Config): Welcome | null {
  const fields = fieldsOf(detail)
  const apiKey = fields.get('apiKey')
  if (config.mode !== 'development' || typeof apiKey !== 'string') return null
  const consoleUrl = fields.get('consoleUrl')
  const firstRunUrl = fieldsOf(fields.get('firstRun')).get('url')
  const from = fields.get('from')
  const smtp = fieldsOf(fields.get('smtp'))
  const username = smtp.get('username')
  const password = smtp.get('password')
  return {
    apiKey,
    firstRunUrl: typeof firstRunUrl === 'string' ? firstRunUrl : null,
    consoleUrl: typeof consoleUrl === 'string' ? consoleUrl : config.publicUrl,
    from: typeof from === 'string' ? from : 'hello@example.test',
    smtp: typeof username === 'string' && typeof password === 'string' ? { username, password } : null,
  }
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : [])
}
