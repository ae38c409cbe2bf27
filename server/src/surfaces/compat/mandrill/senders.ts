import type { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import { addDomain, deleteDomain, listDomains, verifyDomain } from '../../../modules/domains/index.ts'
import type { Domain, Domains } from '../../../modules/domains/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { collect } from '../listing.ts'
import { parametersOf } from './body.ts'
import { createProblems, SAY, textAt, toldTime } from './checks.ts'
import type { JsonObject } from '../json-object.ts'
import { notValid, refuse } from './errors.ts'
import { route } from './routes.ts'

export interface DomainServices {
  readonly domains: Domains
}

type Call = DoorCall<DomainServices>
type SendingDomain = z.output<typeof Domain>

function nameIn(parameters: JsonObject): string {
  const problems = createProblems()
  const name = textAt(problems, parameters['domain'], ['domain'], 1_000)?.trim().toLowerCase() ?? ''
  if (name === '') problems.add(['domain'], SAY.blank)
  problems.throwIfAny()
  return name
}

async function find(call: Call, name: string): Promise<SendingDomain | undefined> {
  const all = await collect((page) => call.run(listDomains, page))
  return all.find((domain) => domain.name === name)
}

async function domains(call: Call) {
  const all = await collect((page) => call.run(listDomains, page))
  return all.reverse().map(present)
}

/** A domain that is there already is answered as it is. */
async function findOrAdd(call: Call, name: string): Promise<SendingDomain> {
  const found = await find(call, name)
  if (found !== undefined) return found
  return call.run(addDomain, { name }).catch(async (error: unknown) => {
    if (!(error instanceof Fault)) throw error
    const raced = error.code === 'conflict' ? await find(call, name) : undefined
    if (raced !== undefined) return raced
    throw error.status < 500 ? notValid({ domain: error.fields[0]?.problem ?? error.detail }) : error
  })
}

async function add(call: Call) {
  return present(await findOrAdd(call, nameIn(parametersOf(call, 'domain'))))
}

async function check(call: Call) {
  const { id } = await findOrAdd(call, nameIn(parametersOf(call, 'domain')))
  return present(await call.run(verifyDomain, { domainId: id }))
}

/** DNS proves whose a domain is here, and a letter does not. */
async function verify(call: Call) {
  const parameters = parametersOf(call, 'domain', 'mailbox')
  const name = nameIn(parameters)
  const problems = createProblems()
  const mailbox = textAt(problems, parameters['mailbox'], ['mailbox'], 64)?.trim()
  if (mailbox === undefined || !/^[^\s@]+$/.test(mailbox)) problems.add(['mailbox'], SAY.blank)
  problems.throwIfAny()
  const { id } = await findOrAdd(call, name)
  const { state } = await call.run(verifyDomain, { domainId: id })
  if (state !== 'pending') return { status: 'already_verified', domain: name, email: `${mailbox}@${name}` }
  throw notValid({
    domain:
      'A domain is verified by its DNS records: publish those that senders/check-domain tells. No letter is sent.',
  })
}

async function remove(call: Call) {
  const name = nameIn(parametersOf(call, 'domain'))
  const found = await find(call, name)
  if (found === undefined) throw refuse(8, 'Unknown_Domain', `No such domain "${name}"`)
  await call.run(deleteDomain, { domainId: found.id })
  return present(found)
}

function present(domain: SendingDomain) {
  const of = (purpose: SendingDomain['records'][number]['purpose']) => {
    const record = domain.records.find((item) => item.purpose === purpose)
    const isValid =
      record?.state === 'ok' ||
      (record !== undefined && domain.state === 'verified' && record.checkedAt === null)
    return { valid: isValid, valid_after: null, error: isValid ? null : errorOf(record) }
  }
  const { valid, error } = of('dmarc')
  return {
    domain: domain.name,
    created_at: toldTime(domain.createdAt),
    last_tested_at: domain.checkedAt === null ? null : toldTime(domain.checkedAt),
    // What stands behind SPF here is the domain of the return path.
    spf: of('return-path'),
    dkim: of('dkim'),
    dkim2: of('dkim-standby'),
    dmarc: { valid, error },
    verified_at: domain.verifiedAt === null ? null : toldTime(domain.verifiedAt),
    valid_signing: domain.state === 'verified',
    verify_txt_key: null,
    records: domain.records.map(({ purpose, type, name, value, required, state, advice }) => ({
      purpose,
      type,
      name,
      value,
      required,
      state,
      advice,
    })),
  }
}

function errorOf(record: SendingDomain['records'][number] | undefined): string {
  if (record === undefined) return 'There is no such record for this domain'
  const wanted = `publish ${record.type} ${record.name} with the value ${record.value}`
  return record.advice ?? (record.state === 'unknown' ? 'DNS could not be asked' : wanted)
}

/** Domains that mail may be sent from. */
export const senderRoutes = doorRoutes<DomainServices>([
  route('senders/domains', domains),
  route('senders/add-domain', add),
  route('senders/check-domain', check),
  route('senders/verify-domain', verify),
  route('senders/delete-domain', remove),
])
