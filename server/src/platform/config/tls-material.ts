import { X509Certificate, createPrivateKey } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from './config.ts'
import { ConfigError } from './config.ts'
import { createSelfSigned } from './self-signed.ts'

const DAY_MS = 86_400_000

export interface TlsMaterial {
  readonly cert: string
  readonly key: string
  readonly selfSigned: boolean
}

/**
 * The certificate and key of this host. Development without own files: a self-signed pair is made once and kept under `tls/` in the data
 * directory; it is renewed in its last week.
 * @throws ConfigError where a file cannot be read, does not parse, or the two do not belong together.
 */
export function loadTlsMaterial(
  config: Pick<Config, 'tls' | 'dataDirectory' | 'hostname'>,
  now: () => number = Date.now,
): TlsMaterial {
  if (config.tls !== null) {
    const cert = readPem('BULKHEAD_TLS_CERT', config.tls.certFile)
    const key = readPem('BULKHEAD_TLS_KEY', config.tls.keyFile)
    checkPair(config.tls, cert, key)
    return { cert, key, selfSigned: false }
  }
  const directory = join(config.dataDirectory, 'tls')
  const certFile = join(directory, 'development-cert.pem')
  const keyFile = join(directory, 'development-key.pem')
  const kept = readKept(certFile, keyFile, now())
  if (kept !== null) return { ...kept, selfSigned: true }
  const made = createSelfSigned({
    names: [...new Set([config.hostname, 'localhost', '127.0.0.1', '::1'])],
    notBefore: new Date(now() - DAY_MS),
    notAfter: new Date(now() + 800 * DAY_MS),
  })
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeAtomically(keyFile, made.privateKeyPem)
  writeAtomically(certFile, made.certificatePem)
  return { cert: made.certificatePem, key: made.privateKeyPem, selfSigned: true }
}

function readKept(certFile: string, keyFile: string, nowMs: number): { cert: string; key: string } | null {
  if (!existsSync(certFile) || !existsSync(keyFile)) return null
  const cert = readFileSync(certFile, 'utf8')
  const key = readFileSync(keyFile, 'utf8')
  try {
    const parsed = new X509Certificate(cert)
    const lastsMs = Date.parse(parsed.validTo) - nowMs
    return lastsMs > 7 * DAY_MS && parsed.checkPrivateKey(createPrivateKey(key)) ? { cert, key } : null
  } catch {
    return null
  }
}

function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError([
      `${name} ${JSON.stringify(path)} cannot be read (${reason}): write the path of a PEM file that this user may read`,
    ])
  }
}

function checkPair(files: { certFile: string; keyFile: string }, cert: string, key: string): void {
  let matches: boolean
  try {
    matches = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError([
      `BULKHEAD_TLS_CERT ${files.certFile} or BULKHEAD_TLS_KEY ${files.keyFile} is not a PEM file that can be used (${reason})`,
    ])
  }
  if (!matches) {
    throw new ConfigError([
      `BULKHEAD_TLS_KEY ${files.keyFile} does not belong to BULKHEAD_TLS_CERT ${files.certFile}: write a pair`,
    ])
  }
}

function writeAtomically(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true })
  renameSync(`${path}.new`, path)
}
