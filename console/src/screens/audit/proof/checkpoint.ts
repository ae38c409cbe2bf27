import { fromBase64, joined, sha256, toHex, utf8, type Bytes } from './bytes.ts'

const NOTE_TYPE = 1
const KEY_BYTES = 32

/** The key by which a log signs (C2SP signed-note, "Verifier keys"). */
export interface LogKey {
  readonly name: string
  /** Eight hexadecimal digits. */
  readonly id: string
  readonly publicKey: Bytes
}

/** The head of the tree (C2SP tlog-checkpoint), with its signature checked. */
export interface OpenedCheckpoint {
  readonly origin: string
  readonly size: number
  readonly root: Bytes
  /** Names of others who signed too; their keys are not known here, so nothing is said of whether they did. */
  readonly alsoSigned: readonly string[]
}

/** Reads `<name>+<key id>+<base64>`; the id must be that of the key. Throws an Error in words. */
export async function parseLogKey(text: string): Promise<LogKey> {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim())
  if (match === null) throw new Error('The key of the log does not read <name>+<key id>+<base64>.')
  const [, name = '', id = '', encoded = ''] = match
  const material = fromBase64(encoded, 'The key of the log')
  if (material[0] !== NOTE_TYPE || material.length !== KEY_BYTES + 1)
    throw new Error('The key of the log is no Ed25519 key.')
  const hash = await sha256(utf8(`${name}\n`), material)
  if (toHex(hash.slice(0, 4)) !== id) throw new Error('The id of the key of the log is not its own.')
  return { name, id, publicKey: material.slice(1) }
}

/** Reads a signed checkpoint and checks the log's signature (Ed25519, RFC 8032). Throws an Error in words. */
export async function openCheckpoint(note: string, key: LogKey): Promise<OpenedCheckpoint> {
  const split = note.lastIndexOf('\n\n')
  if (split === -1) throw new Error('The checkpoint has no signatures.')
  const text = note.slice(0, split + 1)
  const signatures = note
    .slice(split + 2)
    .split('\n')
    .filter((line) => line !== '')
    .map(signatureOf)
  const ours = signatures.find(({ name, id }) => name === key.name && id === key.id)
  if (ours === undefined) throw new Error('The key of the log has not signed the checkpoint.')
  const publicKey = await crypto.subtle.importKey('raw', key.publicKey, 'Ed25519', false, ['verify'])
  if (!(await crypto.subtle.verify('Ed25519', publicKey, ours.signature, utf8(text))))
    throw new Error('The signature of the checkpoint is not that of the key of the log.')
  const [origin = '', size = '', root = ''] = text.split('\n')
  if (!/^(?:0|[1-9]\d{0,15})$/.test(size)) throw new Error('The checkpoint names no size.')
  return {
    origin,
    size: Number(size),
    root: fromBase64(root, 'The root of the checkpoint'),
    alsoSigned: [...new Set(signatures.filter((other) => other !== ours).map(({ name }) => name))],
  }
}

function signatureOf(line: string): {
  readonly name: string
  readonly id: string
  readonly signature: Bytes
} {
  const [dash, name = '', encoded = ''] = line.split(' ')
  if (dash !== '—') throw new Error('A line of signature cannot be read.')
  const bytes = joined(fromBase64(encoded, 'A signature'))
  return { name, id: toHex(bytes.slice(0, 4)), signature: bytes.slice(4) }
}
