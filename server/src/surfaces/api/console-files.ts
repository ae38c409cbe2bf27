import { readFile, readdir } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
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

/** Nothing from elsewhere, nothing inline, no frames around us; captured mail is shown in a sandboxed srcdoc frame of its own. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

/**
 * Serves the built console. The files are read once at start: no path of a request ever reaches the file system. Without a
 * build the root says how to make one.
 */
export async function addConsoleFiles(app: FastifyInstance, directory: string): Promise<void> {
  const files = await readFiles(directory)
  const index = files.get('/index.html')
  app.get('/', (_request, reply) => {
    if (index !== undefined) return send(reply, index, '.html', 'no-cache')
    return reply
      .status(503)
      .type('text/plain; charset=utf-8')
      .send(
        'The console is not built. Run: npm run build:console, and start again. The API works without it.\n',
      )
  })
  for (const [path, bytes] of files) {
    const lifetime = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    app.get(path, (_request, reply) => send(reply, bytes, extname(path), lifetime))
  }
}

function send(reply: FastifyReply, bytes: Buffer, extension: string, cacheControl: string): FastifyReply {
  return reply
    .headers({ ...SECURITY_HEADERS, 'cache-control': cacheControl })
    .type(TYPES[extension] ?? 'application/octet-stream')
    .send(bytes)
}

async function readFiles(directory: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = new Map<string, Buffer>()
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(`/${relative(directory, path).replaceAll('\\', '/')}`, await readFile(path))
  }
  return files
}
