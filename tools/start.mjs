// `npm start`: installs what is missing, then runs the supervisor.
import { ensureInstalled } from './install.mjs'
import { runNode } from './run-node.mjs'

runNode(
  await ensureInstalled({ tolerant: true }),
  'server/src/processes/supervisor.ts',
  process.argv.slice(2),
  { link: true },
)
