/** Rates per core of composing and of preparing DKIM signatures: `node bench/parts/mime-dkim.ts [milliseconds per line]`. */
import { composeBody } from '../../server/src/platform/mime/compose-body.ts'
import type { ComposeInput } from '../../server/src/platform/mime/compose.ts'
import { composeMessage, composeWithBody } from '../../server/src/platform/mime/compose.ts'
import { parseHeaderBlock } from '../../server/src/platform/mime/header-block.ts'
import { checkSubmitted } from '../../server/src/platform/mime/submitted.ts'
import { prepareSigning } from '../../server/src/platform/dkim/prepare.ts'
import { normaliseForIndex, parseAddress } from '../../server/src/kernel/email-address.ts'

const sliceMs = Number(process.argv[2] ?? 1500)

/** Calls per second of CPU time: steadier than wall time on a machine that is shared. */
function rate(label: string, work: () => unknown): void {
  const until = (ms: number): number => {
    let calls = 0
    const end = performance.now() + ms
    while (performance.now() < end) {
      for (let i = 0; i < 50; i++) work()
      calls += 50
    }
    return calls
  }
  until(sliceMs / 3)
  const before = process.cpuUsage()
  const calls = until(sliceMs)
  const { user, system } = process.cpuUsage(before)
  console.log(
    `${label.padEnd(64)}${Math.round((calls * 1e6) / (user + system))
      .toLocaleString('en')
      .padStart(12)} /s per core`,
  )
}

const paragraph = 'Thank you for your order. It left our warehouse today and should arrive within two days. '
const text = Array.from({ length: 8 }, (_, i) => `${i}. ${paragraph}`).join('\n\n')
const html = `<!doctype html>\n<html>\n  <body>\n${Array.from({ length: 24 }, (_, i) => `    <p class="row">${i}. ${paragraph}</p>`).join('\n')}\n  </body>\n</html>\n`
const input: ComposeInput = {
  from: { email: 'orders@shop.example', name: 'The Shop' },
  to: [{ email: 'ann.smith@example.com', name: 'Ann Smith' }],
  subject: 'Your order 4711 has been shipped',
  text,
  html,
  headers: [
    {
      name: 'List-Unsubscribe',
      value: '<https://links.shop.example/u/3f0c9a7e1b2d>, <mailto:u@shop.example>',
    },
    { name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' },
  ],
  messageId: '01k0msgabcdefghijklmnopqrs@shop.example',
  date: new Date(),
}
const unicode = {
  ...input,
  subject: 'Grüße: Bestellung unterwegs',
  text: text.replaceAll('order', 'Bestellung für'),
  html: html.replaceAll('our', 'für'),
}
const raw = built(input)
const body = composeBody(input, 'campaign')
const key = { domain: 'shop.example', selector: 'bh1' }
const keys = [
  { ...key, algorithm: 'rsa-sha256' },
  { ...key, algorithm: 'ed25519-sha256' },
] as const
const first = prepareSigning(raw, { keys, timeSeconds: 1 })

function built(message: ComposeInput): Buffer {
  const composed = composeMessage(message)
  if (!composed.ok) throw new Error(composed.problem)
  return composed.raw
}

console.log(`message of ${raw.length} bytes, Node ${process.version}`)
rate('parse address', () => parseAddress('Ann.Smith@Example.com'))
rate('normalise address for the index', () => normaliseForIndex('Ann.Smith@Example.com'))
rate('compose text + HTML, ASCII', () => built(input))
rate('compose text + HTML, quoted-printable', () => built(unicode))
rate('compose headers over a shared body', () => body.ok && composeWithBody(input, body))
rate('compose text + HTML + 100 KB attachment', attachment())
rate('parse header block', () => parseHeaderBlock(raw))
rate('check a submitted message', () => checkSubmitted(raw))
rate('prepare DKIM, RSA', () => prepareSigning(raw, { keys: keys.slice(0, 1), timeSeconds: 1 }))
rate('prepare DKIM, RSA + Ed25519', () => prepareSigning(raw, { keys, timeSeconds: 1 }))
if (first.ok) {
  const { bodyHash } = first
  rate('prepare DKIM, RSA + Ed25519, body hash shared', () =>
    prepareSigning(raw, { keys, timeSeconds: 1, bodyHash }),
  )
}

function attachment(): () => Buffer {
  const content = Buffer.alloc(100_000, 'attachment')
  return () =>
    built({ ...input, attachments: [{ filename: 'a.pdf', contentType: 'application/pdf', content }] })
}
