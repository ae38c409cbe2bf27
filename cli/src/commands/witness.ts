import { once } from 'node:events'
import { hostname } from 'node:os'
import { parseVerifierKey, SIGNATURE_TYPES, TlogFault } from '@bulkhead/tlog'
import type { VerifierKey } from '@bulkhead/tlog'
import { requiredText, text, texts, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { createWitnessServer } from '../witness/witness-server.ts'
import { openWitnessState } from '../witness/witness-state.ts'

const listen = text('listen', 'HOST:PORT', 'Where it answers. Default 127.0.0.1:8610.')
const logs = texts('log', 'VKEY', 'The key of a log to witness, from `bulkhead audit state`.')
const state = requiredText(
  'state',
  'DIRECTORY',
  'Where its key and what it has seen are kept. Never share or restore it.',
)
const name = text('name', 'NAME', 'Name of its key. Default: the host name.')

export const witnessCommand: Command = {
  path: ['witness'],
  summary: 'Be a witness: cosign an audit log as long as it only grows',
  description:
    'Run it on another host than the log, best with other people. It keeps the last checkpoint of each log and cosigns only what continues it (C2SP tlog-witness). At its first start it makes its key; the installation names it in BULKHEAD_AUDIT_WITNESSES.',
  operations: [],
  flags: [listen, logs, state, name],
  examples: [
    {
      line: "bulkhead witness --listen 0.0.0.0:8610 --log 'bulkhead/log/…' --state /var/lib/witness",
      says: 'the key of the log in quotes',
    },
  ],
  async run(context, given) {
    const keys = given.flag(logs).map(logKey)
    if (keys.length === 0) throw new UsageError('--log is missing: the key of the log to witness.')
    const [host, port] = addressOf(given.flag(listen) ?? '127.0.0.1:8610')
    using opened = openWitnessState(given.flag(state), given.flag(name) ?? hostname())
    const server = createWitnessServer({
      state: opened,
      logs: keys,
      nowMs: context.now,
      onAnswer: (status, what) =>
        context.out.line(
          { at: new Date(context.now()).toISOString(), status, what },
          () => `${status} ${what}\n`,
        ),
    })
    server.listen(port, host)
    await once(server, 'listening')
    const address = server.address()
    const actual = typeof address === 'object' && address !== null ? address.port : port
    context.out.line(
      { key: opened.signer.key.text, host, port: actual },
      () =>
        `Witnessing ${keys.length} log${keys.length === 1 ? '' : 's'} on ${host}:${actual}. Its key:\n${opened.signer.key.text}\n`,
    )
    if (!context.signal.aborted) await once(context.signal, 'abort')
    server.closeAllConnections()
    server.close()
  },
}

function logKey(vkey: string): VerifierKey {
  try {
    const key = parseVerifierKey(vkey)
    if (key.type === SIGNATURE_TYPES.note) return key
  } catch (error) {
    if (!(error instanceof TlogFault)) throw error
    throw new UsageError(`--log ${vkey}: ${error.message}.`)
  }
  throw new UsageError(`--log ${vkey} is the key of a witness, not of a log.`)
}

function addressOf(given: string): [string, number] {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):(\d{1,5})$/.exec(given)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) throw new UsageError(`--listen ${given}: write host:port.`)
  return [match[1] ?? match[2] ?? '', port]
}
