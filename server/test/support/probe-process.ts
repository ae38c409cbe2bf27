// A real process under `runProcess`, for tests: it reports ready, and ends or misbehaves as PROBE says.
import { runProcess } from '../../src/platform/lifecycle/index.ts'

const behaviour = process.env['PROBE'] ?? ''

await runProcess({
  name: 'worker',
  poolSize: 2,
  start: async (context) => {
    const { rows } = await context.pool.query('select current_user as role')
    context.signal.addEventListener('abort', () => process.stdout.write('draining\n'))
    context.ready(
      {
        role: rows[0]?.['role'],
        secretsLeft: Object.keys(process.env).filter((name) => name.includes('INTERNAL')),
      },
      { port: 25 },
    )
    if (behaviour === 'crash') setTimeout(() => JSON.parse('not json ann@example.com'), 50)
    return {
      [Symbol.asyncDispose]: async () => {
        process.stdout.write('disposed\n')
      },
    }
  },
})
