// Which file may import which (`npm run arch`). STYLE.md, "Where things go", says the same in words.
// Canary: server/test/architecture/dependency-rules.test.ts runs these rules over planted violations and expects exactly those,
// because a rule whose path no longer matches anything is silent.
const { existsSync, readdirSync } = require('node:fs')
const path = require('node:path')
const { Visitor } = require('@swc/core/Visitor.js')

// The walker of @swc/core 1.16 stops at `using` declarations ("Unknown statement type: UsingDeclaration"), which we use.
const visitStatement = Reflect.get(Visitor.prototype, 'visitStatement')
Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement)
  statement.decls = this.visitVariableDeclarators(statement.decls)
  return statement
}

const LAYERS = ['kernel', 'platform', 'security', 'modules', 'surfaces', 'processes']
const SOURCE = 'server/src'

/** Tests and what only tests use: they may look inside a slice, but not up. */
const TESTS = ['[.]test[.]ts$', '[.]test-support[.]ts$', '/test-keyring[.]ts$', '^server/test/']

/** Modules of Node that open sockets, files or processes, and the packages that do. */
const DRIVERS = [
  '^(node:)?(net|tls|dns|dgram|fs|child_process|http|https|http2|worker_threads|cluster|sqlite)(/|$)',
  'node_modules/(pg|fastify|find-my-way)/',
]

/** Every folder with an index.ts below modules, security, platform and surfaces is a slice with one door. */
function slices() {
  return ['platform', 'security', 'modules', 'surfaces'].flatMap((layer) =>
    foldersWithDoor(`${SOURCE}/${layer}`),
  )
}

function foldersWithDoor(folder) {
  if (!existsSync(path.join(process.cwd(), folder))) return []
  return readdirSync(path.join(process.cwd(), folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${folder}/${entry.name}`)
    .flatMap((slice) =>
      existsSync(path.join(process.cwd(), slice, 'index.ts')) ? [slice] : foldersWithDoor(slice),
    )
}

/**
 * A second door: what works inside a workspace's transaction needs only these types and must not see pools and clusters, so that
 * platform/postgres/index.ts stays with those who run the database.
 */
const SECOND_DOORS = ['^server/src/platform/postgres/tenant[.]ts$']

const layersNeverLookUp = LAYERS.slice(0, -1).map((layer, at) => ({
  name: `${layer}-does-not-look-up`,
  severity: 'error',
  comment: `${layer} may import itself and what lies below it.`,
  from: { path: `^${SOURCE}/${layer}/` },
  to: { path: `^${SOURCE}/(${LAYERS.slice(at + 1).join('|')})/` },
}))

const oneDoorPerSlice = slices().map((slice) => ({
  name: 'a-slice-has-one-door',
  severity: 'error',
  comment: `${slice} is entered through its index.ts.`,
  // bench/parts measures single parts of the platform against other libraries.
  from: { pathNot: [`^${slice}/`, '^bench/parts/', ...TESTS] },
  to: { path: `^${slice}/`, pathNot: [`^${slice}/index[.]ts$`, ...SECOND_DOORS, ...TESTS] },
}))

module.exports = {
  forbidden: [
    ...layersNeverLookUp,
    ...oneDoorPerSlice,
    {
      name: 'surfaces-are-strangers',
      severity: 'error',
      comment: 'A door does not know the other doors; what two share belongs below.',
      from: { path: `^${SOURCE}/surfaces/([^/]+)/` },
      to: { path: `^${SOURCE}/surfaces/`, pathNot: `^${SOURCE}/surfaces/$1/` },
    },
    {
      name: 'kernel-is-pure',
      severity: 'error',
      comment: 'The kernel is language: no package, nothing of Node.',
      from: { path: `^${SOURCE}/kernel/`, pathNot: TESTS },
      to: { pathNot: `^${SOURCE}/kernel/` },
    },
    {
      name: 'drivers-live-in-platform',
      severity: 'error',
      comment:
        'Sockets, files, processes and the database driver are used in platform and in composition roots. Types are free.',
      // console-files.ts reads the built console once at start, before it listens: no path of a request reaches the file system.
      from: {
        path: `^${SOURCE}/(security|modules|surfaces)/`,
        pathNot: [...TESTS, `^${SOURCE}/surfaces/api/console-files[.]ts$`],
      },
      to: { path: DRIVERS, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'business-imports-no-packages',
      severity: 'error',
      comment:
        'Above the platform only contracts (zod) and one pure parser (postal-mime) are packages. Types are free.',
      from: { path: `^${SOURCE}/(security|modules|surfaces)/`, pathNot: TESTS },
      to: {
        path: 'node_modules/',
        pathNot: ['node_modules/(zod|postal-mime|pg|fastify|find-my-way)/'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'passkeys-alone-read-cbor',
      severity: 'error',
      comment:
        'The decoder sees bytes of strangers: platform/webauthn bounds them before and checks lengths after.',
      from: { pathNot: [`^${SOURCE}/platform/webauthn/`, ...TESTS] },
      to: { path: 'node_modules/@levischuck/tiny-cbor/' },
    },
    {
      name: 'product-imports-no-tests',
      severity: 'error',
      comment: 'What runs in production does not depend on what tests need.',
      from: { path: '^(server/src|keyring|tlog|sdk|cli|console)/', pathNot: TESTS },
      to: { path: TESTS },
    },
    {
      name: 'nobody-imports-keyring',
      severity: 'error',
      comment: 'The keyring is a process of its own; one talks to it over its socket.',
      from: { pathNot: '^keyring/' },
      to: { path: '^keyring/' },
    },
    {
      name: 'keyring-stands-alone',
      severity: 'error',
      comment:
        'The dependency list of the keyring is a security property: Node, pg, koffi (PKCS#11), our tlog and its own files. Tests may check it from outside.',
      from: { path: '^keyring/', pathNot: TESTS },
      to: { pathNot: ['^(keyring|tlog)/', 'node_modules/(pg|koffi)/'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'clients-know-only-the-sdk',
      severity: 'error',
      comment: 'CLI and console can do what the API can, and nothing past it.',
      from: { path: '^(cli|console)/' },
      to: { path: '^(server|keyring|cli|console|bench)/', pathNot: '^$1/' },
    },
    {
      name: 'sdk-has-no-dependencies',
      severity: 'error',
      comment: 'The client runs in Node and in browsers, with nothing to install.',
      from: { path: '^sdk/src/', pathNot: TESTS },
      to: { pathNot: '^sdk/src/' },
    },
    {
      name: 'tlog-has-no-dependencies',
      severity: 'error',
      comment: 'What verifies the audit log can be read in an hour and needs nothing installed.',
      from: { path: '^tlog/src/', pathNot: TESTS },
      to: { pathNot: '^tlog/src/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment:
        'Two files that need each other are one file, or lack a third. Type-only imports are erased and may be mutual.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'An import that cannot be resolved blinds every other rule.',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^server/test/architecture/fixture/|/generated/.*[.]json$|^console/dist/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mts', '.mjs', '.js', '.cjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
