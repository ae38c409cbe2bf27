import { readFile, readdir } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply } from 'fastify'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
}

/** Nothing from elsewhere, nothing inline, no frames around us; captured mail is shown by a route with a policy of its own. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

/** The first words of the console's own addresses: a reload or a link to one of them gets the application. */
const PAGES = [
  '/inbox',
  '/messages',
  '/domains',
  '/senders',
  '/templates',
  '/suppressions',
  '/topics',
  '/contacts',
  '/broadcasts',
  '/inbound',
  '/bounces',
  '/tracking',
  '/api-keys',
  '/smtp-credentials',
  '/webhooks',
  '/security',
  '/operations',
  '/account',
  '/sign-up',
  '/forgot',
  '/recover',
  '/sso',
] as const

const COMPRESSED: ReadonlySet<string> = new Set(['.html', '.js', '.css', '.svg', '.json', '.webmanifest'])
const compress = promisify(gzip)

interface ConsoleFile {
  readonly plain: Buffer
  readonly type: string
  readonly cacheControl: string
  /** Compressed beforehand where that pays. */
  readonly gzip: Buffer | undefined
}

/**
 * Serves the built console. The files are read once at start: no path of a request ever reaches the file system. Without a
 * build the root says how to make one.
 */
export async function addConsoleFiles(app: FastifyInstance, directory: string): Promise<void> {
  const files = await readFiles(directory)
  const index = files.get('/index.html')
  const page = (acceptEncoding: string | undefined, reply: FastifyReply): FastifyReply => {
    if (index !== undefined) return send(reply, index, acceptEncoding)
    return reply
      .status(503)
      .type('text/plain; charset=utf-8')
      .send(
        'The console is not built. Run: npm run build:console, and start again. The API works without it.\n',
      )
  }
  for (const path of ['/', ...PAGES.flatMap((name) => [name, `${name}/:id`, `${name}/:id/:part`])])
    app.get(path, (request, reply) => page(request.headers['accept-encoding'], reply))
  for (const [path, file] of files)
    app.get(path, (request, reply) => send(reply, file, request.headers['accept-encoding']))
}

function send(reply: FastifyReply, file: ConsoleFile, acceptEncoding: string | undefined): FastifyReply {
  const packed = /\bgzip\b/.test(acceptEncoding ?? '') ? file.gzip : undefined
  return reply
    .headers({
      ...SECURITY_HEADERS,
      'cache-control': file.cacheControl,
      vary: 'accept-encoding',
      ...(packed === undefined ? {} : { 'content-encoding': 'gzip' }),
    })
    .type(file.type)
    .send(packed ?? file.plain)
}

async function readFiles(directory: string): Promise<Map<string, ConsoleFile>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = new Map<string, ConsoleFile>()
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const path = `/${relative(directory, file).replaceAll('\\', '/')}`
    files.set(path, await readConsoleFile(file, path))
  }
  return files
}

async function readConsoleFile(file: string, path: string): Promise<ConsoleFile> {
  const plain = await readFile(file)
  const extension = extname(path)
  return {
    plain,
    type: TYPES[extension] ?? 'application/octet-stream',
    // Names under /assets/ hold a hash of the content.
    cacheControl: path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    gzip: COMPRESSED.has(extension) ? await compress(plain) : undefined,
  }
}
