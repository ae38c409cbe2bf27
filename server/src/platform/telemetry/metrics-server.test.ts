import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createMetrics } from './metrics.ts'
import { readAllMetrics, serveMetrics } from './metrics-server.ts'

function makeDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'bh-metrics-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

function counting(name: string, value: number) {
  const metrics = createMetrics()
  metrics.counter({ name, help: 'h', labels: ['lane'] }).add(['bulk'], value)
  return metrics
}

const onFailure = (error: unknown): void => {
  throw error
}

describe('the metrics of a host', () => {
  it('are those of all processes, each under its name, at one address', async () => {
    using directory = makeDirectory()
    const path = (name: string): string => join(directory.path, `${name}.sock`)
    const [first, second, own] = [counting('a_total', 1), counting('a_total', 2), counting('b_total', 3)]
    await using _first = await serveMetrics({
      address: { path: path('s-1') },
      read: () => first.read(),
      onFailure,
    })
    await using _second = await serveMetrics({
      address: { path: path('s-2') },
      read: () => second.read(),
      onFailure,
    })
    const up = new Map<string, boolean>()
    const sources = ['s-1', 's-2', 'gone'].map((process) => ({ process, socketPath: path(process) }))
    await using door = await serveMetrics({
      address: { host: '127.0.0.1', port: 0 },
      read: () => readAllMetrics(sources, own, (process, isUp) => up.set(process, isUp)),
      onFailure,
    })
    const answer = await fetch(`http://127.0.0.1:${door.port}/metrics`)
    expect(answer.headers.get('content-type')).toContain('version=0.0.4')
    const text = await answer.text()
    expect(text.match(/^# TYPE a_total counter$/gm)).toHaveLength(1)
    expect(text).toContain('a_total{process="s-1",lane="bulk"} 1\na_total{process="s-2",lane="bulk"} 2\n')
    expect(text).toContain('b_total{process="supervisor",lane="bulk"} 3')
    expect([...up]).toEqual(
      expect.arrayContaining([
        ['s-1', true],
        ['s-2', true],
        ['gone', false],
      ]),
    )
    expect((await fetch(`http://127.0.0.1:${door.port}/`)).status).toBe(404)
    expect((await fetch(`http://127.0.0.1:${door.port}/metrics`, { method: 'POST' })).status).toBe(405)
  })

  it('are on sockets that only this user may open, and replace those of a killed process', async () => {
    using directory = makeDirectory()
    const path = join(directory.path, 'x.sock')
    const metrics = counting('a_total', 1)
    const stale = createServer().listen(path)
    await once(stale, 'listening')
    await using _door = await serveMetrics({ address: { path }, read: () => metrics.read(), onFailure })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const text = await readAllMetrics([{ process: 'p', socketPath: path }], createMetrics(), () => undefined)
    expect(text).toContain('a_total{process="p",lane="bulk"} 1')
    stale.close()
  })

  it('do not wait for a process that hangs, and do not take what never ends', async () => {
    using directory = makeDirectory()
    const [silent, endless] = [join(directory.path, 'silent'), join(directory.path, 'endless')]
    const servers = [
      createServer(() => undefined).listen(silent),
      createServer((_request, response) => {
        const more = (): void => {
          while (response.write('x'.repeat(1024 * 1024)));
        }
        response.on('drain', more)
        more()
      }).listen(endless),
    ]
    const began = performance.now()
    const up = new Map<string, boolean>()
    const text = await readAllMetrics(
      [
        { process: 'silent', socketPath: silent },
        { process: 'endless', socketPath: endless },
      ],
      counting('own_total', 1),
      (process, isUp) => up.set(process, isUp),
    )
    expect(performance.now() - began).toBeLessThan(4_000)
    expect(Object.fromEntries(up)).toEqual({ silent: false, endless: false })
    expect(text).toContain('own_total{process="supervisor",lane="bulk"} 1')
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })

  it('are read once for those who ask at the same time', async () => {
    let reads = 0
    await using door = await serveMetrics({
      address: { host: '127.0.0.1', port: 0 },
      read: () => Promise.resolve(`${(reads += 1)}`),
      onFailure,
    })
    const url = `http://127.0.0.1:${door.port}/metrics`
    const texts = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(url)).text()))
    expect([...new Set(texts)]).toEqual(['1'])
    expect(reads).toBe(1)
  })
})
