#!/usr/bin/env node
// `bulkhead …`: the command line interface. `bulkhead start` is `npm start`.
import { ensureInstalled } from './install.mjs'
import { runNode } from './run-node.mjs'

const [command, ...rest] = process.argv.slice(2)
if (command === 'start' && !rest.includes('--help')) {
  runNode(await ensureInstalled({ tolerant: true }), 'server/src/processes/supervisor.ts', rest, {
    link: true,
  })
} else {
  runNode(await ensureInstalled({ quiet: true, console: false }), 'cli/src/main.ts', process.argv.slice(2))
}
