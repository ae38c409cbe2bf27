import { formatAddress } from '../platform/config/index.ts'
import type { Config } from '../platform/config/index.ts'

/** What the api process hands over when it is ready in development. */
interface Welcome {
  readonly apiKey: string
  readonly consoleUrl: string
  readonly smtp: { readonly username: string; readonly password: string } | null
  /** An address from which the first workspace may send. */
  readonly from: string
}

/** The end of a start: where things are, and a first mail to paste. */
export function summarize(config: Config, apiDetail: unknown): string {
  const welcome = readWelcome(apiDetail, config)
  const rows: [string, string][] = [
    ['API', `${config.publicUrl}/v1`],
    ['Console', welcome?.consoleUrl ?? config.publicUrl],
    ['SMTP', `${formatAddress(config.submission)} (STARTTLS), ${formatAddress(config.submissions)} (TLS)`],
  ]
  rows.push(['Staff', `http://${formatAddress(config.staff)}/v1`])
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
    lines.push(
      '',
      'Send a first mail:',
      '',
      `  curl ${config.publicUrl}/v1/messages \\`,
      `    -H 'Authorization: Bearer ${welcome.apiKey}' \\`,
      `    -H 'Content-Type: application/json' \\`,
      `    -d '${body}'`,
      '',
      config.outbound.kind === 'capture'
        ? `and see it in the local inbox: ${welcome.consoleUrl.replace(/\/$/, '')}/#/inbox`
        : `and follow it: ${welcome.consoleUrl.replace(/\/$/, '')}/#/messages`,
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
  const from = fields.get('from')
  const smtp = fieldsOf(fields.get('smtp'))
  const username = smtp.get('username')
  const password = smtp.get('password')
  return {
    apiKey,
    consoleUrl: typeof consoleUrl === 'string' ? consoleUrl : config.publicUrl,
    from: typeof from === 'string' ? from : 'hello@example.test',
    smtp: typeof username === 'string' && typeof password === 'string' ? { username, password } : null,
  }
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : [])
}
